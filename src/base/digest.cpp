#include "base/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace clinikk {
namespace {

struct Algorithm {
    std::string_view name;
    char const* openssl_name;
};
constexpr std::array algorithms{Algorithm{"sha1", "SHA1"}, Algorithm{"sha256", "SHA256"}, Algorithm{"sha512", "SHA512"},
                                Algorithm{"md5", "MD5"}};

}  // namespace

struct Digest::State {
    EVP_MD* algorithm;
    EVP_MD_CTX* context = EVP_MD_CTX_new();

    explicit State(char const* name) : algorithm(EVP_MD_fetch(nullptr, name, nullptr)) {
        if (algorithm == nullptr || context == nullptr || EVP_DigestInit_ex2(context, algorithm, nullptr) != 1) {
            free();
            throw std::runtime_error(std::string(name) + " is not available");
        }
    }
    State(State const&) = delete;
    State& operator=(State const&) = delete;
    ~State() { free(); }

    void free() noexcept {
        EVP_MD_CTX_free(context);
        EVP_MD_free(algorithm);
    }
};

Digest::Digest(std::unique_ptr<State> state) : state_(std::move(state)) {}
Digest::~Digest() = default;

std::unique_ptr<Digest> Digest::make(std::string_view algorithm) {
    auto const* const found = std::ranges::find(algorithms, algorithm, &Algorithm::name);
    if (found == algorithms.end()) return nullptr;
    return std::unique_ptr<Digest>(new Digest(std::make_unique<State>(found->openssl_name)));
}

void Digest::update(std::string_view bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

std::string Digest::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(state_->context, digest.data(), &size);
    return {reinterpret_cast<char const*>(digest.data()), size};
}

bool are_equal(Sha256Digest const& a, Sha256Digest const& b) noexcept {
    return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace clinikk
