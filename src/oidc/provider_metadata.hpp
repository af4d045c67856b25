#pragma once

#include <boost/system/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clinikk::oidc {

/// What a provider says of itself (OpenID Connect Discovery 1.0 section 3), as far as it is used here.
struct ProviderMetadata {
    std::string authorization_endpoint;
    std::string token_endpoint;
    std::string userinfo_endpoint;  ///< empty: it has none
    std::string jwks_uri;
    bool takes_basic = true;    ///< the client's secret may be sent as HTTP Basic
    bool sends_issuer = false;  ///< its answers to authorization requests have `iss` (RFC 9207)
};

/// Whether requests may be sent there: https, or http to this machine.
bool is_safe_endpoint(std::string_view url);

/// Reads the document at `/.well-known/openid-configuration`. Fails, with a sentence for the log, unless its issuer is
/// exactly `issuer` and its endpoints are safe.
boost::system::result<ProviderMetadata, std::string> read_metadata(std::string_view text, std::string_view issuer);

}  // namespace clinikk::oidc
