// The packaging index on hostile bytes. As a movie: whatever it says, there is a verdict, and an index that comes with
// it can be read and written from whole. As an index: it is refused, or every segment of it is refused or lies within
// the source.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "media/packaging/dash.hpp"
#include "media/packaging/fast_start.hpp"
#include "media/packaging/hls.hpp"
#include "media/packaging/index_format.hpp"
#include "media/packaging/make_index.hpp"
#include "media/packaging/media_segment.hpp"
#include "media/packaging/packaging_index.hpp"

using namespace clinikk;
using namespace clinikk::media;
using namespace clinikk::media::packaging;

namespace {

constexpr std::uint64_t window = 4096;

void require(bool condition) {
    if (!condition) std::abort();
}

void require_inside(SegmentSamples const& samples, std::uint64_t source_size) {
    for (auto const& run : samples.runs) require(run.length <= source_size && run.offset <= source_size - run.length);
}

// What the source has there does not matter: these bytes are zeros.
void require_rewritten(FastStartLayout const& layout, Run part) {
    auto const read = layout.to_read(part);
    require(read.offset <= part.offset && read.length <= part.length + 14);
    require(layout.rewrite(part, std::string(read.length, '\0')).size() == part.length);
}

// All that requests ask of an index. `is_ours`: `make_index` made it, so nothing may fail.
void use(PackagingIndex const& index, bool is_ours) {
    for (std::size_t track = 0; track < index.tracks().size(); ++track) {
        auto const& described = index.tracks()[track];
        std::size_t key_frames = 0;
        for (std::size_t i = 0; i < described.segments.size(); ++i) {
            auto const samples = index.samples(track, i);
            require(samples.has_value() || !is_ours);
            if (samples.has_value()) require_inside(*samples, index.source_size());
            auto const segment = media_segment(index, track, i);
            require(segment.has_value() || !is_ours);
            key_frames += described.segments[i].key_frames;
        }
        if (described.kind == TrackKind::video && key_frames > 0) {
            require(key_frame_segment(index, track, key_frames - 1).has_value() || !is_ours);
        }
        (void)media_playlist(index, track);
        (void)key_frame_playlist(index, track);
    }
    require(master_playlist(index).has_value() || !is_ours);
    (void)dash_manifest(index);
    if (!index.fast_start()) return;
    FastStartLayout const layout(*index.fast_start(), index.source_size());
    for (auto const& [source, is_rewritten] : layout.pieces({0, layout.length()})) {
        if (is_rewritten)
            require_rewritten(layout, {.offset = source.offset, .length = std::min(source.length, window)});
    }
}

void read_movie(std::string_view file) {
    auto const outcome = make_index(MemoryBytes(file), {.size = file.size()});
    if (auto const* const refusal = std::get_if<NeedsRendition>(&outcome)) {
        require(!refusal->sentence.empty());
        return;
    }
    auto const index = PackagingIndex::parse(std::get<BuiltIndex>(outcome).bytes);
    require(index.has_value());
    use(**index, true);
}

void read_index(std::string bytes) {
    if (bytes.size() < index_header_size || !bytes.starts_with(index_magic)) return;
    // The size would refuse most changes.
    for (std::size_t i = 0; i < 8; ++i) bytes[index_header_size - 1 - i] = static_cast<char>(bytes.size() >> 8 * i);
    auto const index = PackagingIndex::parse(std::move(bytes));
    if (index.has_value()) use(**index, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const bytes(reinterpret_cast<char const*>(data), size);
    read_movie(bytes);
    read_index(std::string(bytes));
    return 0;
}
