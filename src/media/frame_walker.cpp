#include "media/frame_walker.hpp"

#include <algorithm>

namespace clinikk::media {
namespace {

constexpr std::uint64_t head_size = 4 << 20;

}  // namespace

FrameWalker::FrameWalker(FrameFormat const& format, std::uint64_t origin)
    : format_(format), capacity_(frames_for_sync * format.max_length + format.header_size), buffer_begin_(origin) {}

void FrameWalker::feed(std::string_view bytes, KeptParts& kept) {
    while (!bytes.empty()) {
        if (skip_ > 0) {
            auto const passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
            skip_ -= passed;
            buffer_begin_ += passed;
            bytes.remove_prefix(passed);
            if (skip_ == 0) count(buffer_begin_);
            continue;
        }
        auto const more = std::min(bytes.size(), capacity_ - buffer_.size());
        buffer_.append(bytes.substr(0, more));
        bytes.remove_prefix(more);
        walk(kept, false);
    }
}

// `all`: nothing follows the bytes in the buffer.
void FrameWalker::walk(KeptParts& kept, bool all) {
    std::size_t at = 0;
    for (bool going = true; going && skip_ == 0;) {
        auto const rest = std::string_view(buffer_).substr(at);
        bool const was_in_sync = in_sync_;
        auto const used = in_sync_ ? follow(rest) : search(rest, kept, all);
        at += used;
        buffer_begin_ += used;
        going = used > 0 || in_sync_ != was_in_sync;
    }
    buffer_.erase(0, at);
}

// Takes the next frame, or as much of it as has arrived.
std::size_t FrameWalker::follow(std::string_view rest) {
    if (rest.size() < format_.header_size) return 0;
    auto const frame = format_.read(rest);
    in_sync_ = frame && frame->kind == first_.kind;
    if (!in_sync_) return 0;
    current_ = *frame;
    auto const used = std::min<std::size_t>(frame->length, rest.size());
    skip_ = frame->length - used;
    if (skip_ == 0) count(buffer_begin_ + used);
    return used;
}

// Skips bytes that are certainly not the beginning of frames.
std::size_t FrameWalker::search(std::string_view rest, KeptParts& kept, bool all) {
    for (auto at = rest.find('\xff'); at != std::string_view::npos; at = rest.find('\xff', at + 1)) {
        auto const run = follow_frames(rest.substr(at), format_);
        bool const other = first_.length != 0 && run.first.length != 0 && run.first.kind != first_.kind;
        if (run.broken || other) continue;
        bool const enough = run.frames == frames_for_sync || (all && run.frames > 0);
        if (!enough && !all) return at;
        if (!enough) continue;
        if (first_.length == 0) {
            first_ = run.first;
            begin(rest.substr(at), buffer_begin_ + at, kept);
        }
        in_sync_ = true;
        return at;
    }
    return rest.size();
}

void FrameWalker::begin(std::string_view media, std::uint64_t offset, KeptParts& kept) {
    media_begin_ = offset;
    media_end_ = offset;
    if (&format_ == &mpeg_audio_format) encoder_ = read_encoder_frame(media.substr(0, first_.length));
    at_encoder_ = encoder_.present;
    kept.start_at(offset, {});
    kept.write_at(offset, media);
    kept.keep({offset, offset + head_size});
}

void FrameWalker::count(std::uint64_t end) {
    media_end_ = end;
    if (!at_encoder_) {
        ++frames_;
        samples_ += current_.samples;
    }
    at_encoder_ = false;
}

Walked FrameWalker::finish(RandomBytes const& /*kept*/) {
    Walked walked;
    walked.begin = media_begin_;
    walked.end = media_end_;
    bool const inside_frame = skip_ > 0 || (in_sync_ && buffer_.starts_with('\xff'));
    walked.truncated = inside_frame || encoder_.frames > frames_ + 1;
    if (frames_ == 0) {
        walked.refusal = walked.truncated ? Error(ErrorCode::media_truncated, "The file ends before its first sound.")
                                          : Error(ErrorCode::media_unrecognised, "The file holds no frame of sound.");
        return walked;
    }
    walked.duration_ms = to_milliseconds(samples_, first_.sample_rate);
    return walked;
}

}  // namespace clinikk::media
