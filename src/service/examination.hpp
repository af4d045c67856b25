#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/media.hpp"
#include "domain/object_store.hpp"
#include "service/upload_lease.hpp"

namespace clinikk {

/// An object whose bytes have all been read.
struct ExaminedBytes {
    StoredBytes stored{};
    std::unique_ptr<MediaInspection> inspection{};  ///< has been fed with all of them
};

/// Reads an object, hashes it and shows it to the inspector, for uploads whose bytes did not all pass through this
/// process in one go. Fails with `upload_not_found` when the store has no such object of that size, and with
/// `upload_interrupted` when the lease is lost.
Task<Result<ExaminedBytes>> read_for_examination(ObjectStore& store, std::string_view key, std::uint64_t size,
                                                 MediaInspector& inspector, UploadLease const& lease);

}  // namespace clinikk
