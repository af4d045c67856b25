#include "media/mpeg_ts_walker.hpp"

#include <algorithm>

#include "media/big_endian.hpp"
#include "media/byte_at.hpp"

namespace clinikk::media {
namespace {

constexpr std::size_t packet_size = 188;
constexpr char sync_byte = 0x47;
constexpr std::string_view sync("\x47", 1);
constexpr std::array<std::size_t, 3> distances{188, 192, 204};
constexpr std::size_t packets_for_sync = 5;
constexpr std::size_t max_maps = 64;
constexpr std::size_t max_streams = 128;

// The payload after header and adaptation field.
std::string_view payload_of(std::string_view packet) {
    auto const control = byte_at(packet, 3) >> 4 & 3;
    if ((control & 1) == 0) return {};
    std::size_t const adaptation = (control & 2) != 0 ? 1 + byte_at(packet, 4) : 0;
    return packet.substr(std::min(packet.size(), 4 + adaptation));
}

}  // namespace

void MpegTsWalker::feed(std::string_view bytes, KeptParts& kept) {
    reader_.feed(bytes);
    while (step(kept)) {
    }
    copy_.flush(kept);
}

// One packet; false when more bytes are needed.
bool MpegTsWalker::step(KeptParts& kept) {
    if (distance_ == 0) return find_packets();
    auto const packet = reader_.peek(packet_size);
    if (!packet) return false;
    if (packet->front() != sync_byte) {
        distance_ = 0;
        return true;
    }
    take_packet(*packet, kept);
    end_ = reader_.position() + packet_size;
    reader_.skip(distance_);
    return true;
}

// Sync bytes at the distance of one packet.
bool MpegTsWalker::find_packets() {
    if (!reader_.skip_to(sync)) return false;
    auto const bytes = reader_.peek((packets_for_sync - 1) * distances.back() + 1);
    if (!bytes) return false;
    for (auto const distance : distances) {
        std::size_t packets = 1;
        while (packets < packets_for_sync && (*bytes)[packets * distance] == sync_byte) ++packets;
        if (packets < packets_for_sync) continue;
        distance_ = distance;
        return true;
    }
    reader_.skip(1);
    return true;
}

void MpegTsWalker::take_packet(std::string_view packet, KeptParts& kept) {
    bool const damaged = (byte_at(packet, 1) & 0x80) != 0;
    bool const starts = (byte_at(packet, 1) & 0x40) != 0;
    auto const pid = static_cast<std::uint16_t>(load_big_endian(packet.substr(1), 2) & 0x1fff);
    auto const role = roles_[pid];
    if (damaged || (role == no_role && pid != 0)) return;
    auto const payload = payload_of(packet);
    copy_.append(packet, kept);
    if (pid == 0) {
        take_association(payload, starts);
    } else if (role >= first_stream) {
        take_payload(streams_[role - first_stream], payload, starts);
    } else {
        take_map(maps_[role - 1u], payload, starts);
    }
}

void MpegTsWalker::take_association(std::string_view payload, bool starts) {
    auto const section = association_.feed(payload, starts);
    if (!section) return;
    for (auto const pid : read_association(*section)) {
        if (pid == 0 || roles_[pid] != no_role || maps_.size() == max_maps) continue;
        maps_.push_back({pid});
        roles_[pid] = static_cast<std::uint8_t>(maps_.size());
    }
}

void MpegTsWalker::take_map(Map& map, std::string_view payload, bool starts) {
    auto const section = map.sections.feed(payload, starts);
    if (!section) return;
    for (auto const& listed : read_program_map(*section)) {
        if (listed.pid == 0 || roles_[listed.pid] != no_role || streams_.size() == max_streams) continue;
        roles_[listed.pid] = static_cast<std::uint8_t>(first_stream + streams_.size());
        streams_.push_back({listed.pid, listed.coding ? make_stream_clock(*listed.coding) : nullptr});
    }
}

void MpegTsWalker::take_payload(Stream& stream, std::string_view payload, bool starts) {
    constexpr std::size_t least_header = 9;
    if (!stream.clock) return;
    if (starts) {
        stream.header.clear();
        stream.in_header = true;
        stream.left.reset();
    }
    while (stream.in_header) {
        auto const known = stream.header.size() < least_header ? least_header : pes_header_size(stream.header);
        auto const wanted = std::max(known, least_header);
        auto const taken = std::min(wanted - std::min(wanted, stream.header.size()), payload.size());
        stream.header.append(payload.substr(0, taken));
        payload.remove_prefix(taken);
        if (stream.header.size() < wanted) return;
        if (wanted >= pes_header_size(stream.header)) end_header(stream);
    }
    feed_clock(stream, payload);
}

void MpegTsWalker::feed_clock(Stream& stream, std::string_view payload) {
    if (stream.left) {
        payload = payload.substr(0, std::min<std::uint64_t>(*stream.left, payload.size()));
        *stream.left -= payload.size();
    }
    stream.clock->feed(payload);
}

void MpegTsWalker::end_header(Stream& stream) {
    stream.in_header = false;
    auto const header = read_pes_header(stream.header);
    if (!header) return;
    auto const length = load_big_endian(std::string_view(stream.header).substr(4), 2);
    if (length > 0) stream.left = std::max<std::uint64_t>(6 + length, header->size) - header->size;
    auto const decoding = time_line_.place(header->decoding ? header->decoding : header->presentation);
    stream.clock->begin_packet(time_line_.place(header->presentation), decoding);
    feed_clock(stream, std::string_view(stream.header).substr(header->size));
}

bool MpegTsWalker::stops_early() {
    if (distance_ == 0) return false;
    auto const rest = reader_.peek(1);
    if (rest && rest->front() == sync_byte) return true;
    return std::ranges::any_of(streams_, [](Stream const& stream) { return stream.left.value_or(0) > 0; });
}

Walked MpegTsWalker::finish(RandomBytes const& /*kept*/) {
    Walked walked;
    walked.end = end_;
    walked.truncated = stops_early();
    ClockSpan span;
    for (auto& stream : streams_) {
        if (!stream.clock) continue;
        // A packet that states no length ends where the next one begins, so nothing shows whether it is whole.
        stream.clock->finish(stream.left ? *stream.left == 0 : !walked.truncated);
        span.add(*stream.clock);
    }
    walked.duration_ms = span.milliseconds();
    if (walked.duration_ms) return walked;
    if (walked.truncated) {
        walked.refusal = Error(ErrorCode::media_truncated, "The file ends before its first frame.");
    } else {
        walked.refusal =
            Error(ErrorCode::media_unsupported,
                  maps_.empty() || streams_.empty()
                      ? "The transport stream has no tables (PAT, PMT) that tell what it holds: players need them."
                      : "The transport stream holds no video or audio with time stamps.");
    }
    return walked;
}

}  // namespace clinikk::media
