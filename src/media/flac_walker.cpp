#include "media/flac_walker.hpp"

#include <algorithm>

#include "media/big_endian.hpp"
#include "media/tags.hpp"

namespace clinikk::media {
namespace {

constexpr std::string_view marker = "fLaC";
constexpr std::size_t block_header_size = 4;
constexpr std::uint64_t head_size = 4 << 20;
constexpr std::uint64_t max_frame = 2 << 20;  // 8 channels of 65 535 samples of 32 bits

}  // namespace

void FlacWalker::feed(std::string_view bytes, KeptParts& kept) {
    while (!bytes.empty() && part_ < Part::frames) bytes = take_metadata(bytes, kept);
    if (part_ == Part::frames) scan(bytes);
    position_ += bytes.size();
}

// Takes bytes until `pending_` has `count` of them, and returns the rest.
std::string_view FlacWalker::gather(std::string_view bytes, std::size_t count) {
    auto const more = std::min(bytes.size(), count - pending_.size());
    pending_.append(bytes.substr(0, more));
    position_ += more;
    return bytes.substr(more);
}

std::string_view FlacWalker::take_metadata(std::string_view bytes, KeptParts& kept) {
    if (part_ == Part::block) {
        auto const passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
        skip_ -= passed;
        position_ += passed;
        if (skip_ == 0) end_block(kept);
        return bytes.substr(passed);
    }
    auto const needed = part_ == Part::marker         ? marker.size()
                        : part_ == Part::block_header ? block_header_size
                                                      : FlacStreamInfo::size;
    bytes = gather(bytes, needed);
    if (pending_.size() < needed) return bytes;
    if (part_ == Part::marker) {
        part_ = pending_ == marker ? Part::block_header : Part::damaged;
    } else if (part_ == Part::block_header) {
        take_block_header();
    } else {
        take_stream_info();
    }
    pending_.clear();
    if (part_ == Part::block && skip_ == 0) end_block(kept);
    return bytes;
}

// The stream information comes first (RFC 9639 section 8.2).
void FlacWalker::take_block_header() {
    auto const header = load_u32(pending_);
    last_block_ = (header >> 31) != 0;
    skip_ = header & 0xff'ffff;
    part_ = Part::block;
    if (info_) return;
    bool const is_stream_info = (header >> 24 & 0x7f) == 0 && skip_ >= FlacStreamInfo::size;
    part_ = is_stream_info ? Part::stream_info : Part::damaged;
}

void FlacWalker::take_stream_info() {
    stream_info_ = pending_;
    info_ = read_stream_info(stream_info_);
    skip_ -= FlacStreamInfo::size;
    part_ = info_ ? Part::block : Part::damaged;
}

void FlacWalker::end_block(KeptParts& kept) {
    part_ = last_block_ ? Part::frames : Part::block_header;
    if (!last_block_) return;
    auto const header = std::string(marker) + std::string("\x80\0\0\x22", block_header_size) + stream_info_;
    media_begin_ = position_ - header.size();
    kept.start_at(position_, header);
    kept.keep({position_, position_ + head_size});
}

// Looks at each position that a whole header may have; the last positions wait for the following bytes.
void FlacWalker::scan(std::string_view bytes) {
    constexpr std::size_t waiting = FlacFrame::max_header - 1;
    if (!pending_.empty()) {
        auto const joint = pending_ + std::string(bytes.substr(0, waiting));
        if (joint.size() > waiting) {
            examine(joint, position_ - pending_.size(), std::min(pending_.size(), joint.size() - waiting));
        }
    }
    if (bytes.size() > waiting) examine(bytes, position_, bytes.size() - waiting);
    pending_.append(bytes.size() > waiting ? bytes.substr(bytes.size() - waiting) : bytes);
    if (pending_.size() > waiting) pending_.erase(0, pending_.size() - waiting);
}

// `starts`: the number of positions to look at.
void FlacWalker::examine(std::string_view bytes, std::uint64_t offset, std::size_t starts) {
    auto const places = bytes.substr(0, starts);
    for (auto at = places.find('\xff'); at != std::string_view::npos; at = places.find('\xff', at + 1)) {
        if (at + 1 >= bytes.size() || (static_cast<unsigned char>(bytes[at + 1]) & 0xfe) != 0xf8) continue;
        auto const frame = read_flac_frame(bytes.substr(at, FlacFrame::max_header), *info_);
        if (frame) take_frame(*frame, offset + at);
    }
}

bool FlacWalker::follows(FlacFrame const& frame, FlacFrame const& other) const noexcept {
    return frame.variable == other.variable && frame.number == other.number + (other.variable ? other.samples : 1);
}

// A header that does not follow the last frame may be sound that looks like a header. If another frame follows it,
// bytes are missing before both.
void FlacWalker::take_frame(FlacFrame const& frame, std::uint64_t offset) {
    if (frame_ && follows(frame, *frame_)) {
        frame_start_ += frame_->samples;
    } else if (!frame_ || (stray_ && frame.number > frame_->number && follows(frame, *stray_))) {
        frame_start_ = frame.variable ? frame.number : frame.number * (stray_ ? stray_->samples : frame.samples);
        if (!frame_) first_sample_ = frame_start_;
    } else {
        stray_ = frame;
        return;
    }
    frame_ = frame;
    frame_offset_ = offset;
    stray_.reset();
}

void FlacWalker::end_of_file(KeptParts& /*kept*/) {
    if (part_ == Part::frames) examine(pending_, position_ - pending_.size(), pending_.size());
}

// The end of the last frame, which its checksum shows. Empty when the frame is not whole. If it is not among the kept
// bytes, because a large tag follows, it counts as whole.
std::optional<std::uint64_t> FlacWalker::last_frame_end(RandomBytes const& kept, std::uint64_t end) const {
    constexpr std::size_t checksum_size = 2;
    if (end < frame_offset_ + frame_->header_size) return std::nullopt;
    std::string bytes(static_cast<std::size_t>(std::min(end - frame_offset_, max_frame)), '\0');
    kept.read_at(frame_offset_, bytes);
    if (!read_flac_frame(std::string_view(bytes).substr(0, FlacFrame::max_header), *info_)) return end;
    if (flac_crc16(0, bytes) == 0) return end;

    // Other bytes may follow the last frame, which ends where the checksum is first correct.
    bool const is_last = info_->total_samples != 0 && frame_start_ + frame_->samples >= info_->total_samples;
    auto at = std::max<std::size_t>(frame_->header_size + checksum_size, info_->min_frame);
    if (!is_last || at > bytes.size()) return std::nullopt;
    auto crc = flac_crc16(0, std::string_view(bytes).substr(0, at));
    while (crc != 0 && at < bytes.size()) crc = flac_crc16(crc, std::string_view(bytes).substr(at++, 1));
    return crc == 0 ? std::optional(frame_offset_ + at) : std::nullopt;
}

Walked FlacWalker::finish(RandomBytes const& kept) {
    Walked walked;
    walked.begin = media_begin_;
    walked.end = position_;
    if (part_ == Part::damaged) {
        walked.refusal =
            Error(ErrorCode::media_unrecognised, "The file begins like FLAC, but its structure is damaged.");
        return walked;
    }
    auto const whole_end = frame_ ? last_frame_end(kept, trailing_tags(kept, position_)) : std::nullopt;
    auto const samples = frame_ ? frame_start_ - first_sample_ + (whole_end ? frame_->samples : 0) : 0;
    if (samples == 0) {
        walked.refusal = Error(ErrorCode::media_truncated, "The file ends before its first sound.");
        return walked;
    }
    walked.end = whole_end.value_or(frame_offset_);
    walked.truncated = !whole_end || samples < info_->total_samples;
    walked.duration_ms = to_milliseconds(samples, info_->sample_rate);
    return walked;
}

}  // namespace clinikk::media
