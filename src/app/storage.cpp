#include "app/storage.hpp"

#include "storage/s3_object_store.hpp"

namespace clinikk::app {

Storage::Storage(Settings const& settings, BlockingPool& pool, Log& log)
    : local_(open_local_object_store({settings.data_dir / "objects", settings.data_dir / "tmp", settings.disk_reserve},
                                     pool)) {
    if (!settings.storage.bucket.empty()) open_bucket(settings, pool, log);
    std::vector<ObjectStore*> others;
    bool const in_bucket = settings.storage_provider == "s3";
    if (in_bucket) {
        others.push_back(local_.get());
    } else if (bucket_) {
        others.push_back(bucket_.get());
    }
    auto& current = in_bucket ? *bucket_ : static_cast<ObjectStore&>(*local_);
    stores_ = std::make_unique<ObjectStores>(current, std::move(others));
}

void Storage::open_bucket(Settings const& settings, BlockingPool& pool, Log& log) {
    auto const& given = settings.storage;
    client::HttpClientOptions http;
    http.ca_file = given.ca_file;
    http.silence = given.timeout;
    http_ = std::make_unique<client::HttpClient>(http);
    credentials_ = make_static_credentials({given.access_key_id, given.secret_access_key, given.session_token});
    memory_ = std::make_unique<MemoryBudget>(given.upload_memory);
    S3StoreOptions options;
    options.endpoint = given.endpoint;
    options.region = given.region;
    options.bucket = given.bucket;
    options.path_style = given.path_style.value_or(!given.endpoint.empty());
    options.public_url = given.public_url;
    bucket_ = make_s3_object_store(std::move(options), {*http_, *credentials_, *memory_, pool, log});
}

void Storage::stop() {
    if (http_) http_->stop();
}

}  // namespace clinikk::app
