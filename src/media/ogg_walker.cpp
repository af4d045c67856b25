#include "media/ogg_walker.hpp"

#include <algorithm>

#include "media/big_endian.hpp"
#include "media/byte_at.hpp"
#include "media/flac_frame.hpp"
#include "media/little_endian.hpp"

namespace clinikk::media {
namespace {

using namespace std::string_view_literals;

constexpr auto capture_pattern = "OggS"sv;
constexpr std::size_t header_size = 27;
constexpr std::size_t identification_size = 64;  // all that is read of any codec's first packet
constexpr std::size_t buffer_capacity = header_size + 255 + identification_size;
constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t head_size = 4 * mebibyte;
constexpr std::uint64_t max_seconds = std::uint64_t{86400} * 366 * 10;
constexpr std::int64_t max_ms = max_seconds * 1000;
constexpr std::uint64_t no_granule = ~std::uint64_t{0};  // no packet ends on the page

}  // namespace

// The first packets of Vorbis, Opus (RFC 7845), Theora, FLAC (RFC 9639 section 10.1) and Speex.
OggWalker::LogicalStream OggWalker::read_identification(std::string_view packet) {
    LogicalStream stream;
    if (packet.starts_with("\x01vorbis"sv) && packet.size() >= 16) {
        stream.rate = load_little_endian(packet.substr(12), 4);
    } else if (packet.starts_with("OpusHead"sv) && packet.size() >= 12) {
        stream.rate = 48000;
        stream.skip = load_little_endian(packet.substr(10), 2);
    } else if (packet.starts_with("\x80theora"sv) && packet.size() >= 42) {
        stream.rate = load_u32(packet.substr(22));
        stream.scale = std::max<std::uint64_t>(load_u32(packet.substr(26)), 1);
        stream.shift = static_cast<unsigned>(load_big_endian(packet.substr(40), 2) >> 5 & 31);
    } else if (packet.starts_with("\x7f"
                                  "FLAC"sv) &&
               packet.size() >= 17) {
        auto const info = read_stream_info(packet.substr(17));
        if (info) stream.rate = info->sample_rate;
    } else if (packet.starts_with("Speex   "sv) && packet.size() >= 40) {
        stream.rate = load_little_endian(packet.substr(36), 4);
    }
    return stream;
}

// In milliseconds; 0 when it is unknown or implausible.
std::int64_t OggWalker::time_at(std::uint64_t granule, LogicalStream const& stream) {
    if (stream.rate == 0) return 0;
    auto units = granule;
    if (stream.shift > 0) units = (granule >> stream.shift) + (granule & ((std::uint64_t{1} << stream.shift) - 1));
    units -= std::min(units, stream.skip);
    if (units / stream.rate > max_seconds / stream.scale) return 0;
    return to_milliseconds(units * stream.scale, stream.rate);
}

void OggWalker::feed(std::string_view bytes, KeptParts& kept) {
    while (!bytes.empty()) {
        keep_headers(kept);
        if (skip_ > 0) {
            auto const passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
            skip_ -= passed;
            position_ += passed;
            bytes.remove_prefix(passed);
            if (skip_ == 0) end_page();
            continue;
        }
        auto const more = std::min(bytes.size(), buffer_capacity - buffer_.size());
        buffer_.append(bytes.substr(0, more));
        bytes.remove_prefix(more);
        std::size_t at = 0;
        for (std::size_t used = 1; used > 0 && skip_ == 0;) {
            used = take(std::string_view(buffer_).substr(at));
            at += used;
        }
        buffer_.erase(0, at);
    }
}

// Until there is media, the probe file is kept ahead of the pages; then it gets as much as of any beginning of a file.
void OggWalker::keep_headers(KeptParts& kept) {
    if (playable_ || kept_to_ > position_ + head_size || kept_to_ >= max_headers) return;
    auto const end = kept_to_ + head_size + mebibyte;
    kept.keep({kept_to_, end});
    kept_to_ = end;
}

// Takes what is certain of these bytes and returns how many; 0 when more bytes are needed.
std::size_t OggWalker::take(std::string_view rest) {
    auto const found = rest.find(capture_pattern);
    if (found == std::string_view::npos) {
        auto const certain = rest.size() - std::min(rest.size(), capture_pattern.size() - 1);
        position_ += certain;
        return certain;
    }
    position_ += found;
    if (found > 0) return found;
    if (rest.size() < header_size) return 0;
    auto const flags = byte_at(rest, 5);
    bool const first_page = (flags & 2) != 0;
    std::size_t const body_begin = header_size + byte_at(rest, 26);
    bool const damaged = byte_at(rest, 4) != 0 || flags > 7;
    serial_ = static_cast<std::uint32_t>(load_little_endian(rest.substr(14), 4));
    if (damaged || (!first_page && find_stream(serial_) == nullptr)) {
        ++position_;
        return 1;
    }
    if (rest.size() < body_begin) return 0;
    std::size_t body_size = 0;
    for (char const lacing : rest.substr(header_size, body_begin - header_size)) {
        body_size += static_cast<unsigned char>(lacing);
    }
    auto const body = rest.substr(body_begin, std::min(body_size, identification_size));
    if (first_page && body.size() < std::min(body_size, identification_size)) return 0;

    if (first_page) begin_stream(serial_, body);
    in_heading_ = first_page;
    granule_ = load_little_endian(rest.substr(6), 8);
    last_page_ = (flags & 4) != 0;
    auto const used = std::min(body_begin + body_size, rest.size());
    skip_ = body_begin + body_size - used;
    position_ += used;
    if (skip_ == 0) end_page();
    return used;
}

OggWalker::LogicalStream* OggWalker::find_stream(std::uint32_t serial) {
    auto const found = std::ranges::find(streams_, serial, &LogicalStream::serial);
    return found == streams_.end() ? nullptr : &*found;
}

// Logical streams begin together (RFC 3533 section 4); one that begins later is the next link of a chain.
void OggWalker::begin_stream(std::uint32_t serial, std::string_view packet) {
    if (!in_heading_ && !streams_.empty()) end_link();
    if (streams_.size() == max_streams || find_stream(serial) != nullptr) return;
    auto stream = read_identification(packet);
    stream.serial = serial;
    known_ |= stream.rate != 0;
    streams_.push_back(stream);
}

void OggWalker::end_page() {
    end_ = position_;
    auto* const stream = find_stream(serial_);
    if (stream == nullptr) return;
    stream->ended |= last_page_;
    if (granule_ == no_granule || granule_ == 0) return;
    if (!playable_) headers_too_large_ = position_ > kept_to_;
    playable_ = true;
    stream->end_ms = std::max(stream->end_ms, time_at(granule_, *stream));
}

void OggWalker::end_link() {
    std::int64_t link_ms = 0;
    for (auto const& stream : streams_) link_ms = std::max(link_ms, stream.end_ms);
    past_links_ms_ = std::min(past_links_ms_ + link_ms, max_ms);
    streams_.clear();
}

Walked OggWalker::finish(RandomBytes const& /*kept*/) {
    Walked walked;
    walked.end = end_;
    bool const inside_page = skip_ > 0 || (!buffer_.empty() && capture_pattern.starts_with(buffer_.substr(0, 4)));
    walked.truncated = inside_page || !std::ranges::all_of(streams_, &LogicalStream::ended);
    if (headers_too_large_ || (!playable_ && end_ > max_headers)) {
        walked.refusal = Error(ErrorCode::media_unsupported, "The headers of the file take more than 64 MiB.");
    } else if (end_ == 0) {
        walked.refusal = Error(ErrorCode::media_unrecognised, "The file begins like Ogg, but has no page of it.");
    } else if (!playable_) {
        walked.refusal = Error(ErrorCode::media_truncated, "The file ends before its first sound or picture.");
    }
    end_link();
    if (known_) walked.end_ms = past_links_ms_;
    return walked;
}

}  // namespace clinikk::media
