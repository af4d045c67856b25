#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"
#include "domain/clock.hpp"
#include "domain/identity_provider.hpp"

namespace clinikk::oidc {

struct ProviderOptions {
    std::string issuer{};  ///< exactly as the provider names itself; https, or http on this machine
    std::string client_id{};
    std::string client_secret{};  ///< empty: a public client
    std::string scopes = "openid email profile";
};

/// A provider that is found by discovery. Nothing is fetched before the first sign-in. `clock` and `log` must outlive
/// it; it ends its transfers when it is destroyed.
std::unique_ptr<IdentityProvider> make_openid_provider(ProviderOptions options, Clock& clock, Log& log);

}  // namespace clinikk::oidc
