#include "security/public_key.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>

namespace clinikk {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

/// Replaces the default of the library, which asks on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

bool is_p256(EVP_PKEY const* key) {
    std::array<char, 64> group{};
    return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
           std::string_view(group.data()) == "prime256v1";
}

}  // namespace

std::string public_key_pem(std::string const& private_key_pem, KeyKind kind) {
    Bio const in(BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size())), &BIO_free);
    if (!in) throw std::bad_alloc();
    Key const key(PEM_read_bio_PrivateKey(in.get(), nullptr, &no_passphrase, nullptr), &EVP_PKEY_free);
    if (!key) throw std::invalid_argument("the key must be an unencrypted private key in PEM form");
    if (kind == KeyKind::rsa && (EVP_PKEY_is_a(key.get(), "RSA") != 1 || EVP_PKEY_get_bits(key.get()) < 2048)) {
        throw std::invalid_argument("the key must be an RSA key of at least 2048 bits");
    }
    if (kind == KeyKind::p256 && !is_p256(key.get())) {
        throw std::invalid_argument("the key must be an elliptic curve key on P-256");
    }
    Bio const out(BIO_new(BIO_s_mem()), &BIO_free);
    if (!out || PEM_write_bio_PUBKEY(out.get(), key.get()) != 1) throw std::bad_alloc();
    char const* text = nullptr;
    auto const length = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(length));
}

}  // namespace clinikk
