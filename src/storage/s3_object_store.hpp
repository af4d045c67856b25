#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/async/blocking_pool.hpp"
#include "base/log.hpp"
#include "client/http_client.hpp"
#include "domain/clock.hpp"
#include "domain/object_store.hpp"
#include "storage/aws_credentials.hpp"
#include "storage/memory_budget.hpp"

namespace clinikk {

struct S3StoreOptions {
    std::string endpoint{};  ///< URL; empty: Amazon's of the region
    std::string region{};
    std::string bucket{};
    std::optional<bool> path_style{};           ///< the bucket in the path; empty: where there is an endpoint
    std::string public_url{};                   ///< where everybody may read the objects (a CDN); empty: presigned URLs
    std::size_t part_size = 8UL * 1024 * 1024;  ///< of the first parts: later ones grow, so that 10 000 are enough
    std::size_t parallel_parts = 6;             ///< parts of one upload on their way at a time
    std::uint64_t copy_limit = 5ULL << 30U;     ///< larger objects are copied in parts (S3's own limit)
};

/// What the store works with; all must outlive it.
struct S3StoreDependencies {
    client::HttpClient& http;
    AwsCredentialSource& credentials;
    Clock& clock;
    MemoryBudget& memory;  ///< what uploads hold; at least one part
    BlockingPool& pool;    ///< hashes
    Log& log;
};

/// Objects in a bucket. Throws std::invalid_argument when the endpoint is no URL. Makes no request by itself.
///
/// An object is one PUT, or parts of a multipart upload that are sent in parallel while more bytes come. What a write
/// began is found again by its id: it stands in the object's key, so the write id must be the object's id.
std::unique_ptr<ObjectStore> make_s3_object_store(S3StoreOptions options, S3StoreDependencies tools);

}  // namespace clinikk
