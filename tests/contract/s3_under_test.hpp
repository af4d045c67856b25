#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "app/system_clock.hpp"
#include "base/async/blocking_pool.hpp"
#include "storage/s3_object_store.hpp"
#include "support/run_task.hpp"

namespace clinikk::testing {

inline std::string environment(char const* name) {
    char const* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// Whether the environment names a bucket that tests may empty: TEST_S3_URL, TEST_S3_BUCKET, TEST_S3_KEY_ID and
/// TEST_S3_SECRET. `tests/s3/contract.test.js` starts a server and sets them.
inline bool has_test_bucket() { return !environment("TEST_S3_URL").empty(); }

/// That bucket, empty.
class S3UnderTest {
public:
    S3UnderTest() {
        for (auto const& key : run_task(store_->list("", "", 10'000))) run_task(store_->remove(key));
    }

    ObjectStore& store() { return *store_; }
    client::HttpClient& http() { return http_; }

private:
    static S3StoreOptions options() {
        S3StoreOptions options;
        options.endpoint = environment("TEST_S3_URL");
        options.region = "us-east-1";
        options.bucket = environment("TEST_S3_BUCKET");
        options.path_style = true;
        return options;
    }

    Log log_{LogLevel::error, LogFormat::text};
    app::SystemClock clock_;
    BlockingPool pool_{2};
    MemoryBudget memory_{64UL * 1024 * 1024};
    client::HttpClient http_{client::HttpClientOptions{}};
    std::unique_ptr<AwsCredentialSource> credentials_ =
        make_static_credentials({environment("TEST_S3_KEY_ID"), environment("TEST_S3_SECRET"), ""});
    std::unique_ptr<ObjectStore> store_ =
        make_s3_object_store(options(), {http_, *credentials_, clock_, memory_, pool_, log_});
};

}  // namespace clinikk::testing
