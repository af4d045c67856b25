#include "media/matroska_walker.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "media/big_endian.hpp"
#include "media/ebml.hpp"

namespace clinikk::media {
namespace {

// RFC 9559 section 5.
enum Id : std::uint32_t {
    ebml_header = 0x1a45dfa3,
    segment = 0x18538067,
    seek_head = 0x114d9b74,
    info = 0x1549a966,
    tracks = 0x1654ae6b,
    cluster = 0x1f43b675,
    cues = 0x1c53bb6b,
    chapters = 0x1043a770,
    tags = 0x1254c367,
    attachments = 0x1941a469,
    timestamp = 0xe7,
    simple_block = 0xa3,
    block_group = 0xa0,
    block = 0xa1,
    block_duration = 0x9b,
    void_element = 0xec,
    timestamp_scale = 0x2ad7b1,
    duration = 0x4489,
    track_entry = 0xae,
    track_number = 0xd7,
    track_type = 0x83,
    default_duration = 0x23e383,
};

constexpr std::string_view cluster_id("\x1f\x43\xb6\x75", 4);
constexpr std::uint64_t max_index = 16 << 20;  // Info or Tracks
constexpr std::uint64_t small_element = 64 << 10;
constexpr std::uint64_t tiny_element = 256;
constexpr int max_elements_kept = 4096;          // each takes a block of the disk
constexpr std::uint64_t media_wanted = 5 << 20;  // more than ffprobe reads
constexpr std::uint64_t max_block_kept = 16 << 20;
constexpr std::uint64_t max_size = std::uint64_t{1} << 60;
constexpr std::int64_t max_time = std::int64_t{1} << 58;  // nanoseconds: nine years
constexpr std::uint64_t video_track = 1;
constexpr std::uint64_t audio_track = 2;

// Known elements of two bytes and more distinguish the media from text that was appended to the file.
bool is_known(std::uint32_t id) {
    switch (id) {
        case ebml_header:
        case segment:
        case seek_head:
        case info:
        case tracks:
        case cluster:
        case cues:
        case chapters:
        case tags:
        case attachments: return true;
        default: return id <= 0xff;
    }
}

std::int64_t nanoseconds(std::uint64_t ticks, std::uint64_t scale) {
    auto const time = static_cast<long double>(ticks) * static_cast<long double>(scale);
    return time >= static_cast<long double>(max_time) ? max_time : static_cast<std::int64_t>(ticks * scale);
}

// The head of a Void element (RFC 8794 section 11.3.2) that takes as many bytes as the element it stands for.
std::string void_head(std::uint64_t whole_size) {
    std::string head("\xec\x01", 2);
    auto const size = whole_size - 9;
    for (int shift = 48; shift >= 0; shift -= 8) head += static_cast<char>(size >> shift & 0xff);
    return head;
}

}  // namespace

void MatroskaWalker::feed(std::string_view bytes, KeptParts& kept) {
    reader_.feed(bytes);
    while (step(kept)) {
    }
}

// One element; false when more bytes are needed.
bool MatroskaWalker::step(KeptParts& kept) {
    if (behind_segment_ || refusal_ || !reader_.has_caught_up()) return false;
    if (!lost_) end_ = reader_.position();
    if (segment_end_ && reader_.position() >= *segment_end_) {
        behind_segment_ = true;
        return false;
    }
    if (lost_) {
        if (!reader_.skip_to(cluster_id)) return false;
        lost_ = false;
    }
    auto const element = read_header();
    return element ? take(*element, kept) : lost_;
}

bool MatroskaWalker::lose_track() {
    lost_ = true;
    reader_.skip(1);
    return true;
}

std::optional<MatroskaWalker::Element> MatroskaWalker::read_header() {
    auto bytes = reader_.peek(1);
    if (!bytes) return std::nullopt;
    auto const id_length = vint_length(bytes->front());
    if (id_length > 4) {
        lose_track();
        return std::nullopt;
    }
    bytes = reader_.peek(id_length + 1);
    if (!bytes) return std::nullopt;
    auto const size_length = vint_length(bytes->back());
    if (size_length > 8) {
        lose_track();
        return std::nullopt;
    }
    bytes = reader_.peek(id_length + size_length);
    if (!bytes) return std::nullopt;
    auto const size = read_vint(bytes->substr(id_length));
    auto const id = static_cast<std::uint32_t>(load_big_endian(*bytes, id_length));
    return Element{id, reader_.position(), bytes->size(), std::min(size.value, max_size), size.unknown};
}

bool MatroskaWalker::take(Element const& element, KeptParts& kept) {
    switch (element.id) {
        case segment: return take_segment(element, kept);
        case cluster: return take_cluster(element, kept);
        case block_group: return descend(element, kept);
        default: break;
    }
    if (element.unknown_size) return lose_track();
    switch (element.id) {
        case info:
        case tracks: return take_index(element, kept);
        case timestamp:
        case block_duration: return take_number(element, kept);
        case simple_block:
        case block: return take_block(element, kept);
        default: return pass_over(element, kept);
    }
}

bool MatroskaWalker::take_segment(Element const& element, KeptParts& kept) {
    if (in_segment_) {  // another file behind this one
        behind_segment_ = true;
        return false;
    }
    in_segment_ = true;
    if (!element.unknown_size) segment_end_ = element.end();
    return descend(element, kept);
}

bool MatroskaWalker::take_cluster(Element const& element, KeptParts& kept) {
    commit_block();
    cluster_end_ = element.unknown_size ? 0 : element.end();
    cluster_time_ = 0;
    return descend(element, kept);
}

bool MatroskaWalker::descend(Element const& element, KeptParts& kept) {
    auto const header = reader_.peek(element.header_size);
    if (media_kept_ < media_wanted) kept.write_at(element.begin, *header);
    reader_.skip(element.header_size);
    return true;
}

bool MatroskaWalker::take_number(Element const& element, KeptParts& kept) {
    if (element.size > 8) return lose_track();
    auto const bytes = reader_.peek(element.header_size + static_cast<std::size_t>(element.size));
    if (!bytes) return false;
    auto const number = ebml_unsigned(bytes->substr(element.header_size));
    if (element.id == timestamp) {
        cluster_time_ = number;
    } else if (block_) {
        block_->duration = nanoseconds(number, scale_);
    }
    if (media_kept_ < media_wanted) kept.write_at(element.begin, *bytes);
    reader_.skip(bytes->size());
    return true;
}

bool MatroskaWalker::take_index(Element const& element, KeptParts& kept) {
    if (element.size > max_index) {
        refusal_ = Error(ErrorCode::media_unsupported, "The file's description of its tracks is larger than 16 MiB.");
        return false;
    }
    auto const bytes = reader_.peek(element.header_size + static_cast<std::size_t>(element.size));
    if (!bytes) return false;
    auto const payload = bytes->substr(element.header_size);
    element.id == info ? read_info(payload) : read_tracks(payload);
    kept.write_at(element.begin, *bytes);
    reader_.skip(bytes->size());
    return true;
}

bool MatroskaWalker::take_block(Element const& element, KeptParts& kept) {
    constexpr std::uint64_t longest_start = 12;  // track, time, flags, number of laced frames
    auto const start = static_cast<std::size_t>(std::min(element.size, longest_start));
    auto const bytes = reader_.peek(element.header_size + start);
    if (!bytes) return false;
    commit_block();
    block_ = read_block(bytes->substr(element.header_size));
    if (block_) block_->end = element.end();
    if (media_kept_ < media_wanted) {
        kept.write_at(element.begin, *bytes);
        auto const from = element.begin + bytes->size();
        kept.keep({from, std::min(element.end(), from + max_block_kept)});
        media_kept_ += element.size + 64;  // many empty ones are many, too
    }
    passing_unknown_ = false;
    reader_.skip(element.header_size + element.size);
    return true;
}

bool MatroskaWalker::pass_over(Element const& element, KeptParts& kept) {
    auto const header = reader_.peek(element.header_size);
    bool const is_read = element.id == ebml_header || element.id == seek_head;
    if ((media_kept_ < media_wanted || is_read) && elements_kept_ < max_elements_kept) {
        ++elements_kept_;
        if (element.size <= (is_read ? small_element : tiny_element)) {
            kept.write_at(element.begin, *header);
            kept.keep({element.begin + element.header_size, element.end()});
        } else {
            kept.write_at(element.begin, void_head(element.header_size + element.size));
        }
    }
    passing_unknown_ = !is_known(element.id);
    reader_.skip(element.header_size + element.size);
    return true;
}

void MatroskaWalker::read_info(std::string_view payload) {
    EbmlCursor cursor(payload);
    while (auto const child = cursor.next()) {
        if (child->id == timestamp_scale) scale_ = std::max<std::uint64_t>(ebml_unsigned(child->payload), 1);
        if (child->id == duration) has_duration_ = ebml_float(child->payload) > 0;
    }
}

void MatroskaWalker::read_tracks(std::string_view payload) {
    EbmlCursor cursor(payload);
    while (auto const entry = cursor.next()) {
        if (entry->id != track_entry) continue;
        if (tracks_.size() == max_tracks) {
            refusal_ = Error(ErrorCode::media_unsupported, "The file has more than 1000 tracks.");
            return;
        }
        Track track;
        EbmlCursor members(entry->payload);
        while (auto const member = members.next()) {
            if (member->id == track_number) track.number = ebml_unsigned(member->payload);
            if (member->id == track_type) track.type = ebml_unsigned(member->payload);
            if (member->id == default_duration) track.frame_duration = nanoseconds(ebml_unsigned(member->payload), 1);
        }
        tracks_.push_back(track);
    }
}

// RFC 9559 section 10.
std::optional<MatroskaWalker::Block> MatroskaWalker::read_block(std::string_view start) const {
    auto const number = read_vint(start);
    if (number.length == 0 || start.size() < number.length + 3) return std::nullopt;
    auto const relative = static_cast<std::int16_t>(load_big_endian(start.substr(number.length), 2));
    bool const laced = (start[number.length + 2] & 0x06) != 0;
    Block read;
    read.track = number.value;
    read.time =
        nanoseconds(cluster_time_, scale_) + relative * nanoseconds(1, std::min<std::uint64_t>(scale_, 1u << 31));
    if (laced && start.size() > number.length + 3) {
        read.frames = static_cast<unsigned char>(start[number.length + 3]) + 1u;
    }
    return read;
}

void MatroskaWalker::commit_block() {
    if (!block_) return;
    auto const passed = *block_;
    block_.reset();
    has_blocks_ = true;
    auto const track = std::ranges::find(tracks_, passed.track, &Track::number);
    if (track == tracks_.end()) return;
    auto const frames = static_cast<std::int64_t>(passed.frames);
    track->first = track->frames == 0 ? passed.time : std::min(track->first, passed.time);
    track->latest = track->frames == 0 ? passed.time : std::max(track->latest, passed.time);
    auto const length = passed.duration.value_or(std::min(track->frame_duration, max_time / 256) * frames);
    if (length > 0) track->end = std::max(track->end, passed.time + length);
    track->frames += passed.frames;
}

std::optional<std::int64_t> MatroskaWalker::counted_ms() const {
    std::optional<std::int64_t> begin;
    std::int64_t end = 0;
    for (auto const& track : tracks_) {
        if (track.frames == 0 || (track.type != video_track && track.type != audio_track)) continue;
        begin = std::min(begin.value_or(track.first), track.first);
        // The last frame states no length, so it counts as long as the others are on average.
        auto const gaps = static_cast<std::int64_t>(track.frames) - 1;
        auto const average = gaps > 0 ? (track.latest - track.first) / gaps : 0;
        end = std::max({end, track.end, track.latest + (track.end > track.latest ? 0 : average)});
    }
    if (!begin || end <= *begin) return std::nullopt;
    return (end - *begin + 500'000) / 1'000'000;
}

bool MatroskaWalker::stops_early() const {
    auto const received = reader_.received();
    if (segment_end_) return received < *segment_end_;
    if (behind_segment_ || lost_) return false;
    if (received < cluster_end_) return true;
    return reader_.has_caught_up() ? received > reader_.position() : !passing_unknown_;
}

Walked MatroskaWalker::finish(RandomBytes const& /*kept*/) {
    Walked walked;
    if (!lost_ && !behind_segment_ && reader_.has_caught_up()) end_ = reader_.position();
    walked.end = end_;
    walked.truncated = stops_early();
    if (block_ && block_->end <= reader_.received()) commit_block();
    walked.refusal = refusal_;
    if (walked.refusal) return walked;
    if (tracks_.empty() || !has_blocks_) {
        walked.refusal = walked.truncated ? Error(ErrorCode::media_truncated, "The file ends before its first frame.")
                                          : Error(ErrorCode::media_unrecognised,
                                                  "The file has the structure of Matroska, but holds no media.");
        return walked;
    }
    if (walked.truncated || !has_duration_) walked.duration_ms = counted_ms();
    return walked;
}

}  // namespace clinikk::media
