#pragma once

#include <boost/describe/class.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/life.hpp"
#include "api/services.hpp"
#include "domain/values.hpp"

/// `/auth/keys`: the API keys of the account that calls.
namespace clinikk::api {

/// Names of scopes, with one space between (RFC 6749 section 3.3).
class ScopesValue : public ValueOf<Scopes> {
public:
    static Parsed<ScopesValue> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit ScopesValue(Scopes scopes) : ValueOf(scopes) {}
};

/// A minute to ten years.
inline constexpr LifeLimits key_life{60, 10LL * 365 * 86'400,
                                     "Seconds until the key expires; without it the key does not expire"};

struct CreateApiKeyRequest {
    FormField<Line<1, 100>> name;
    FormField<ScopesValue> scopes;
    FormField<std::optional<Life<key_life>>> expires_in;
};
BOOST_DESCRIBE_STRUCT(CreateApiKeyRequest, (), (name, scopes, expires_in))

struct ApiKeyRequest {
    Path<UuidValue> key_id;
};
BOOST_DESCRIBE_STRUCT(ApiKeyRequest, (), (key_id))

struct ApiKeyView {
    static constexpr std::string_view schema_name = "ApiKey";
    Uuid id;
    std::string name;
    std::string prefix;
    std::string scopes;
    Timestamp created_at;
    std::optional<Timestamp> expires_at;
    std::optional<Timestamp> last_used_at;
};
BOOST_DESCRIBE_STRUCT(ApiKeyView, (), (id, name, prefix, scopes, created_at, expires_at, last_used_at))

struct NewApiKeyView : ApiKeyView {
    static constexpr std::string_view schema_name = "NewApiKey";
    std::string key;
};
BOOST_DESCRIBE_STRUCT(NewApiKeyView, (ApiKeyView), (key))

Task<Result<Reply<NewApiKeyView>>> create_api_key(Services& services, Request& request, CreateApiKeyRequest wanted);
Task<Result<Reply<std::vector<ApiKeyView>>>> list_api_keys(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> delete_api_key(Services& services, Request& request, ApiKeyRequest wanted);

}  // namespace clinikk::api
