#include "media/id3_walker.hpp"

#include <algorithm>

#include "media/flac_walker.hpp"
#include "media/frame_walker.hpp"
#include "media/tags.hpp"

namespace clinikk::media {
namespace {

std::unique_ptr<FormatWalker> make_inner(Container container, std::uint64_t origin) {
    switch (container) {
        case Container::mpeg_audio: return std::make_unique<FrameWalker>(mpeg_audio_format, origin);
        case Container::adts: return std::make_unique<FrameWalker>(adts_format, origin);
        case Container::flac: return std::make_unique<FlacWalker>(origin);
        default: return nullptr;
    }
}

}  // namespace

void Id3Walker::feed(std::string_view bytes, KeptParts& kept) {
    while (!bytes.empty()) {
        if (container_) {
            position_ += bytes.size();
            if (inner_) inner_->feed(bytes, kept);
            return;
        }
        if (skip_ > 0) {
            auto const passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
            skip_ -= passed;
            position_ += passed;
            bytes.remove_prefix(passed);
            continue;
        }
        // A few bytes identify a tag; the format after it takes more.
        bytes = gather(bytes, tag_header_size);
        if (window_.size() < tag_header_size) return;
        if (window_.size() == tag_header_size && pass_over()) continue;
        bytes = gather(bytes, signature_window);
        if (window_.size() == signature_window) choose(kept);
    }
}

// Takes bytes until the window has `count` of them, and returns the rest.
std::string_view Id3Walker::gather(std::string_view bytes, std::size_t count) {
    auto const more = std::min(bytes.size(), count - std::min(count, window_.size()));
    window_.append(bytes.substr(0, more));
    position_ += more;
    return bytes.substr(more);
}

// Returns whether the window began with a tag or zeros, which have been removed from it.
bool Id3Walker::pass_over() {
    std::uint64_t length = std::min(window_.find_first_not_of('\0'), window_.size());
    if (length == 0) length = leading_tag(window_).value_or(0);
    if (length == 0) return false;
    auto const here = static_cast<std::size_t>(std::min<std::uint64_t>(length, window_.size()));
    window_.erase(0, here);
    skip_ = length - here;
    return true;
}

void Id3Walker::choose(KeptParts& kept) {
    auto const origin = position_ - window_.size();
    container_ = recognise(window_);
    if (container_->has_value()) inner_ = make_inner(container_->value(), origin);
    if (inner_) {
        kept.start_at(origin, {});
        inner_->feed(window_, kept);
        kept.write_at(origin, window_);  // most of it arrived before its format was known
    }
    window_ = {};
}

void Id3Walker::end_of_file(KeptParts& kept) {
    if (!container_) {
        while (skip_ == 0 && !window_.empty() && pass_over()) continue;
        choose(kept);
    }
    if (inner_) inner_->end_of_file(kept);
}

Walked Id3Walker::finish(RandomBytes const& kept) {
    if (inner_) {
        auto walked = inner_->finish(kept);
        walked.inner = container_->value();
        return walked;
    }
    Walked walked;
    walked.begin = walked.end = position_;
    if (skip_ > 0) {
        walked.refusal = Error(ErrorCode::media_truncated, "The file ends inside the tag at its beginning.");
    } else if (container_ && container_->has_error() && container_->error().code == ErrorCode::media_unsupported) {
        walked.refusal = container_->error();
    } else {
        walked.refusal = Error(ErrorCode::media_unrecognised,
                               "Behind the tag at its beginning the file holds neither MP3 nor AAC nor FLAC.");
    }
    return walked;
}

}  // namespace clinikk::media
