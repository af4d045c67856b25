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
    std::size_t open_files = 256;       ///< objects whose files stay open for the next request
};

/// Objects as files, and the operations that only this store has. Keys must satisfy `is_object_key`, and write ids must
/// be lower-case UUIDs; others throw `std::invalid_argument`. Thread-safe.
class LocalObjectStore : public ObjectStore {
public:
    /// Closes the files that are kept open for the next request. Another process may have removed them, and the disk
    /// keeps the bytes of an open file.
    virtual void close_idle_files() = 0;
};

/// Makes the directories if they do not exist. `pool` runs what blocks; `pool`, `clock` and `log` must outlive the
/// store. Throws `std::runtime_error` with a sentence for the operator when the directories are on different file
/// systems.
std::unique_ptr<LocalObjectStore> open_local_object_store(LocalStoreOptions const& options, Clock& clock,
                                                          BlockingPool& pool, Log& log);

}  // namespace clinikk
