#include "media/iso_media_walker.hpp"

#include <algorithm>

#include "media/big_endian.hpp"

namespace clinikk::media {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t head_size = 4 * mebibyte;
constexpr std::uint64_t max_movie = 64 * mebibyte;

constexpr int max_media_kept = 8;  // boxes of media whose beginning is kept

// Headers and fragments lie scattered over the file, and each takes whole blocks of the file system.
constexpr std::uint64_t block = 4096;
constexpr std::uint64_t max_structure = 64 * mebibyte / block;

Error ends_before_first_frame() { return {ErrorCode::media_truncated, "The file ends before its first frame."}; }

Error error_for(BoxVerdict verdict) {
    switch (verdict) {
        case BoxVerdict::without_index:
            return {ErrorCode::media_truncated,
                    "The file ends before its index (moov) does, and nothing plays without the index."};
        case BoxVerdict::segment:
            return {ErrorCode::media_unsupported, "The file is a streaming segment without its beginning."};
        case BoxVerdict::malformed:
            return {ErrorCode::media_unrecognised, "The file begins like MP4, but its structure is damaged."};
        case BoxVerdict::no_movie:
        case BoxVerdict::truncated:
        case BoxVerdict::complete: break;
    }
    return {ErrorCode::media_unrecognised, "The file has the structure of MP4, but holds neither video nor audio."};
}

/// How much is there of the samples that the tables of the `moov` list.
struct Playable {
    bool complete = true;  ///< all samples of all tracks are there
    bool lists_video = false;
    bool has_video = false;  ///< at least one whole sample
    bool has_audio = false;
    std::optional<std::int64_t> end_ms{};  ///< of the track that ends last

    bool plays() const noexcept { return lists_video ? has_video : has_audio; }
};

Result<Playable> find_playable(RandomBytes const& bytes, MovieIndex const& index, std::uint64_t file_size) {
    Playable playable;
    for (auto const& track : index.tracks) {
        if (track.sample_count == 0) continue;
        auto const whole = count_whole_samples(bytes, track, file_size);
        if (whole.has_error()) return whole.error();
        playable.complete = playable.complete && *whole == track.sample_count;
        bool const is_video = track.handler == four_cc("vide");
        bool const is_audio = track.handler == four_cc("soun");
        playable.lists_video |= is_video;
        if (*whole == 0 || (!is_video && !is_audio)) continue;
        playable.has_video |= is_video;
        playable.has_audio |= is_audio;
        auto const end = presentation_end_ms(bytes, index, track, *whole);
        if (end.has_error()) return end.error();
        playable.end_ms = std::max(playable.end_ms, std::optional(*end));
    }
    return playable;
}

}  // namespace

void IsoMediaWalker::feed(std::string_view bytes, KeptParts& kept) {
    if (walker_.position() == 0) kept.keep({0, head_size});
    walker_.feed(bytes, [&](Box const& box) { keep(box, kept); });
}

// ffprobe follows the boxes too: it needs every header on the way to the index, the index, and some media. The
// packaging index needs every fragment.
void IsoMediaWalker::keep(Box const& box, KeptParts& kept) {
    auto const end = box.to_end ? box.offset + max_movie : box.offset + std::min(box.size, max_movie);
    if (walker_.movie() && walker_.movie()->offset == box.offset) {
        kept.write_at(box.offset, {box.header.data(), box.header_size});
        kept.keep({box.offset, end});
        return;
    }
    bool const is_fragment = box.type == four_cc("moof");
    Extent const structure{box.offset, is_fragment ? end : box.offset + box.header_size};
    if (!spend(structure)) {
        keeps_all_fragments_ = false;
        return;
    }
    if (box.offset + box.header_size > head_size) kept.write_at(box.offset, {box.header.data(), box.header_size});
    if (is_fragment) kept.keep(structure);
    if (box.type == four_cc("mdat") && media_kept_ < max_media_kept) {
        kept.keep({box.offset, box.offset + mebibyte});
        ++media_kept_;
    }
}

// Counts the blocks that a part of the file takes. False when no room is left for them: then nothing more is kept, so
// that what is kept has no holes before its end.
bool IsoMediaWalker::spend(Extent part) {
    if (!keeps_all_fragments_) return false;
    auto const first = std::max(part.begin / block, next_block_);
    auto const last = (part.end - 1) / block;
    if (last < first) return true;
    if (last - first >= max_structure - blocks_kept_) return false;
    blocks_kept_ += last - first + 1;
    next_block_ = last + 1;
    return true;
}

Result<MovieIndex> IsoMediaWalker::read_index(RandomBytes const& kept) const {
    auto const total = walker_.position();
    auto const verdict = walker_.finish(total);
    if (verdict != BoxVerdict::complete && verdict != BoxVerdict::truncated) return error_for(verdict);
    auto const& movie = *walker_.movie();
    Extent const payload{movie.offset + movie.header_size, movie.to_end ? total : movie.offset + movie.size};
    if (payload.size() > max_movie) {
        return Error(ErrorCode::media_unsupported, "The file's index (moov) is larger than 64 MiB.");
    }
    auto index = read_movie_index(kept, payload);
    if (index.has_value() && index->has_external_data()) {
        return Error(ErrorCode::media_unsupported, "The file's media is in another file, to which it refers (dref).");
    }
    return index;
}

Walked IsoMediaWalker::finish(RandomBytes const& kept) {
    auto const total = walker_.position();
    Walked walked;
    walked.end = walker_.end(total);
    auto const index = read_index(kept);
    if (index.has_error()) {
        walked.refusal = index.error();
        return walked;
    }
    walked.encrypted = index->is_encrypted();
    auto const playable = find_playable(kept, *index, total);
    if (playable.has_error()) {
        walked.refusal = playable.error();
        return walked;
    }
    auto fragments = walker_.earlier_fragments();
    bool const all_fragments =
        fragments.add_part(walker_.last_fragment(), walker_.last_fragment_offset(), total, *index);
    auto const fragments_end = fragments.end_ms(*index);
    walked.truncated = walker_.finish(total) == BoxVerdict::truncated || !playable->complete || !all_fragments;
    walked.end_ms = fragments_end;
    if (!walked.truncated) return walked;
    if (!playable->plays() && !fragments_end) walked.refusal = ends_before_first_frame();
    walked.duration_ms = playable->end_ms;
    if (fragments_end) {
        auto const length = *fragments_end - fragments.begin_ms(*index).value_or(0);
        walked.duration_ms = std::max(walked.duration_ms, std::optional(length));
    }
    return walked;
}

}  // namespace clinikk::media
