#include "media/mpeg_ps_walker.hpp"

#include <algorithm>

#include "media/big_endian.hpp"
#include "media/byte_at.hpp"
#include "media/program_tables.hpp"

namespace clinikk::media {
namespace {

constexpr std::string_view start_code("\0\0\1", 3);
constexpr unsigned end_code = 0xb9;
constexpr unsigned pack = 0xba;
constexpr unsigned system_header = 0xbb;
constexpr unsigned stream_map = 0xbc;
constexpr unsigned private_stream_1 = 0xbd;
constexpr unsigned padding = 0xbe;
constexpr unsigned private_stream_2 = 0xbf;

bool is_video(unsigned id) { return id >= 0xe0 && id <= 0xef; }
bool is_audio(unsigned id) { return id >= 0xc0 && id <= 0xdf; }

}  // namespace

void MpegPsWalker::feed(std::string_view bytes, KeptParts& kept) {
    reader_.feed(bytes);
    while (step(kept)) {
    }
    copy_.flush(kept);
}

// One unit; false when more bytes are needed.
bool MpegPsWalker::step(KeptParts& kept) {
    if (!in_unit_ && !reader_.skip_to(start_code)) return false;
    auto const head = reader_.peek(4);
    if (!head) return false;
    auto const code = byte_at(*head, 3);
    if (code < end_code) {  // of a stream that is not in packets: lost
        reader_.skip(3);
        return true;
    }
    in_unit_ = true;
    auto const size = unit_size(code);
    if (!size) return false;
    if (*size == 0) {
        in_unit_ = false;
        reader_.skip(3);
        return true;
    }
    auto const unit = reader_.peek(*size);
    if (!unit) return false;
    in_pack_ |= code == pack;
    if (in_pack_ && code != padding && code != private_stream_2) copy_.append(*unit, kept);
    if (code > system_header) take_packet(*unit);
    reader_.skip(*size);
    end_ = reader_.position();
    in_unit_ = false;
    return true;
}

// Empty when more bytes are needed; 0 when it is not a unit.
std::optional<std::size_t> MpegPsWalker::unit_size(unsigned code) {
    if (code == end_code) return 4;
    if (code != pack) {
        auto const head = reader_.peek(6);
        if (!head) return std::nullopt;
        return 6 + static_cast<std::size_t>(load_big_endian(head->substr(4), 2));
    }
    auto const head = reader_.peek(12);
    if (!head) return std::nullopt;
    if (byte_at(*head, 4) >> 4 == 2) return 12;  // MPEG-1
    if (byte_at(*head, 4) >> 6 != 1) return 0;
    auto const whole = reader_.peek(14);
    if (!whole) return std::nullopt;
    return 14 + (byte_at(*whole, 13) & 7u);
}

void MpegPsWalker::take_packet(std::string_view packet) {
    auto id = byte_at(packet, 3);
    if (id == stream_map) read_map(packet);
    if (!is_video(id) && !is_audio(id) && id != private_stream_1) return;
    auto const header = read_pes_header(packet);
    if (!header || header->size > packet.size()) return;
    auto payload = packet.substr(header->size);
    if (id == private_stream_1) {
        if (payload.size() < 4) return;
        id = id << 8 | byte_at(payload, 0);
        payload.remove_prefix(4);  // substream, number of frames, where the first begins
    }
    auto* const stream = stream_of(id);
    if (stream == nullptr) return;
    auto const decoding = time_line_.place(header->decoding ? header->decoding : header->presentation);
    stream->clock->begin_packet(time_line_.place(header->presentation), decoding);
    stream->clock->feed(payload);
}

// ISO/IEC 13818-1 section 2.5.4.
void MpegPsWalker::read_map(std::string_view packet) {
    if (packet.size() < 12) return;
    auto const skip = std::min<std::size_t>(10 + load_big_endian(packet.substr(8), 2), packet.size());
    auto list = packet.substr(skip);
    if (list.size() < 2) return;
    list = list.substr(2, load_big_endian(list, 2));
    types_.clear();
    while (list.size() >= 4) {
        types_.emplace_back(byte_at(list, 1), byte_at(list, 0));
        auto const description = static_cast<std::size_t>(load_big_endian(list.substr(2), 2));
        list.remove_prefix(std::min(list.size(), 4 + description));
    }
}

MpegPsWalker::Stream* MpegPsWalker::stream_of(unsigned id) {
    constexpr std::size_t max_streams = 128;
    auto const found = std::ranges::find(streams_, id, &Stream::id);
    if (found != streams_.end()) return &*found;
    auto const substream = id & 0xff;
    if (id > 0xff && (substream < 0x80 || substream > 0xcf)) return nullptr;  // subtitles
    if (streams_.size() == max_streams) return nullptr;
    streams_.push_back({id, make_stream_clock(coding_of_stream(id))});
    return &streams_.back();
}

StreamCoding MpegPsWalker::coding_of_stream(unsigned id) const {
    if (id > 0xff) {
        auto const substream = id & 0xff;
        bool const is_ac3 = substream <= 0x87 || substream >= 0xc0;
        return is_ac3 ? StreamCoding::ac3 : StreamCoding::access_units;
    }
    auto const listed = std::ranges::find(types_, id, &std::pair<unsigned, unsigned>::first);
    if (listed != types_.end()) {
        if (auto const coding = coding_of(listed->second, {})) return *coding;
    }
    return is_video(id) ? StreamCoding::mpeg_video : StreamCoding::mpeg_audio;
}

Walked MpegPsWalker::finish(RandomBytes const& /*kept*/) {
    Walked walked;
    walked.end = end_;
    walked.truncated = in_unit_;
    ClockSpan span;
    for (auto& stream : streams_) {
        stream.clock->finish(!walked.truncated);
        span.add(*stream.clock);
    }
    walked.duration_ms = span.milliseconds();
    if (walked.duration_ms) return walked;
    if (walked.truncated) {
        walked.refusal = Error(ErrorCode::media_truncated, "The file ends before its first frame.");
    } else {
        walked.refusal =
            Error(ErrorCode::media_unsupported, "The program stream holds no video or audio with time stamps.");
    }
    return walked;
}

}  // namespace clinikk::media
