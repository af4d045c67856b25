#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "domain/appendable_objects.hpp"
#include "storage/s3_append_progress.hpp"
#include "storage/s3_object_write.hpp"
#include "storage/s3_parts.hpp"

namespace clinikk {

/// What the bucket stores with objects whose format is not known yet. Whoever hands out an address states the type.
ObjectLabel s3_append_label(std::string key);

/// Adds the bytes of an object to `part`, which has room for them. Returns false when there is no object of that size.
Task<bool> s3_read_into(s3::Client& client, std::string_view key, ByteRange range, PartBuffer& part);

/// PUTs the bytes of `part` as an object.
Task<> s3_put(S3WriteContext const& context, ObjectLabel const& label, std::shared_ptr<PartBuffer const> part);

/// Borrows memory for a part.
Task<std::shared_ptr<PartBuffer>> s3_borrow_part(S3WriteContext const& context, std::uint64_t capacity);

/// The sizes of the parts of one object, so that 10 000 suffice for it.
class S3PartSizes {
public:
    /// `bound`: the most bytes that the object may get; its size if `is_exact`.
    S3PartSizes(S3StoreOptions const& options, std::size_t memory, std::uint64_t bound, bool is_exact)
        : first_(options.part_size), memory_(memory), bound_(bound), is_exact_(is_exact) {}

    /// The least size of the part that follows `parts` parts with `size` bytes, unless it is the last.
    std::uint64_t least(std::size_t parts, std::uint64_t size) const noexcept;
    /// The size up to which that part is gathered.
    std::uint64_t best(std::size_t parts, std::uint64_t size) const noexcept;
    std::uint64_t bound() const noexcept { return bound_; }

private:
    std::size_t first_;
    std::size_t memory_;
    std::uint64_t bound_;
    bool is_exact_;
};

/// What an append starts from.
struct S3AppendStart {
    std::string key{};
    S3Progress progress{};
    S3PartSizes sizes;
    std::shared_ptr<Sha256> hash{};
};

/// An object of a bucket that is open for appending. Its parts go out in parallel while bytes arrive. Fails with
/// `upload_lost` when the tail that the progress names is gone; a multipart upload that is gone is found by the next
/// part.
///
/// No step removes what the recorded state needs: a new tail has a new name, and a part has a number beyond those of
/// the state; only `settle` removes the tail before. A process that was paused and goes on although another one has the
/// upload by now can at most send a part again under a number that the other has used. The state has the ETag of each
/// part, so that completing such an object fails with `upload_lost`, and never mixes bytes.
Task<Result<std::unique_ptr<ObjectAppend>>> open_s3_object_append(S3WriteContext context, S3AppendStart start);

}  // namespace clinikk
