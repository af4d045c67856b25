#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/async/blocking_pool.hpp"
#include "domain/object_store.hpp"
#include "storage/local_files.hpp"

namespace clinikk {

/// Writes an object into a temporary file: the pool hashes and writes one buffer of 256 KiB while the next one is
/// filled from the source. `reserve` bytes of the disk stay free.
std::unique_ptr<ObjectWrite> make_local_object_write(std::shared_ptr<StoreDirectories const> directories,
                                                     BlockingPool& pool, std::uint64_t reserve,
                                                     std::string_view write_id);

}  // namespace clinikk
