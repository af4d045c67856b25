#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/blocking_pool.hpp"
#include "base/log.hpp"
#include "domain/clock.hpp"
#include "domain/object_store.hpp"

namespace clinikk {

struct LocalStoreOptions {
    std::filesystem::path root{};       ///< where objects stand
    std::filesystem::path temporary{};  ///< where they are written; on the same file system
    std::uint64_t reserve = 0;          ///< bytes of the disk that stay free (DISK_RESERVE)
    std::size_t open_files = 256;       ///< objects that are kept open for the next request
};

/// Objects as files, and what only this store offers. Keys are as `is_object_key` says; others, and write ids that
/// are no lower-case UUIDs, throw `std::invalid_argument`. Thread-safe.
class LocalObjectStore : public ObjectStore {
public:
    /// Gives up the descriptors kept open for the next request: another process may have removed what they hold, and
    /// the disk keeps its bytes until then.
    virtual void close_idle_files() = 0;
};

/// Makes the directories where they are missing. `pool` does what blocks; it, `clock` and `log` must outlive the store.
/// Throws
/// `std::runtime_error` with a sentence for the operator when the directories are on different file systems.
std::unique_ptr<LocalObjectStore> open_local_object_store(LocalStoreOptions const& options, Clock& clock,
                                                          BlockingPool& pool, Log& log);

}  // namespace clinikk
