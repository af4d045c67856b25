#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/async/blocking_pool.hpp"
#include "base/async/memory_budget.hpp"
#include "base/log.hpp"
#include "client/http_client.hpp"
#include "domain/clock.hpp"
#include "domain/object_store.hpp"
#include "storage/aws_credentials.hpp"

namespace clinikk {

struct S3StoreOptions {
    std::string endpoint{};  ///< URL; empty: that of Amazon for the region
    std::string region{};
    std::string bucket{};
    std::optional<bool> path_style{};           ///< the bucket is in the path; by default if there is an endpoint
    std::string public_url{};                   ///< a public address of the objects (a CDN); empty: presigned URLs
    std::size_t part_size = 8UL * 1024 * 1024;  ///< of the first parts; later ones grow, so that 10 000 suffice
    std::size_t parallel_parts = 6;             ///< parts of one upload that are sent at the same time
    std::uint64_t copy_limit = 5ULL << 30U;     ///< larger objects are copied in parts (S3's own limit)
};

/// What the store depends on. All of it must outlive the store.
struct S3StoreDependencies {
    client::HttpClient& http;
    AwsCredentialSource& credentials;
    Clock& clock;
    MemoryBudget& memory;  ///< what uploads hold; at least one part
    BlockingPool& pool;    ///< hashes
    Log& log;
};

/// Objects in a bucket. Throws std::invalid_argument when the endpoint is not a URL. It makes no request by itself.
///
/// An object is one PUT, or a multipart upload whose parts are sent in parallel while more bytes arrive. What a write
/// began is found again by its id, which is in the key of the object; so the write id must be the id of the object.
std::unique_ptr<ObjectStore> make_s3_object_store(S3StoreOptions options, S3StoreDependencies tools);

}  // namespace clinikk
