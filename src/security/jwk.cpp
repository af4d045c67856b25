#include "security/jwk.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <memory>
#include <new>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace clinikk {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using Parameters = std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)>;

constexpr std::size_t max_keys = 100;
constexpr std::size_t max_number = 1024;  // bytes
constexpr std::size_t coordinate = 32;    // bytes, RFC 7518 section 6.2.1.2
constexpr int least_rsa_bits = 2048;      // RFC 7518 section 3.3

/// The bytes of a base64url member; empty when it has none.
std::string bytes_of(JsonValue const& jwk, std::string_view name) {
    auto const* const text = jwk.find_text(name);
    if (text == nullptr || text->size() > 2 * max_number) return {};
    return from_base64url(*text).value_or(std::string());
}

unsigned char const* raw(std::string const& bytes) { return reinterpret_cast<unsigned char const*>(bytes.data()); }

/// Null when the parameters are no key of that type.
Key make_key(char const* type, OSSL_PARAM_BLD* builder) {
    Parameters const parameters(OSSL_PARAM_BLD_to_param(builder), &OSSL_PARAM_free);
    KeyContext const context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &EVP_PKEY_CTX_free);
    if (!parameters || !context) throw std::bad_alloc();
    EVP_PKEY* key = nullptr;
    bool const made = EVP_PKEY_fromdata_init(context.get()) == 1 &&
                      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
    Key owner(key, &EVP_PKEY_free);
    return made ? std::move(owner) : Key(nullptr, &EVP_PKEY_free);
}

Key read_rsa(JsonValue const& jwk) {
    auto const modulus = bytes_of(jwk, "n");
    auto const exponent = bytes_of(jwk, "e");
    Number const n(BN_bin2bn(raw(modulus), static_cast<int>(modulus.size()), nullptr), &BN_free);
    Number const e(BN_bin2bn(raw(exponent), static_cast<int>(exponent.size()), nullptr), &BN_free);
    Builder const builder(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
    if (!n || !e || !builder) throw std::bad_alloc();
    Key none(nullptr, &EVP_PKEY_free);
    bool const has_size = BN_num_bits(n.get()) >= least_rsa_bits && modulus.size() <= max_number;
    if (!has_size || exponent.empty() || exponent.size() > 8) return none;
    if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        throw std::bad_alloc();
    }
    return make_key("RSA", builder.get());
}

Key read_p256(JsonValue const& jwk) {
    auto const x = bytes_of(jwk, "x");
    auto const y = bytes_of(jwk, "y");
    auto const* const curve = jwk.find_text("crv");
    bool const fits = curve != nullptr && *curve == "P-256" && x.size() == coordinate && y.size() == coordinate;
    if (!fits) return {nullptr, &EVP_PKEY_free};
    std::string const point = '\x04' + x + y;  // SEC 1 section 2.3.3, uncompressed
    Builder const builder(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
    if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
        throw std::bad_alloc();
    }
    return make_key("EC", builder.get());
}

std::string pem_of(EVP_PKEY* key) {
    Bio const out(BIO_new(BIO_s_mem()), &BIO_free);
    if (!out || PEM_write_bio_PUBKEY(out.get(), key) != 1) throw std::bad_alloc();
    char const* text = nullptr;
    auto const length = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(length)};
}

/// Whether a member is absent or has this text.
bool permits(JsonValue const& jwk, std::string_view name, std::string_view text) {
    auto const* const member = jwk.find(name);
    return member == nullptr || (member->kind == JsonValue::Kind::text && member->text == text);
}

std::optional<VerificationKey> read_key(JsonValue const& jwk) {
    auto const* const type = jwk.find_text("kty");
    if (type == nullptr || (*type != "RSA" && *type != "EC")) return std::nullopt;
    std::string const algorithm = *type == "RSA" ? "RS256" : "ES256";
    if (!permits(jwk, "use", "sig") || !permits(jwk, "alg", algorithm)) return std::nullopt;
    auto const key = *type == "RSA" ? read_rsa(jwk) : read_p256(jwk);
    if (!key) return std::nullopt;
    auto const* const id = jwk.find_text("kid");
    return VerificationKey{algorithm, id == nullptr ? std::string() : *id, pem_of(key.get())};
}

}  // namespace

std::optional<std::vector<VerificationKey>> read_jwk_set(std::string_view text) {
    auto const set = read_json(text);
    auto const* const keys = set && set->kind == JsonValue::Kind::object ? set->find("keys") : nullptr;
    if (keys == nullptr || keys->kind != JsonValue::Kind::array || keys->items.size() > max_keys) return std::nullopt;
    std::vector<VerificationKey> usable;
    for (auto const& item : keys->items) {
        if (item.kind != JsonValue::Kind::object) continue;
        if (auto key = read_key(item)) usable.push_back(std::move(*key));
    }
    return usable;
}

}  // namespace clinikk
