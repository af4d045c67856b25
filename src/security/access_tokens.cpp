#include "security/access_tokens.hpp"

#include <jwt.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <vector>

#include "base/encoding.hpp"
#include "base/hmac.hpp"
#include "base/json_text.hpp"
#include "security/compact_jws.hpp"
#include "security/public_key.hpp"

namespace clinikk {
namespace {

using std::chrono::seconds;

constexpr std::size_t max_token_bytes = 4096;
/// The largest difference between the clocks of our processes.
constexpr seconds skew{30};

struct Algorithm {
    std::string_view name;
    jwt_alg_t id;
    std::optional<KeyKind> key;  ///< none: a shared secret
};

constexpr std::array algorithms{
    Algorithm{"HS256", JWT_ALG_HS256, std::nullopt},  Algorithm{"HS384", JWT_ALG_HS384, std::nullopt},
    Algorithm{"HS512", JWT_ALG_HS512, std::nullopt},  Algorithm{"RS256", JWT_ALG_RS256, KeyKind::rsa},
    Algorithm{"ES256", JWT_ALG_ES256, KeyKind::p256},
};

Algorithm const& find_algorithm(std::string_view name) {
    auto const* const found = std::ranges::find(algorithms, name, &Algorithm::name);
    if (found == algorithms.end()) {
        throw std::invalid_argument("the algorithm must be HS256, HS384, HS512, RS256 or ES256");
    }
    return *found;
}

/// A key with its name.
struct TokenKey {
    std::string signing;
    std::string verification;
    std::string id;     ///< `kid` (RFC 7515 section 4.1.4)
    std::string jwk{};  ///< of a key pair: the public half
};

/// The name of a shared secret reveals nothing about it; that of a key pair is its thumbprint (RFC 7638).
TokenKey make_key(Algorithm const& algorithm, std::string const& text) {
    auto const name_of = [](Sha256Digest const& digest) {
        return to_base64url({reinterpret_cast<char const*>(digest.data()), digest.size()});
    };
    if (!algorithm.key) {
        if (text.size() < 32) throw std::invalid_argument("the secret must have at least 32 bytes");
        return {text, text, name_of(hmac_sha256(text, "kid")).substr(0, 16)};
    }
    auto key = public_key_of(text, *algorithm.key);
    auto id = name_of(Sha256::of(key.jwk));
    return {text, std::move(key.pem), std::move(id), std::move(key.jwk)};
}

/// The current key first.
std::vector<TokenKey> make_keys(Algorithm const& algorithm, TokenOptions const& options) {
    std::vector<TokenKey> keys{make_key(algorithm, options.secret_or_private_key_pem)};
    if (!options.previous_key.empty()) keys.push_back(make_key(algorithm, options.previous_key));
    return keys;
}

unsigned char const* bytes_of(std::string const& text) noexcept {
    return reinterpret_cast<unsigned char const*>(text.data());
}

using JwtOwner = std::unique_ptr<jwt_t, decltype(&jwt_free)>;

std::optional<Uuid> find_uuid(JsonValue const& claims, std::string_view name) noexcept {
    auto const* const text = claims.find_text(name);
    return text == nullptr ? std::nullopt : Uuid::from_string(*text);
}

/// RFC 7519 sections 4.1.4 to 4.1.6; all three claims are required. The skew is added to `at` and never to the claims,
/// which may be huge.
bool is_current(JsonValue const& claims, Timestamp at) noexcept {
    auto const expires = find_integer_claim(claims, "exp");
    auto const issued = find_integer_claim(claims, "iat");
    auto const begins = find_integer_claim(claims, "nbf");
    if (!expires || !issued || !begins) return false;
    auto const time = std::chrono::floor<seconds>(at);
    auto const late = (time + skew).time_since_epoch().count();
    auto const early = (time - skew).time_since_epoch().count();
    return early < *expires && *issued <= late && *begins <= late;
}

/// `exp` of claims that are current; what lies beyond the range of our clock is cut.
Timestamp expiry_of(JsonValue const& claims) noexcept {
    constexpr seconds latest = std::chrono::floor<seconds>(Timestamp::max().time_since_epoch());
    return Timestamp{std::min(seconds(find_integer_claim(claims, "exp").value_or(0)), latest)};
}

class JwtAccessTokens final : public AccessTokens {
public:
    explicit JwtAccessTokens(TokenOptions options)
        : options_(std::move(options)),
          algorithm_(find_algorithm(options_.algorithm)),
          keys_(make_keys(algorithm_, options_)) {
        append_json_string(issuer_json_, options_.issuer);
        auto const token = issue({}, Timestamp{});
        own_header_ = token.substr(0, token.find('.'));
    }

    seconds lifetime() const noexcept override { return options_.lifetime; }

    std::string issue(AccessClaims const& claims, Timestamp at) override {
        auto const begins = std::chrono::floor<seconds>(at).time_since_epoch();
        auto const from = std::to_string(begins.count());
        auto const payload = R"({"iss":)" + issuer_json_ + R"(,"sub":")" + claims.user_id.to_string() + R"(","sid":")" +
                             claims.session_id.to_string() + R"(","iat":)" + from + R"(,"nbf":)" + from + R"(,"exp":)" +
                             std::to_string((begins + options_.lifetime).count()) + "}";
        jwt_t* made = nullptr;
        if (jwt_new(&made) != 0) throw std::bad_alloc();
        JwtOwner const owner(made, &jwt_free);
        auto const& key = keys_.front();
        if (jwt_set_alg(made, algorithm_.id, bytes_of(key.signing), static_cast<int>(key.signing.size())) != 0 ||
            jwt_add_header(made, "kid", key.id.c_str()) != 0 || jwt_add_grants_json(made, payload.c_str()) != 0) {
            throw std::runtime_error("an access token cannot be made");
        }
        std::unique_ptr<char, decltype(&std::free)> const text(jwt_encode_str(made), &std::free);
        if (!text) throw std::runtime_error("an access token cannot be signed");
        return text.get();
    }

    std::string public_keys() const override {
        std::string keys;
        for (auto const& key : keys_) {
            if (key.jwk.empty()) continue;
            if (!keys.empty()) keys += ',';
            keys += R"({"alg":")" + std::string(algorithm_.name) + R"(","kid":")" + key.id + R"(","use":"sig",)" +
                    key.jwk.substr(1);
        }
        return R"({"keys":[)" + keys + "]}";
    }

    Result<AccessClaims> verify(std::string_view token, Timestamp at) override {
        if (auto const claims = check(token, at)) return *claims;
        return Error(ErrorCode::not_authenticated);
    }

private:
    /// Checks everything about a token. The library only checks the signature, and only of a token whose header names
    /// the configured algorithm: by itself it would accept any algorithm that fits the key, and expired tokens.
    std::optional<AccessClaims> check(std::string_view token, Timestamp at) const {
        if (token.size() > max_token_bytes) return std::nullopt;
        auto const segments = split_jws(token);
        // All three segments must be canonical base64url, so that no token has a second spelling.
        if (!segments || !from_base64url(segments->signature)) return std::nullopt;
        auto const* const key = find_key(segments->header);
        auto const payload = from_base64url(segments->payload);
        if (key == nullptr || !payload || !is_signed(token, *key)) return std::nullopt;
        auto const claims = read_jws_object(*payload);
        if (!claims || !is_current(*claims, at)) return std::nullopt;
        auto const expires_at = expiry_of(*claims);
        auto const* const issuer = claims->find_text("iss");
        auto const user_id = find_uuid(*claims, "sub");
        auto const session_id = find_uuid(*claims, "sid");
        if (issuer == nullptr || *issuer != options_.issuer || !user_id || !session_id) return std::nullopt;
        return AccessClaims{*user_id, *session_id, expires_at};
    }

    /// The key that the header names, if the header also names the configured algorithm; else null. A token without a
    /// `kid`, which older versions of the program issued, belongs to the current key.
    TokenKey const* find_key(std::string_view segment) const {
        if (segment == own_header_) return &keys_.front();
        auto const bytes = from_base64url(segment);
        auto const header = bytes ? read_jws_object(*bytes) : std::nullopt;
        auto const* const name = header ? header->find_text("alg") : nullptr;
        // RFC 7515 section 4.1.11: a token with extensions that must be understood is refused.
        if (name == nullptr || *name != algorithm_.name || header->find("crit") != nullptr) return nullptr;
        if (header->find("kid") == nullptr) return &keys_.front();
        auto const* const id = header->find_text("kid");
        auto const found = std::ranges::find_if(keys_, [&](auto const& key) { return id != nullptr && key.id == *id; });
        return found == keys_.end() ? nullptr : &*found;
    }

    bool is_signed(std::string_view token, TokenKey const& key) const {
        std::array<char, max_token_bytes + 1> text;
        *std::ranges::copy(token, text.begin()).out = '\0';
        jwt_t* parsed = nullptr;
        auto const failure =
            jwt_decode(&parsed, text.data(), bytes_of(key.verification), static_cast<int>(key.verification.size()));
        JwtOwner const owner(parsed, &jwt_free);
        return failure == 0 && parsed != nullptr && jwt_get_alg(parsed) == algorithm_.id;
    }

    TokenOptions options_;
    Algorithm const& algorithm_;
    std::vector<TokenKey> keys_;
    std::string issuer_json_;
    std::string own_header_;  ///< the first segment of every token that is made here
};

}  // namespace

std::unique_ptr<AccessTokens> make_access_tokens(TokenOptions options) {
    return std::make_unique<JwtAccessTokens>(std::move(options));
}

}  // namespace clinikk
