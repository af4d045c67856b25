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

/// Variables that the platform sets for the programs that it runs.
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

LocalStoreOptions local_options(Settings const& settings, std::size_t open_files) {
    auto options = settings.storage.local;
    options.root = settings.data_dir / "objects";
    options.temporary = settings.data_dir / "tmp";
    options.open_files = open_files;
    return options;
}

std::string read_file(std::filesystem::path const& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Storage::Storage(Settings const& settings, std::size_t open_files, Clock& clock, BlockingPool& pool, Log& log)
    : local_(open_local_object_store(local_options(settings, open_files), clock, pool, log)) {
    auto const& given = settings.storage;
    if (given.has_bucket()) open_bucket(given, clock, pool, log);
    std::vector<ObjectStore*> others;
    if (given.is_s3) {
        others.push_back(local_.get());
    } else if (bucket_) {
        others.push_back(bucket_.get());
    }
    auto& current = given.is_s3 ? *bucket_ : static_cast<ObjectStore&>(*local_);
    stores_ = std::make_unique<ObjectStores>(current, std::move(others));
}

/// The keys in the settings, else those of a profile, else the role of the container or the instance.
std::unique_ptr<AwsCredentialSource> Storage::find_credentials(StorageSettings const& given, Clock& clock) {
    if (!given.keys.access_key_id.empty()) {
        return make_static_credentials(given.keys);
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

void Storage::open_bucket(StorageSettings const& given, Clock& clock, BlockingPool& pool, Log& log) {
    http_ = std::make_unique<client::HttpClient>(given.client);
    credentials_ = find_credentials(given, clock);
    // The rest is for what is around the parts: the buffers of connections, transfers and examinations.
    memory_ = std::make_unique<MemoryBudget>(given.upload_memory - given.upload_memory / 5);
    bucket_ = make_s3_object_store(given.s3, {*http_, *credentials_, clock, *memory_, pool, log});
}

void Storage::stop() {
    if (http_) http_->stop();
}

}  // namespace clinikk::app
