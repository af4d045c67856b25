#pragma once

#include <boost/describe/enum.hpp>

#include <cstdint>
#include <string>
#include <variant>

#include "base/sha256.hpp"
#include "media/sample_tables.hpp"

namespace clinikk::media::packaging {

/// Why a file cannot be packaged as it is.
enum class RenditionReason : std::uint8_t {
    container,            ///< not an ISO base media file (MP4, QuickTime)
    codec,                ///< players do not take the codec from segments, or it is unknown
    encrypted,            ///< its samples are encrypted
    edits,                ///< its edit list is more than a delay and one edit at normal speed
    sample_descriptions,  ///< a track changes its coding on the way
    key_frames,           ///< too few of them to cut segments
    open_gop,             ///< H.264 pictures are shown before the key frame that is decoded before them
    late_audio,           ///< the audio begins late, and there is no silent frame of its codec
    timing,               ///< durations or times that no player follows
    damaged,              ///< its tables contradict each other
    empty,                ///< no whole sample of video or audio
    too_large,            ///< more than the limits allow
};
BOOST_DESCRIBE_ENUM(RenditionReason, container, codec, encrypted, edits, sample_descriptions, key_frames, open_gop,
                    late_audio, timing, damaged, empty, too_large)

/// A file that plays as it is stored only, until a rendition of it exists.
struct NeedsRendition {
    RenditionReason reason{};
    std::string sentence{};  ///< for people: "The video has one key frame only, so it cannot be cut into segments."
};

/// The bytes of an index, as `PackagingIndex::parse` reads them.
struct BuiltIndex {
    std::string bytes{};
};

using IndexOutcome = std::variant<BuiltIndex, NeedsRendition>;

/// The file that is indexed.
struct SourceIdentity {
    std::uint64_t size = 0;
    Sha256Digest sha256{};
};

/// Makes the packaging index of a file (docs/packaging-index.md). Of the file it reads the headers of its boxes, its
/// `moov` and its `moof`s, so `bytes` need not hold anything else. It trusts none of their counts: work is bounded by
/// their size, and memory by a small multiple of the index's. Throws what `bytes` throws, and nothing else.
IndexOutcome make_index(RandomBytes const& bytes, SourceIdentity const& source);

}  // namespace clinikk::media::packaging
