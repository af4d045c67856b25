#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/async/blocking_pool.hpp"
#include "domain/appendable_objects.hpp"
#include "domain/clock.hpp"
#include "storage/local_files.hpp"

namespace clinikk {

/// What appends to one local store share.
struct LocalAppendContext {
    std::shared_ptr<StoreDirectories const> directories{};
    std::uint64_t reserve = 0;  ///< bytes of the disk that stay free
    BlockingPool& pool;
    Clock& clock;
    std::function<void(std::string const& key)> remove_object{};  ///< durably; runs on the pool
};

/// Objects whose bytes gather in their temporary file, which here outlives the request: the row of the write keeps the
/// collector away from it while it rests, and a lock (flock(2)) while it is written. The size in the state says which
/// of its bytes count; `progress` is empty. The name of the file does not change until it is published by a rename.
std::unique_ptr<AppendableObjects> make_local_appendable_objects(LocalAppendContext context);

}  // namespace clinikk
