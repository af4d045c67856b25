#include "security/public_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "base/encoding.hpp"

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

/// A number of the key as base64url of its big-endian bytes (RFC 7518 section 2, Base64urlUInt), `size` bytes or, with
/// 0, as few as it needs.
std::string number_of(EVP_PKEY const* key, char const* name, int size) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) throw std::bad_alloc();
    std::unique_ptr<BIGNUM, decltype(&BN_free)> const number(raw, &BN_free);
    std::vector<unsigned char> bytes(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(number.get())));
    if (BN_bn2binpad(number.get(), bytes.data(), static_cast<int>(bytes.size())) < 0) throw std::bad_alloc();
    return to_base64url({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

std::string jwk_of(EVP_PKEY const* key, KeyKind kind) {
    if (kind == KeyKind::rsa) {
        return R"({"e":")" + number_of(key, OSSL_PKEY_PARAM_RSA_E, 0) + R"(","kty":"RSA","n":")" +
               number_of(key, OSSL_PKEY_PARAM_RSA_N, 0) + R"("})";
    }
    constexpr int coordinate_bytes = 32;  // bytes, RFC 7518 section 6.2.1.2
    return R"({"crv":"P-256","kty":"EC","x":")" + number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, coordinate_bytes) +
           R"(","y":")" + number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, coordinate_bytes) + R"("})";
}

}  // namespace

PublicKey public_key_of(std::string const& private_key_pem, KeyKind kind) {
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
    return {std::string(text, static_cast<std::size_t>(length)), jwk_of(key.get(), kind)};
}

}  // namespace clinikk
