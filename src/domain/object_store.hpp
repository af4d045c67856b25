#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_range.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "domain/byte_source.hpp"

namespace clinikk {

/// What the keys of objects begin with: the kinds of content, as `object_key` makes them.
inline constexpr std::array<std::string_view, 2> object_folders{"video/", "audio/"};

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

/// What a bucket keeps with an object, for those who fetch it from there.
struct ObjectLabel {
    std::string key{};
    std::string media_type{};
    std::string disposition{};  ///< a Content-Disposition (RFC 6266)
};

/// How a client may fetch an object directly.
struct DirectAccess {
    std::chrono::seconds expires{};
    std::string media_type{};
    std::string disposition{};  ///< a Content-Disposition (RFC 6266); empty: what is stored
};

/// An object being written. Nothing of it is visible under its key until `commit`; destroyed without a commit it
/// leaves nothing behind. While it lives its temporary bytes are locked, so that no collector takes them.
class ObjectWrite {
public:
    virtual ~ObjectWrite() = default;

    /// Tells what is known of the object: the best guess while its bytes come, the truth when they are committed.
    using Labeller = std::function<ObjectLabel()>;

    /// Before `write`. A bucket asks while bytes come, because it has to be told where an object will stand before it
    /// takes the first of several parts; other stores never ask.
    virtual void set_labeller(Labeller) {}

    /// Takes all of `source`, hashing on the way. Fails with the source's error, or with `upload_too_large` as soon
    /// as more than `max_size` bytes have come, or `insufficient_storage` when the store is full.
    virtual Task<Result<StoredBytes>> write(ByteSource& source, std::uint64_t max_size) = 0;

    /// Makes the bytes durable and visible under the key, such as `video/<uuid>.mp4`: when this returns they survive
    /// a loss of power. The key comes last because the bytes themselves tell their format.
    virtual Task<> commit(std::string_view key) = 0;

    /// Gives up what was written. Where that takes other machines, being destroyed is not enough. Throws when they
    /// could not be reached: `ObjectStore::remove_uncommitted` has to be called some time.
    virtual Task<> discard() { co_return; }
};

class DirectUploads;

/// A place for immutable bytes under keys such as `video/<uuid>.mp4`: the local disk, a bucket.
/// Breakage (disk failure, store unreachable) is thrown; "not there" is a value.
class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    /// `local` or `s3`: what the objects table calls it.
    virtual std::string_view name() const noexcept = 0;

    /// Empty where there are none.
    virtual std::string_view bucket() const noexcept { return {}; }

    /// Starts to write an object. `write_id` names its temporary bytes: the id of the uploads row, and of the object.
    virtual Task<std::unique_ptr<ObjectWrite>> create(std::string_view write_id) = 0;

    /// Up to `range.length` bytes, fewer at the end of the object; empty optional when there is no such object, or
    /// something else stands in its place (a directory, a link), which is logged.
    virtual Task<std::optional<std::string>> read_at(std::string_view key, ByteRange range) = 0;

    /// The bytes for an answer; `range` lies within `object_size`, the size that the object has to have. Empty when
    /// there is no such object, or one of another size, which is logged.
    virtual Task<std::optional<Body>> body(std::string_view key, ByteRange range, std::uint64_t object_size) = 0;

    /// A URL under which a client may fetch the object directly until it expires; empty when the store has none.
    virtual Task<std::optional<std::string>> presign(std::string_view key, DirectAccess const& access) = 0;

    /// The address of the object for those who may read the bucket; empty when the store has none.
    virtual std::optional<std::string> public_url(std::string_view) const { return std::nullopt; }

    /// For uploads that go past this process; null when the store takes none.
    virtual DirectUploads* direct_uploads() noexcept { return nullptr; }

    /// Empty as with `read_at`.
    virtual Task<std::optional<ObjectStat>> stat(std::string_view key) = 0;

    /// Keys that begin with `prefix`, in order, at most `limit`, after the key `after`. What stands between the objects
    /// and is none is passed over, and logged when the whole store is listed.
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

    /// Whether objects can be written now. Fails with `insufficient_storage` when there is no room, or `unavailable`;
    /// throws when the store cannot be reached. The detail is for `/health/detailed`.
    virtual Task<Result<void>> check() = 0;
};

}  // namespace clinikk
