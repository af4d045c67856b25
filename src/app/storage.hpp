#pragma once

#include <memory>

#include "app/settings.hpp"
#include "base/async/blocking_pool.hpp"
#include "base/async/memory_budget.hpp"
#include "base/log.hpp"
#include "client/http_client.hpp"
#include "domain/object_stores.hpp"
#include "storage/aws_credentials.hpp"
#include "storage/local_object_store.hpp"

namespace clinikk::app {

/// The object stores that the settings name: the local disk always, and a bucket if one is set.
class Storage {
public:
    /// `open_files`: objects of the disk that are kept open for the next request. Clock, pool and log must outlive it.
    Storage(Settings const& settings, std::size_t open_files, Clock& clock, BlockingPool& pool, Log& log);

    ObjectStores& object_stores() noexcept { return *stores_; }
    LocalObjectStore& local() noexcept { return *local_; }
    /// The client for the bucket; null without a bucket.
    client::HttpClient* http() noexcept { return http_.get(); }

    /// Ends the work under way with a bucket. Call it before the executors of the coroutines that wait for it are
    /// destroyed.
    void stop();

private:
    std::unique_ptr<AwsCredentialSource> find_credentials(StorageSettings const& given, Clock& clock);
    void open_bucket(StorageSettings const& given, Clock& clock, BlockingPool& pool, Log& log);

    // Transfers hold parts of the budget, the last of them until the client is destroyed.
    std::unique_ptr<MemoryBudget> memory_;
    std::unique_ptr<client::HttpClient> http_;
    std::unique_ptr<AwsCredentialSource> credentials_;
    std::unique_ptr<LocalObjectStore> local_;
    std::unique_ptr<ObjectStore> bucket_;
    std::unique_ptr<ObjectStores> stores_;
};

}  // namespace clinikk::app
