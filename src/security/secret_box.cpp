#include "security/secret_box.hpp"

#include <sodium.h>

#include <stdexcept>

#include "base/encoding.hpp"
#include "base/hmac.hpp"

namespace clinikk {
namespace {

constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;

unsigned char* bytes_of(char* text) noexcept { return reinterpret_cast<unsigned char*>(text); }
unsigned char const* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<unsigned char const*>(text.data());
}

class SodiumSecretBox final : public SecretBox {
public:
    explicit SodiumSecretBox(std::vector<std::string> const& secrets) {
        if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
        for (auto const& secret : secrets) keys_.push_back(derive_key(secret, "clinikk-tv secret box"));
    }

    std::string seal(std::string_view secret, std::string_view context) override {
        std::string sealed(nonce_size + secret.size() + tag_size, '\0');
        randombytes_buf(sealed.data(), nonce_size);
        crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed.data() + nonce_size), nullptr, bytes_of(secret),
                                                   secret.size(), bytes_of(context), context.size(), nullptr,
                                                   bytes_of(sealed.data()), bytes_of(keys_.at(0)));
        return to_base64url(sealed);
    }

    std::optional<std::string> open(std::string_view sealed, std::string_view context) override {
        auto const bytes = from_base64url(sealed);
        if (!bytes || bytes->size() < nonce_size + tag_size) return std::nullopt;
        auto const nonce = std::string_view(*bytes).substr(0, nonce_size);
        auto const text = std::string_view(*bytes).substr(nonce_size);
        std::string secret(text.size() - tag_size, '\0');
        for (auto const& key : keys_) {
            auto const failure = crypto_aead_xchacha20poly1305_ietf_decrypt(
                bytes_of(secret.data()), nullptr, nullptr, bytes_of(text), text.size(), bytes_of(context),
                context.size(), bytes_of(nonce), bytes_of(key));
            if (failure == 0) return secret;
        }
        return std::nullopt;
    }

private:
    std::vector<std::string> keys_;
};

}  // namespace

std::unique_ptr<SecretBox> make_secret_box(std::vector<std::string> const& secrets) {
    return std::make_unique<SodiumSecretBox>(secrets);
}

}  // namespace clinikk
