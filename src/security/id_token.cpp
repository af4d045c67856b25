#include "security/id_token.hpp"

#include <jwt.h>

#include <algorithm>
#include <memory>

#include "base/encoding.hpp"
#include "security/compact_jws.hpp"

namespace clinikk {
namespace {

using std::chrono::seconds;

template <class T>
using Checked = boost::system::result<T, std::string>;

constexpr std::size_t max_id_token_bytes = 16UL * 1024;
/// The largest difference between the clock of the provider and ours.
constexpr seconds provider_skew{60};
/// An ID token is made when the code is exchanged, so an old one is none of this sign-in.
constexpr seconds max_age{600};

struct Header {
    std::string algorithm;
    std::string key_id;
};

template <class T = std::string>
Checked<T> refuse(std::string why) {
    return {boost::system::in_place_error, std::move(why)};
}

Checked<Header> read_header(std::string_view token) {
    if (token.size() > max_id_token_bytes) return refuse<Header>("it is too long");
    auto const segments = split_jws(token);
    auto const bytes = segments ? from_base64url(segments->header) : std::nullopt;
    auto const header = bytes ? read_jws_object(*bytes) : std::nullopt;
    if (!header || !from_base64url(segments->signature)) return refuse<Header>("it is not a signed token");
    auto const* const algorithm = header->find_text("alg");
    if (algorithm == nullptr || (*algorithm != "RS256" && *algorithm != "ES256")) {
        return refuse<Header>("its algorithm is neither RS256 nor ES256");
    }
    // RFC 7515 section 4.1.11. Keys that the token itself brings (jwk, jku, x5c, x5u) are never looked at.
    if (header->find("crit") != nullptr) return refuse<Header>("it has extensions that must be understood");
    auto const* const id = header->find_text("kid");
    return Header{*algorithm, id == nullptr ? std::string() : *id};
}

bool is_signed(std::string const& token, VerificationKey const& key) {
    jwt_t* parsed = nullptr;
    auto const failure = jwt_decode(&parsed, token.c_str(), reinterpret_cast<unsigned char const*>(key.pem.data()),
                                    static_cast<int>(key.pem.size()));
    std::unique_ptr<jwt_t, decltype(&jwt_free)> const owner(parsed, &jwt_free);
    auto const wanted = key.algorithm == "RS256" ? JWT_ALG_RS256 : JWT_ALG_ES256;
    return failure == 0 && parsed != nullptr && jwt_get_alg(parsed) == wanted;
}

/// A key without a name may have signed any token, and a token without one may be signed by any key of its algorithm.
bool may_have_signed(VerificationKey const& key, Header const& header) {
    bool const has_name = !key.id.empty() && !header.key_id.empty();
    return key.algorithm == header.algorithm && (!has_name || key.id == header.key_id);
}

bool is_for_client(JsonValue const& claims, std::string const& client_id) {
    auto const* const audience = claims.find("aud");
    auto const* const party = claims.find("azp");
    bool const has_party = party != nullptr && party->kind == JsonValue::Kind::text && party->text == client_id;
    if (audience == nullptr || (party != nullptr && !has_party)) return false;
    if (audience->kind == JsonValue::Kind::text) return audience->text == client_id;
    if (audience->kind != JsonValue::Kind::array) return false;
    bool const is_named = std::ranges::any_of(audience->items, [&](JsonValue const& item) {
        return item.kind == JsonValue::Kind::text && item.text == client_id;
    });
    return is_named && (audience->items.size() == 1 || has_party);
}

/// Empty when the claims are right.
std::string find_fault(JsonValue const& claims, IdTokenRules const& rules, Timestamp at) {
    constexpr std::size_t max_subject = 255;  // section 2
    auto const* const issuer = claims.find_text("iss");
    if (issuer == nullptr || *issuer != rules.issuer) return "its issuer is another";
    if (!is_for_client(claims, rules.client_id)) return "it is for another client";
    auto const expires = find_integer_claim(claims, "exp");
    auto const issued = find_integer_claim(claims, "iat");
    auto const begins = find_integer_claim(claims, "nbf");
    auto const now = std::chrono::floor<seconds>(at).time_since_epoch();
    if (!expires || *expires <= (now - provider_skew).count()) return "it has expired";
    if (!issued || *issued > (now + provider_skew).count()) return "it is not issued yet";
    if (*issued < (now - max_age).count()) return "it is old";
    if (begins && *begins > (now + provider_skew).count()) return "it is not valid yet";
    auto const* const nonce = claims.find_text("nonce");
    if (nonce == nullptr || *nonce != rules.nonce) return "its nonce is another";
    auto const* const subject = claims.find_text("sub");
    if (subject == nullptr || subject->empty() || subject->size() > max_subject) return "it has no subject";
    return {};
}

}  // namespace

Checked<std::string> key_id_of(std::string_view token) {
    auto header = read_header(token);
    if (!header) return refuse(header.error());
    return Checked<std::string>(boost::system::in_place_value, std::move(header->key_id));
}

Checked<JsonValue> check_id_token(std::string_view token, std::span<VerificationKey const> keys,
                                  IdTokenRules const& rules, Timestamp at) {
    auto const header = read_header(token);
    if (!header) return refuse<JsonValue>(header.error());
    std::string const text(token);
    bool const is_genuine = std::ranges::any_of(
        keys, [&](VerificationKey const& key) { return may_have_signed(key, *header) && is_signed(text, key); });
    if (!is_genuine) return refuse<JsonValue>("its signature is by no key of the provider");
    auto const payload = from_base64url(split_jws(token)->payload);
    auto claims = payload ? read_jws_object(*payload) : std::nullopt;
    if (!claims) return refuse<JsonValue>("its claims cannot be read");
    auto fault = find_fault(*claims, rules, at);
    if (!fault.empty()) return refuse<JsonValue>(std::move(fault));
    return std::move(*claims);
}

}  // namespace clinikk
