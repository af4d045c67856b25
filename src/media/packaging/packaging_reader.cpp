#include "media/packaging/packaging_reader.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "media/packaging/dash.hpp"
#include "media/packaging/fast_start.hpp"
#include "media/packaging/hls.hpp"
#include "media/packaging/media_segment.hpp"
#include "media/packaging/packaging_index.hpp"
#include "media/packaging/presentation.hpp"

namespace clinikk::media::packaging {
namespace {

static_assert(packaging_index_format.media_type.ends_with("version=1") && PackagingIndex::version == 1,
              "the media type of the object states the version of the index in it");

Run to_run(ByteRange range) { return {range.offset, range.length}; }

ByteRange to_range(Run run) { return {run.offset, run.length}; }

PackagedBytes to_bytes(SegmentLayout layout) {
    PackagedBytes bytes{std::move(layout.head), {}};
    bytes.runs.reserve(layout.runs.size());
    for (auto const& run : layout.runs) bytes.runs.push_back(to_range(run));
    return bytes;
}

class FastStartFile final : public RearrangedFile {
public:
    FastStartFile(FastStart const& plan, std::uint64_t source_size) : layout_(plan, source_size) {}

    std::uint64_t length() const noexcept override { return layout_.length(); }

    std::vector<RearrangedPiece> pieces(ByteRange range) const override {
        std::vector<RearrangedPiece> found;
        for (auto const& piece : layout_.pieces(range)) {
            found.push_back({to_range(piece.source), piece.is_rewritten});
        }
        return found;
    }

    ByteRange to_read(ByteRange part) const override { return to_range(layout_.to_read(to_run(part))); }

    std::string rewrite(ByteRange part, std::string bytes) const override {
        return layout_.rewrite(to_run(part), std::move(bytes));
    }

private:
    FastStartLayout layout_;
};

/// An index with all that requests ask of it.
class IndexedMedia final : public PackagedMedia {
public:
    explicit IndexedMedia(std::shared_ptr<PackagingIndex const> index) : index_(std::move(index)) {
        if (index_->fast_start()) fast_start_.emplace(*index_->fast_start(), index_->source_size());
    }

    std::string const& digest() const noexcept override { return index_->digest(); }
    std::size_t memory() const noexcept override {
        constexpr std::size_t line = 128;  // of the playlist of key frames
        std::size_t key_frames = 0;
        for (auto const& track : index_->tracks()) {
            if (!has_key_frame_playlist(track)) continue;
            for (auto const& segment : track.segments) key_frames += segment.key_frames;
        }
        return index_->memory() + key_frames * line;
    }

    bool has_video() const noexcept override {
        return std::ranges::find(index_->tracks(), TrackKind::video, &Track::kind) != index_->tracks().end();
    }

    /// Every player begins with it, and its bit rates take all segments of the index to count: made once, as the
    /// playlist of key frames is.
    Result<std::string> master_playlist() const override {
        std::call_once(master_made_, [this] { master_ = packaging::master_playlist(*index_); });
        return master_;
    }

    Result<std::string> media_playlist(std::uint32_t track) const override {
        auto const place = find_track(*index_, track);
        if (!place) return Error(ErrorCode::not_found);
        return packaging::media_playlist(*index_, *place);
    }

    Result<std::string> key_frame_playlist(std::uint32_t track) const override {
        auto const place = find_track(*index_, track);
        // Of several video tracks the first is played.
        if (!place || place != present(*index_).video) return Error(ErrorCode::not_found);
        std::call_once(key_frames_made_, [&] { key_frames_ = packaging::key_frame_playlist(*index_, *place); });
        return key_frames_;
    }

    std::string dash_manifest() const override { return packaging::dash_manifest(*index_); }

    Result<PackagedBytes> segment(std::uint32_t track, SegmentName name) const override {
        auto const place = find_track(*index_, track);
        if (!place) return Error(ErrorCode::not_found);
        if (name.kind == SegmentName::Kind::init) return PackagedBytes{index_->tracks()[*place].init, {}};
        if (name.number == 0) return Error(ErrorCode::not_found);
        bool const is_media = name.kind == SegmentName::Kind::media;
        if (!is_media && !has_key_frame_playlist(index_->tracks()[*place])) return Error(ErrorCode::not_found);
        auto layout = is_media ? media_segment(*index_, *place, name.number - 1)
                               : key_frame_segment(*index_, *place, name.number - 1);
        if (!layout) return layout.error();
        return to_bytes(std::move(*layout));
    }

    Result<std::string_view> segment_type(std::uint32_t track) const override {
        auto const place = find_track(*index_, track);
        if (!place) return Error(ErrorCode::not_found);
        bool const is_video = index_->tracks()[*place].kind == TrackKind::video;
        return is_video ? media_format::mp4.media_type : media_format::m4a.media_type;
    }

    RearrangedFile const* fast_start() const noexcept override { return fast_start_ ? &*fast_start_ : nullptr; }

private:
    std::shared_ptr<PackagingIndex const> index_;
    std::optional<FastStartFile> fast_start_;
    mutable std::once_flag master_made_;
    mutable Result<std::string> master_;
    mutable std::once_flag key_frames_made_;
    mutable Result<std::string> key_frames_;
};

class PackagedMediaReader final : public PackagingReader {
public:
    Result<std::shared_ptr<PackagedMedia const>> read(std::string index) override {
        auto parsed = PackagingIndex::parse(std::move(index));
        if (!parsed) return parsed.error();
        return std::shared_ptr<PackagedMedia const>(std::make_shared<IndexedMedia>(std::move(*parsed)));
    }
};

}  // namespace

std::unique_ptr<PackagingReader> make_packaging_reader() { return std::make_unique<PackagedMediaReader>(); }

}  // namespace clinikk::media::packaging
