#include "oidc/openid_provider.hpp"

#include <span>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "client/http_client.hpp"
#include "oidc/provider_documents.hpp"
#include "security/id_token.hpp"

namespace clinikk::oidc {
namespace {

constexpr std::size_t max_answer = 64UL * 1024;

/// A person waits for these exchanges.
client::HttpClientOptions const client_options{
    .connect_timeout = std::chrono::seconds(3), .silence = std::chrono::seconds(5), .total = std::chrono::seconds(10)};

std::string to_base64_text(std::string_view text) {
    return to_base64({reinterpret_cast<std::uint8_t const*>(text.data()), text.size()});
}

/// Pairs as `application/x-www-form-urlencoded`.
std::string form_of(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
    std::string form;
    for (auto const& [name, value] : pairs) {
        if (!form.empty()) form += '&';
        form.append(name).append("=").append(percent_encode(value));
    }
    return form;
}

bool is_true(JsonValue const& claims, std::string_view name) {
    auto const* const claim = claims.find(name);
    return claim != nullptr && claim->kind == JsonValue::Kind::boolean && claim->text == "true";
}

/// What the token endpoint gives.
struct Tokens {
    std::string id_token;
    std::string access_token;  ///< for the userinfo endpoint
};

class OpenIdProvider final : public IdentityProvider {
public:
    OpenIdProvider(ProviderOptions options, Clock& clock, Log& log)
        : options_(std::move(options)), clock_(clock), log_(log), documents_(options_.issuer, client_, clock) {}

    Task<Result<std::string>> authorization_url(AuthorizationRequest const& request) override {
        std::string failure;
        try {
            auto const about = co_await documents_.metadata();
            auto const& endpoint = about->authorization_endpoint;
            std::string_view const separator = endpoint.find('?') == endpoint.npos ? "?" : "&";
            co_return endpoint + std::string(separator) +
                form_of({{"response_type", "code"},
                         {"client_id", options_.client_id},
                         {"redirect_uri", request.callback_url},
                         {"scope", options_.scopes},
                         {"state", request.state},
                         {"nonce", request.nonce},
                         {"code_challenge", request.code_challenge},
                         {"code_challenge_method", "S256"}});
        } catch (ProviderFailure const& why) {
            failure = why.what();
        }
        co_return fail(failure);
    }

    Task<Result<ProvenIdentity>> redeem(AuthorizationAnswer const& answer) override {
        std::string failure;
        try {
            co_return co_await prove(answer);
        } catch (ProviderFailure const& why) {
            failure = why.what();
        } catch (client::TransferError const& why) {
            failure = why.what();
        }
        co_return fail(failure);
    }

private:
    Error fail(std::string const& why) {
        log_.warning("identity_provider.failed", {{"issuer", options_.issuer}, {"reason", why}});
        return Error(ErrorCode::identity_provider_failed);
    }

    Task<ProvenIdentity> prove(AuthorizationAnswer const& answer) {
        auto const about = co_await documents_.metadata();
        bool const is_missing = answer.issuer.empty() && about->sends_issuer;
        bool const is_other = !answer.issuer.empty() && answer.issuer != options_.issuer;
        if (is_missing || is_other) throw ProviderFailure("the answer is of another issuer");
        auto const tokens = co_await exchange(*about, answer);
        auto const claims = co_await check(tokens.id_token, answer.nonce);
        ProvenIdentity identity{options_.issuer, *claims.find_text("sub")};
        if (claims.find("email") != nullptr || about->userinfo_endpoint.empty()) {
            take_email(claims, identity);
        } else if (!tokens.access_token.empty()) {
            take_email(co_await user_info(*about, tokens.access_token, identity.subject), identity);
        }
        co_return identity;
    }

    /// OpenID Connect Core 1.0 section 3.1.3.1.
    Task<Tokens> exchange(ProviderMetadata const& about, AuthorizationAnswer const& answer) {
        auto body = std::make_shared<std::string>(form_of({{"grant_type", "authorization_code"},
                                                           {"code", answer.code},
                                                           {"redirect_uri", answer.callback_url},
                                                           {"code_verifier", answer.code_verifier}}));
        client::HttpRequest request{.method = "POST", .url = about.token_endpoint};
        request.headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"};
        if (options_.client_secret.empty()) {
            *body += '&' + form_of({{"client_id", options_.client_id}});
        } else if (about.takes_basic) {
            // RFC 6749 section 2.3.1: both are encoded before they are put together.
            auto const pair = percent_encode(options_.client_id) + ':' + percent_encode(options_.client_secret);
            request.headers.push_back("Authorization: Basic " + to_base64_text(pair));
        } else {
            *body += '&' + form_of({{"client_id", options_.client_id}, {"client_secret", options_.client_secret}});
        }
        request.body = *body;
        request.body_owner = body;
        auto const document = co_await send(std::move(request));
        auto const* const id_token = document.find_text("id_token");
        auto const* const access_token = document.find_text("access_token");
        if (id_token == nullptr) throw ProviderFailure("it gives no ID token");
        co_return Tokens{*id_token, access_token == nullptr ? std::string() : *access_token};
    }

    Task<JsonValue> check(std::string const& id_token, std::string const& nonce) {
        auto const key_id = key_id_of(id_token);
        if (!key_id) throw ProviderFailure("the ID token is refused: " + key_id.error());
        auto const keys = co_await documents_.keys(*key_id);
        IdTokenRules const rules{options_.issuer, options_.client_id, nonce};
        auto claims = check_id_token(id_token, *keys, rules, clock_.now());
        if (!claims) throw ProviderFailure("the ID token is refused: " + claims.error());
        co_return std::move(*claims);
    }

    /// OpenID Connect Core 1.0 section 5.3: most providers tell the address there.
    Task<JsonValue> user_info(ProviderMetadata const& about, std::string const& token, std::string const& subject) {
        bool const is_header_text = token.find_first_of("\r\n") == token.npos;
        if (!is_header_text) throw ProviderFailure("its access token is no token");
        client::HttpRequest request{.url = about.userinfo_endpoint};
        request.headers = {"Authorization: Bearer " + token, "Accept: application/json"};
        auto claims = co_await send(std::move(request));
        auto const* const named = claims.find_text("sub");
        if (named == nullptr || *named != subject) throw ProviderFailure("its userinfo is about somebody else");
        co_return claims;
    }

    static void take_email(JsonValue const& claims, ProvenIdentity& identity) {
        auto const* const email = claims.find_text("email");
        if (email == nullptr) return;
        identity.email = *email;
        identity.email_verified = is_true(claims, "email_verified");
    }

    /// The answer, which must be a JSON object with the status 200.
    Task<JsonValue> send(client::HttpRequest request) {
        auto const url = request.url;
        auto const answer = co_await client_.send(std::move(request), max_answer);
        if (answer.head.status != 200) {
            throw ProviderFailure(url + " answers " + std::to_string(answer.head.status));
        }
        auto document = read_json(answer.body);
        bool const is_object =
            document && document->kind == JsonValue::Kind::object && !find_duplicate(document->members);
        if (!is_object) throw ProviderFailure(url + " answers no JSON object");
        co_return std::move(*document);
    }

    ProviderOptions options_;
    Clock& clock_;
    Log& log_;
    client::HttpClient client_{client_options};
    ProviderDocuments documents_;
};

}  // namespace

std::unique_ptr<IdentityProvider> make_openid_provider(ProviderOptions options, Clock& clock, Log& log) {
    return std::make_unique<OpenIdProvider>(std::move(options), clock, log);
}

}  // namespace clinikk::oidc
