#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.hpp"
#include "base/time.hpp"
#include "domain/byte_source.hpp"

namespace clinikk {

/// `length` bytes from `offset`.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// What a store knows of an object.
struct ObjectStat {
    std::uint64_t size = 0;
    Timestamp modified_at{};
};

/// Bytes of a write that has not been committed, or never will be.
struct UncommittedBytes {
    std::string write_id;
    std::chrono::seconds age{};  ///< since its last byte was written
};

/// What was written by `ObjectWrite::commit`.
struct StoredBytes {
    std::uint64_t size = 0;
    Sha256Digest sha256{};
};

/// An object being written. Nothing of it is visible under its key until `commit`; destroyed without a commit it
/// leaves nothing behind. While it lives its temporary bytes are locked, so that no collector takes them.
class ObjectWrite {
public:
    virtual ~ObjectWrite() = default;

    /// Takes all of `source`, hashing on the way. Fails with the source's error, or with `upload_too_large` as soon
    /// as more than `max_size` bytes have come, or `insufficient_storage` when the store is full.
    virtual Task<Result<StoredBytes>> write(ByteSource& source, std::uint64_t max_size) = 0;

    /// Makes the bytes durable and visible under the key, such as `video/<uuid>.mp4`: when this returns they survive
    /// a loss of power. The key comes last because the bytes themselves tell their format.
    virtual Task<> commit(std::string_view key) = 0;
};

/// A place for immutable bytes under keys such as `video/<uuid>.mp4`: the local disk, a bucket.
/// Breakage (disk failure, store unreachable) is thrown; "not there" is a value.
class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    /// `local` or `s3`: what the objects table calls it.
    virtual std::string_view name() const noexcept = 0;

    /// Starts to write an object. `write_id` names its temporary bytes: the id of the uploads row.
    virtual Task<std::unique_ptr<ObjectWrite>> create(std::string_view write_id) = 0;

    /// Up to `range.length` bytes, fewer at the end of the object; empty optional when there is no such object.
    virtual Task<std::optional<std::string>> read_at(std::string_view key, ByteRange range) = 0;

    /// The bytes for an answer; `range` lies within the object. Empty when there is no such object.
    virtual Task<std::optional<Body>> body(std::string_view key, ByteRange range) = 0;

    /// A URL under which a client may fetch the object directly until it expires; empty when the store has none.
    virtual std::optional<std::string> presign(std::string_view key, std::chrono::seconds expires) = 0;

    virtual Task<std::optional<ObjectStat>> stat(std::string_view key) = 0;

    /// Keys that begin with `prefix`, in order, at most `limit`, after the key `after`.
    virtual Task<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) = 0;

    /// Copies within the store; false when `from` does not exist.
    virtual Task<bool> copy(std::string_view from, std::string_view to) = 0;

    /// Removes the object; it is no error when it is gone already.
    virtual Task<> remove(std::string_view key) = 0;

    /// Writes whose bytes are there uncommitted, by processes alive and dead.
    virtual Task<std::vector<UncommittedBytes>> list_uncommitted() = 0;

    /// Whether a live process holds that write. False when there are no such bytes.
    virtual Task<bool> is_being_written(std::string_view write_id) = 0;

    /// Removes the bytes of a write whose process is gone; false when it lives or there are none.
    virtual Task<bool> remove_uncommitted(std::string_view write_id) = 0;

    /// Bytes that may still be written here, less the reserve; no value where the store has no such limit.
    virtual Task<std::optional<std::uint64_t>> free_space() = 0;

    /// Throws when the store cannot be reached or written to. For `/health/detailed`.
    virtual Task<> check() = 0;
};

}  // namespace clinikk
