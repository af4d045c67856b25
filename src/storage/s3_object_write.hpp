#pragma once

#include <memory>

#include "base/async/blocking_pool.hpp"
#include "base/async/memory_budget.hpp"
#include "domain/object_store.hpp"
#include "storage/s3_client.hpp"
#include "storage/s3_object_store.hpp"

namespace clinikk {

/// What all writes of one store share.
struct S3WriteContext {
    s3::Client& client;
    MemoryBudget& memory;
    BlockingPool& pool;
    S3StoreOptions const& options;
};

/// The number of bytes in part `number`, counted from 1. It doubles every 2000 parts up to 64 MiB, so that small
/// objects need little memory and large ones at most 10 000 parts.
std::size_t s3_part_size(std::size_t first, int number);

/// The most parts that a multipart upload may have.
inline constexpr int s3_max_parts = 10'000;

/// S3 takes no smaller parts but the last, in bytes.
inline constexpr std::uint64_t s3_least_part = 5UL * 1024 * 1024;

/// Returns whether an object of that size exists.
Task<bool> s3_has_size(s3::Client& client, std::string_view key, std::uint64_t size);

/// Copies an object within the bucket, in parts if it is too large for one call.
Task<> s3_copy(S3WriteContext const& context, std::string_view from, std::string_view to, std::uint64_t size);

/// Completes a multipart upload. A call whose answer was lost has had its effect all the same: an upload that does not
/// exist counts as completed when an object of that size exists.
Task<> s3_complete(s3::Client& client, std::string_view key, std::string_view upload_id,
                   std::vector<s3::UploadedPart> parts, std::uint64_t size);

std::unique_ptr<ObjectWrite> make_s3_object_write(S3WriteContext const& context);

}  // namespace clinikk
