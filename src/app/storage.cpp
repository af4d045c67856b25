#include "app/storage.hpp"

#include <cstdlib>
#include <fstream>

#include "storage/s3_object_store.hpp"

namespace clinikk::app {
namespace {

std::string environment(char const* name) {
    char const* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// The platform sets these for the programs it runs; nobody else does.
MetadataOptions metadata_of_platform() {
    MetadataOptions options;
    options.container_url = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    auto const relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if (!relative.empty()) options.container_url = "http://169.254.170.2" + relative;
    options.container_token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    options.token_file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    options.instance_url = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (options.instance_url.empty()) options.instance_url = "http://169.254.169.254";
    while (options.instance_url.ends_with('/')) options.instance_url.pop_back();
    return options;
}

std::string read_file(std::filesystem::path const& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Storage::Storage(Settings const& settings, std::size_t open_files, Clock& clock, BlockingPool& pool, Log& log)
    : local_(open_local_object_store(
          {settings.data_dir / "objects", settings.data_dir / "tmp", settings.disk_reserve, open_files}, clock, pool,
          log)) {
    if (!settings.storage.bucket.empty()) open_bucket(settings, clock, pool, log);
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

/// The keys that were set, else those of a profile, else the role of the container or the instance.
std::unique_ptr<AwsCredentialSource> Storage::find_credentials(StorageSettings const& given, Clock& clock) {
    if (!given.access_key_id.empty()) {
        return make_static_credentials({given.access_key_id, given.secret_access_key, given.session_token});
    }
    auto path = given.credentials_file;
    if (path.empty()) path = std::filesystem::path(environment("HOME")) / ".aws/credentials";
    auto const* const profile = given.profile.empty() ? "default" : given.profile.c_str();
    if (auto found = parse_profile(read_file(path), profile)) return make_static_credentials(*std::move(found));
    if (!given.profile.empty()) {
        throw SettingError("AWS_PROFILE: " + path.string() + " has no keys for the profile " + given.profile);
    }
    return make_metadata_credentials(metadata_of_platform(), *http_, clock);
}

void Storage::open_bucket(Settings const& settings, Clock& clock, BlockingPool& pool, Log& log) {
    auto const& given = settings.storage;
    client::HttpClientOptions http;
    http.ca_file = given.ca_file;
    http.silence = given.timeout;
    http_ = std::make_unique<client::HttpClient>(http);
    credentials_ = find_credentials(given, clock);
    memory_ = std::make_unique<MemoryBudget>(given.upload_memory);
    S3StoreOptions options;
    options.endpoint = given.endpoint;
    options.region = given.region;
    options.bucket = given.bucket;
    options.path_style = given.path_style.value_or(!given.endpoint.empty());
    options.public_url = given.public_url;
    bucket_ = make_s3_object_store(std::move(options), {*http_, *credentials_, clock, *memory_, pool, log});
}

void Storage::stop() {
    if (http_) http_->stop();
}

}  // namespace clinikk::app
