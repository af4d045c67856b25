#include "oidc/provider_metadata.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>

#include "base/json.hpp"

namespace clinikk::oidc {
namespace {

using Read = boost::system::result<ProviderMetadata, std::string>;

Read refuse(std::string why) { return {boost::system::in_place_error, std::move(why)}; }

/// The member as an endpoint; empty when it is absent or not safe.
std::string endpoint_of(JsonValue const& document, std::string_view name) {
    auto const* const url = document.find_text(name);
    return url != nullptr && is_safe_endpoint(*url) ? *url : std::string();
}

/// Clients authenticate by HTTP Basic unless the provider says otherwise.
bool takes_basic(JsonValue const& document) {
    auto const* const methods = document.find("token_endpoint_auth_methods_supported");
    if (methods == nullptr || methods->kind != JsonValue::Kind::array) return true;
    return std::ranges::any_of(methods->items,
                               [](JsonValue const& item) { return item.text == "client_secret_basic"; });
}

std::string_view authority_of(std::string_view url) {
    auto const rest = url.substr(std::min(url.size(), url.find("//") + 2));
    return rest.substr(0, rest.find_first_of("/?#"));
}

/// Compares the text: Boost.URL 1.81 takes `127.0.0.1.example.com` for the address that it begins with.
bool is_this_machine(std::string_view authority) {
    constexpr std::array<std::string_view, 3> names{"localhost", "127.0.0.1", "[::1]"};
    return std::ranges::any_of(names, [&](std::string_view name) {
        return authority.starts_with(name) && (authority.size() == name.size() || authority[name.size()] == ':');
    });
}

}  // namespace

bool is_safe_endpoint(std::string_view text) {
    auto const url = boost::urls::parse_uri(text);
    if (!url || url->has_userinfo() || url->has_fragment() || url->encoded_host().empty()) return false;
    if (url->scheme_id() == boost::urls::scheme::https) return true;
    return url->scheme_id() == boost::urls::scheme::http && is_this_machine(authority_of(text));
}

Read read_metadata(std::string_view text, std::string_view issuer) {
    auto const document = read_json(text);
    if (!document || document->kind != JsonValue::Kind::object) return refuse("its configuration is not JSON");
    auto const* const name = document->find_text("issuer");
    if (name == nullptr || *name != issuer) return refuse("its configuration names another issuer");
    auto const* const sends_issuer = document->find("authorization_response_iss_parameter_supported");
    ProviderMetadata metadata{
        .authorization_endpoint = endpoint_of(*document, "authorization_endpoint"),
        .token_endpoint = endpoint_of(*document, "token_endpoint"),
        .userinfo_endpoint = endpoint_of(*document, "userinfo_endpoint"),
        .jwks_uri = endpoint_of(*document, "jwks_uri"),
        .takes_basic = takes_basic(*document),
        .sends_issuer = sends_issuer != nullptr && sends_issuer->text == "true",
    };
    bool const is_whole =
        !metadata.authorization_endpoint.empty() && !metadata.token_endpoint.empty() && !metadata.jwks_uri.empty();
    if (!is_whole) return refuse("its configuration lacks an endpoint, or one is not https");
    return metadata;
}

}  // namespace clinikk::oidc
