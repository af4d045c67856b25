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

/// The first folder of the keys of objects: sources, sources of earlier versions by the kinds of content, as
/// `object_key` writes them, and packaging indexes.
inline constexpr std::array<std::string_view, 4> object_folders{"objects/", "video/", "audio/", "index/"};

/// What a store knows about an object.
struct ObjectStat {
    std::uint64_t size = 0;
    Timestamp modified_at{};
};

/// The bytes of a write that has not been committed, or never will be.
struct UncommittedBytes {
    std::string write_id;
    std::chrono::seconds age{};  ///< since its last byte was written
};

/// The result of `ObjectWrite::commit`.
struct StoredBytes {
    std::uint64_t size = 0;
    Sha256Digest sha256{};
};

/// What a bucket stores with an object, for clients that fetch it from there by its plain address. The addresses that
/// this service signs state type and disposition themselves.
struct ObjectLabel {
    std::string key{};
    std::string media_type{};
    std::string disposition{};  ///< a Content-Disposition (RFC 6266)
};

/// How a client may fetch an object directly.
struct DirectAccess {
    std::chrono::seconds expires{};
    std::string media_type{};
    std::string disposition{};  ///< a Content-Disposition (RFC 6266); empty: the one stored with the object
};

/// The bytes of an answer that are in several places: in memory, on their way, and in an object, in this order.
struct GatheredBytes {
    std::string head{};
    std::unique_ptr<ByteSource> lead{};  ///< may be null
    std::vector<ByteRange> runs{};       ///< of the object
};

/// A write of one object. Nothing is visible under the key before `commit`, and destroying the write without a commit
/// leaves nothing behind. While the write lives, its temporary bytes are locked, so that no collector removes them.
class ObjectWrite {
public:
    virtual ~ObjectWrite() = default;

    /// Returns the key of the object, and the media type as far as it is known.
    using Labeller = std::function<ObjectLabel()>;

    /// Sets the labeller; call it before `write`. A bucket asks it once: before it takes the first of several parts, or
    /// at the commit. Other stores never ask.
    virtual void set_labeller(Labeller) {}

    /// Takes all of `source` and hashes it. Fails with the error of the source, with `upload_too_large` as soon as more
    /// than `max_size` bytes have arrived, or with `insufficient_storage` when the store is full.
    virtual Task<Result<StoredBytes>> write(ByteSource& source, std::uint64_t max_size) = 0;

    /// Makes the bytes durable and visible under the key, which is that of the label. When this returns, they survive a
    /// loss of power.
    virtual Task<> commit(std::string_view key) = 0;

    /// Gives up what was written. A write to another machine needs this call, since a destructor cannot wait. Throws
    /// when the machine cannot be reached; `ObjectStore::remove_uncommitted` must then be called later.
    virtual Task<> discard() { co_return; }
};

class AppendableObjects;
class DirectUploads;

/// A place for immutable bytes under keys such as `objects/<uuid>`: the local disk or a bucket. Breakage (disk
/// failure, store unreachable) is thrown; the absence of an object is a value.
class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    /// `local` or `s3`: the name of the store in the objects table.
    virtual std::string_view name() const noexcept = 0;

    /// The name of the bucket; empty for a store without buckets.
    virtual std::string_view bucket() const noexcept { return {}; }

    /// Begins a write. `write_id` names its temporary bytes; it is the id of the row in `uploads` and of the object.
    virtual Task<std::unique_ptr<ObjectWrite>> create(std::string_view write_id) = 0;

    /// Up to `range.length` bytes, fewer at the end of the object. Empty when there is no such object, or when
    /// something else is in its place (a directory, a link), which is logged.
    virtual Task<std::optional<std::string>> read_at(std::string_view key, ByteRange range) = 0;

    /// The bytes for an answer. `range` lies within `object_size`, the size that the object must have. Empty when there
    /// is no such object, or when it has another size, which is logged.
    virtual Task<std::optional<Body>> body(std::string_view key, ByteRange range, std::uint64_t object_size) = 0;

    /// As `body`, for an answer of which the object has only some pieces. The runs lie within `object_size`. The pieces
    /// before them pass unchanged.
    virtual Task<std::optional<Body>> gather(std::string_view key, GatheredBytes bytes, std::uint64_t object_size) = 0;

    /// A URL under which a client may fetch the object directly until it expires; empty when the store has none.
    virtual Task<std::optional<std::string>> presign(std::string_view key, DirectAccess const& access) = 0;

    /// The address of the object for clients that may read the bucket; empty when the store has none.
    virtual std::optional<std::string> public_url(std::string_view) const { return std::nullopt; }

    /// For objects whose bytes arrive in several requests.
    virtual AppendableObjects& appendable() = 0;

    /// For uploads that go past this process; null when the store does not take them.
    virtual DirectUploads* direct_uploads() noexcept { return nullptr; }

    /// Empty in the same cases as for `read_at`.
    virtual Task<std::optional<ObjectStat>> stat(std::string_view key) = 0;

    /// At most `limit` keys that begin with `prefix`, in order, after the key `after`. Entries that are not objects are
    /// skipped, and logged when the whole store is listed.
    virtual Task<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) = 0;

    /// Copies an object within the store. Returns false when `from` does not exist.
    virtual Task<bool> copy(std::string_view from, std::string_view to) = 0;

    /// Removes the object. It is not an error when the object does not exist.
    virtual Task<> remove(std::string_view key) = 0;

    /// The writes that have uncommitted bytes here, by processes alive and dead.
    virtual Task<std::vector<UncommittedBytes>> list_uncommitted() = 0;

    /// Returns whether a live process holds that write. False when there are no such bytes.
    virtual Task<bool> is_being_written(std::string_view write_id) = 0;

    /// Removes the bytes of a write whose process has ended. Returns false when the process lives or there are no such
    /// bytes.
    virtual Task<bool> remove_uncommitted(std::string_view write_id) = 0;

    /// The number of bytes that may still be written here, less the reserve; empty when the store has no such limit.
    virtual Task<std::optional<std::uint64_t>> free_space() = 0;

    /// Returns whether objects can be written now. Fails with `insufficient_storage` when there is no room, or with
    /// `unavailable`. Throws when the store cannot be reached. The detail of the error is for `/health/detailed`.
    virtual Task<Result<void>> check() = 0;
};

}  // namespace clinikk
