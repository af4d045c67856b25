#include "oidc/provider_documents.hpp"

#include <algorithm>

namespace clinikk::oidc {
namespace {

constexpr std::chrono::hours fresh{1};
constexpr std::chrono::seconds pause_after_failure{5};
constexpr std::chrono::minutes pause_for_unknown_key{1};
constexpr std::size_t max_document = 256UL * 1024;

bool has_key(ProviderDocuments::Keys const& keys, std::string const& id) {
    return std::ranges::any_of(
        keys, [&](VerificationKey const& key) { return id.empty() || key.id.empty() || key.id == id; });
}

}  // namespace

ProviderDocuments::ProviderDocuments(std::string issuer, client::HttpClient& client, Clock& clock)
    : issuer_(std::move(issuer)), client_(client), clock_(clock) {}

Task<std::string> ProviderDocuments::get(std::string url, std::size_t max_body) {
    client::HttpRequest request{.url = url, .headers = {"Accept: application/json"}};
    try {
        auto answer = co_await client_.send(std::move(request), max_body);
        if (answer.head.status == 200) co_return std::move(answer.body);
        throw ProviderFailure(url + " answers " + std::to_string(answer.head.status));
    } catch (client::TransferError const& failure) {
        throw ProviderFailure(url + ": " + failure.what());
    }
}

/// Several threads may fetch the same document at the same time: it is small, and no request waits for the fetch of
/// another.
template <class T, class Fetch>
Task<std::shared_ptr<T const>> ProviderDocuments::renew(Kept<T>& kept, Fetch const& fetch) {
    auto const now = clock_.steady_now();
    {
        std::lock_guard const lock(mutex_);
        bool const is_paused = now < kept.retry_at;
        if (is_paused && kept.value) co_return kept.value;
        if (is_paused) throw ProviderFailure("it failed a moment ago");
    }
    std::string failure;
    try {
        std::shared_ptr<T const> value = co_await fetch();
        std::lock_guard const lock(mutex_);
        kept.value = value;
        kept.fetched_at = now;
        co_return value;
    } catch (ProviderFailure const& why) {
        failure = why.what();
    }
    std::lock_guard const lock(mutex_);
    kept.retry_at = clock_.steady_now() + pause_after_failure;
    if (!kept.value) throw ProviderFailure(failure);
    co_return kept.value;
}

Task<std::shared_ptr<ProviderMetadata const>> ProviderDocuments::metadata() {
    {
        std::lock_guard const lock(mutex_);
        if (metadata_.value && clock_.steady_now() < metadata_.fetched_at + fresh) co_return metadata_.value;
    }
    auto const fetch = [this]() -> Task<std::shared_ptr<ProviderMetadata const>> {
        auto base = issuer_;
        if (base.ends_with('/')) base.pop_back();  // Discovery 1.0 section 4.1
        auto const text = co_await get(base + "/.well-known/openid-configuration", max_document);
        auto read = read_metadata(text, issuer_);
        if (!read) throw ProviderFailure(read.error());
        co_return std::make_shared<ProviderMetadata const>(std::move(*read));
    };
    co_return co_await renew(metadata_, fetch);
}

Task<std::shared_ptr<ProviderDocuments::Keys const>> ProviderDocuments::keys(std::string const& wanted_id) {
    auto const now = clock_.steady_now();
    {
        std::lock_guard const lock(mutex_);
        bool const is_fresh = keys_.value && now < keys_.fetched_at + fresh;
        bool const has_wanted = is_fresh && has_key(*keys_.value, wanted_id);
        bool const must_wait = has_looked_for_unknown_ && now < unknown_key_at_ + pause_for_unknown_key;
        if (has_wanted || (is_fresh && must_wait)) co_return keys_.value;
        if (is_fresh) {
            unknown_key_at_ = now;
            has_looked_for_unknown_ = true;
        }
    }
    auto const about = co_await metadata();
    auto const fetch = [this, &about]() -> Task<std::shared_ptr<Keys const>> {
        auto const text = co_await get(about->jwks_uri, max_document);
        auto read = read_jwk_set(text);
        if (!read) throw ProviderFailure(about->jwks_uri + " is no JWK Set");
        co_return std::make_shared<Keys const>(std::move(*read));
    };
    co_return co_await renew(keys_, fetch);
}

}  // namespace clinikk::oidc
