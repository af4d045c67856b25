#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "client/http_client.hpp"
#include "domain/clock.hpp"
#include "oidc/provider_metadata.hpp"
#include "security/jwk.hpp"

namespace clinikk::oidc {

/// The documents of a provider, fetched when they are needed and kept for an hour. After a failure the provider is left
/// alone for a few seconds; what was fetched before serves meanwhile. Thread-safe.
class ProviderDocuments {
public:
    using Keys = std::vector<VerificationKey>;

    /// `client` and `clock` must outlive it.
    ProviderDocuments(std::string issuer, client::HttpClient& client, Clock& clock);

    /// Throws ProviderFailure.
    Task<std::shared_ptr<ProviderMetadata const>> metadata();

    /// The keys, which have the one of that name if the provider has it: for an unknown one they are fetched anew, at
    /// most once a minute. Throws ProviderFailure.
    Task<std::shared_ptr<Keys const>> keys(std::string const& wanted_id);

private:
    /// A document, and when it was asked for last.
    template <class T>
    struct Kept {
        std::shared_ptr<T const> value{};
        Clock::SteadyTime fetched_at{};
        Clock::SteadyTime retry_at{};  ///< after a failure
    };

    Task<std::string> get(std::string url, std::size_t max_body);
    template <class T, class Fetch>
    Task<std::shared_ptr<T const>> renew(Kept<T>& kept, Fetch const& fetch);

    std::string issuer_;
    client::HttpClient& client_;
    Clock& clock_;
    std::mutex mutex_;  ///< guards the members below
    Kept<ProviderMetadata> metadata_;
    Kept<Keys> keys_;
    Clock::SteadyTime unknown_key_at_{};  ///< when keys were fetched for an unknown one
    bool has_looked_for_unknown_ = false;
};

/// The provider did not answer in time, or its answer cannot be used. The text is for the log.
class ProviderFailure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace clinikk::oidc
