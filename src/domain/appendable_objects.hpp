#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"

namespace clinikk {

/// How far an object has come whose bytes arrive in several requests. `progress` is the store's own account of what it
/// holds (parts, their ETags, a tail); it is opaque to others, and empty before the first byte.
struct AppendState {
    std::uint64_t size = 0;  ///< bytes that are durable
    std::string progress{};
};

/// An object that is open for appending, by one request at a time. Destroying it leaves what was last saved.
class ObjectAppend {
public:
    virtual ~ObjectAppend() = default;

    /// Takes bytes at the end of the object. It may wait for memory, for the disk, or for parts under way. Fails with
    /// `insufficient_storage` when the store is full. Throws when the store cannot be reached.
    virtual Task<Result<void>> write(std::string_view bytes) = 0;

    /// Makes bytes durable and returns the state, which the caller then records. At the end of a request (`all`) these
    /// are all bytes that were written; in between, a store may leave out the last ones. Everything that the state
    /// before needed is still there, so a crash before the record loses nothing. Nothing is written after `save(true)`.
    /// Fails once with `insufficient_storage` when the store was found to be full meanwhile, unless `write` did;
    /// another call then returns what it has.
    virtual Task<Result<AppendState>> save(bool all) = 0;

    /// Removes what only earlier states needed. Call it when the last state has been recorded.
    virtual Task<> settle() = 0;

    /// Forgets what was written since the last save (of a chunk with a wrong checksum).
    virtual Task<> discard() = 0;
};

/// A store's way to make objects in several requests, by any process. The bytes of an unfinished object are named by
/// `write_id`, the id of the row in `uploads`; its key is `objects/<write_id>`.
///
/// The caller has the lock of the upload in the database. A store that can notice another live writer refuses as well.
class AppendableObjects {
public:
    virtual ~AppendableObjects() = default;

    /// Opens the object after `state.size` bytes. Bytes beyond, of a request that was cut, are dropped. `length` is the
    /// size of the whole object, if known; `max_size` bounds it. `hash`, if any, is fed with all bytes that are
    /// written, in order, and is up to date after `save(true)`. Fails with `upload_locked` when another live process
    /// writes, and with `upload_lost` when bytes that the state names are gone and the store finds it now; else it is
    /// found by a later write or by `complete`.
    virtual Task<Result<std::unique_ptr<ObjectAppend>>> open(std::string_view write_id, AppendState state,
                                                             std::optional<std::uint64_t> length,
                                                             std::uint64_t max_size, std::shared_ptr<Sha256> hash) = 0;

    /// Makes the object visible under its key, durably. It must not be open any more. It may be repeated after a crash.
    /// Fails with `upload_lost` when bytes that the state names are gone, and as `open` when another process writes.
    virtual Task<Result<void>> complete(std::string_view write_id, AppendState const& state) = 0;

    /// Appends the bytes of other unfinished objects of this store, in order, to an object without bytes, without
    /// sending them through this process where the store can copy. Returns the state, which the caller records. They
    /// stay as they are.
    struct Piece {
        std::string write_id{};
        AppendState state{};
    };
    virtual Task<Result<AppendState>> concatenate(std::string_view write_id, std::span<Piece const> pieces,
                                                  std::uint64_t max_size) = 0;

    /// Removes all bytes of an unfinished object, and the object if it was completed. It is not an error when there are
    /// none.
    virtual Task<> remove(std::string_view write_id, AppendState const& state) = 0;
};

}  // namespace clinikk
