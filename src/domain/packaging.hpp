#pragma once

#include <boost/describe/enum.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_range.hpp"
#include "base/result.hpp"
#include "domain/media_format.hpp"

/// Playing a stored file as HLS, as DASH, and as a file that starts fast, without a second copy of it. What a request
/// needs to know of the file is in its packaging index, which is made once, when the file arrives.
namespace clinikk {

/// Whether a content can be packaged from the bytes that are stored.
enum class Packaging : std::uint8_t { ready, needs_rendition };
BOOST_DESCRIBE_ENUM(Packaging, ready, needs_rendition)

/// The verdict about one file.
struct PackagingVerdict {
    Packaging packaging = Packaging::needs_rendition;
    std::string reason{};  ///< of `needs_rendition`: a sentence for people
};

/// The verdict, and the bytes of the packaging index if it is `ready`.
struct PackagingExamination {
    PackagingVerdict verdict{};
    std::string index{};
};

/// The format of the object that stores an index. An index of another format is not read; `backfill` makes it anew.
inline constexpr MediaFormat packaging_index_format{"idx", "application/vnd.clinikk.packaging-index; version=1"};

/// The name of a segment in its address.
struct SegmentName {
    enum class Kind : std::uint8_t { init, media, key_frame };
    Kind kind = Kind::init;
    std::uint32_t number = 0;  ///< of the others: from 1
};

/// Bytes of an answer: those in memory, then those of the source in this order.
struct PackagedBytes {
    std::string head{};
    std::vector<ByteRange> runs{};

    std::uint64_t length() const noexcept;
    /// The bytes of a range, which lies within them.
    PackagedBytes part(ByteRange range) const;
};

/// A part of a rearranged file: bytes of the source as they are, or to be rewritten.
struct RearrangedPiece {
    ByteRange source{};
    bool is_rewritten = false;
};

/// The bytes of the source in another order, so that a player can start before it has all of them. Immutable.
class RearrangedFile {
public:
    virtual ~RearrangedFile() = default;

    virtual std::uint64_t length() const noexcept = 0;
    /// What a range of the file, which lies within it, is made of.
    virtual std::vector<RearrangedPiece> pieces(ByteRange range) const = 0;
    /// The bytes of the source that `rewrite` needs for a part of a piece to be rewritten.
    virtual ByteRange to_read(ByteRange part) const = 0;
    /// That part as it stands in the file. `bytes` are those of `to_read(part)`.
    virtual std::string rewrite(ByteRange part, std::string bytes) const = 0;
};

/// What one packaging index says, ready for requests. Immutable, so threads share it. Tracks are named by their ids in
/// the source. Fails with `not_found` where there is no such track or segment, and with `internal` where the index is
/// damaged.
class PackagedMedia {
public:
    virtual ~PackagedMedia() = default;

    /// Hexadecimal, of the bytes of the index: stands in the addresses of segments.
    virtual std::string const& digest() const noexcept = 0;
    /// Bytes in memory.
    virtual std::size_t memory() const noexcept = 0;
    virtual bool has_video() const noexcept = 0;

    virtual Result<std::string> master_playlist() const = 0;
    virtual Result<std::string> media_playlist(std::uint32_t track) const = 0;
    virtual Result<std::string> key_frame_playlist(std::uint32_t track) const = 0;
    virtual std::string dash_manifest() const = 0;
    /// The bytes follow from the index alone, so they never change at their address.
    virtual Result<PackagedBytes> segment(std::uint32_t track, SegmentName name) const = 0;
    /// The media type of the segments of a track.
    virtual Result<std::string_view> segment_type(std::uint32_t track) const = 0;
    /// The file that starts fast; null when the source cannot be rearranged so.
    virtual RearrangedFile const* fast_start() const noexcept = 0;
};

/// Reads packaging indexes. Thread-safe.
class PackagingReader {
public:
    virtual ~PackagingReader() = default;
    /// Fails with `internal` when the index is damaged or of another version.
    virtual Result<std::shared_ptr<PackagedMedia const>> read(std::string index) = 0;
};

}  // namespace clinikk
