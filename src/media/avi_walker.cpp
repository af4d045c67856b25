#include "media/avi_walker.hpp"

#include <algorithm>
#include <cmath>

#include "media/big_endian.hpp"
#include "media/little_endian.hpp"

namespace clinikk::media {
namespace {

constexpr std::size_t max_header_list = 4 << 20;
constexpr std::uint64_t max_index_kept = 16 << 20;
constexpr int max_headers_kept = 4096;           // each takes a block of the disk
constexpr std::uint64_t media_wanted = 5 << 20;  // more than ffprobe reads
constexpr std::uint64_t max_chunk_kept = 16 << 20;
constexpr std::uint64_t least_kept = 64;  // what a chunk counts, however small it is
constexpr std::size_t max_streams = 100;  // their numbers have two digits

std::uint32_t load_size(std::string_view bytes) { return static_cast<std::uint32_t>(load_little_endian(bytes, 4)); }

bool is_chunk_id(std::uint32_t id) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        auto const c = id >> shift & 0xff;
        if (c < 0x20 || c > 0x7e) return false;
    }
    return true;
}

// `00dc`, `01wb`: the number of the stream and what the chunk has.
std::optional<std::size_t> stream_of(std::uint32_t id) {
    auto const tens = (id >> 24) - '0';
    auto const ones = (id >> 16 & 0xff) - '0';
    auto const kind = id & 0xffff;
    bool const is_media = kind == ('d' << 8 | 'c') || kind == ('d' << 8 | 'b') || kind == ('w' << 8 | 'b');
    if (tens > 9 || ones > 9 || !is_media) return std::nullopt;
    return tens * 10 + ones;
}

// Values that writers use for a size that they did not know yet.
bool is_placeholder(std::uint32_t size) {
    return size == 0 || size >= 0xffff'0000 || (size >= 0x7fff'0000 && size < 0x8001'0000);
}

}  // namespace

void AviWalker::feed(std::string_view bytes, KeptParts& kept) {
    reader_.feed(bytes);
    while (step(kept)) {
    }
}

// One chunk; false when more bytes are needed.
bool AviWalker::step(KeptParts& kept) {
    if (in_junk_ || refusal_ || !reader_.has_caught_up()) return false;
    commit();
    if (odd_) {
        auto const padding = reader_.peek(1);
        if (!padding) return false;
        odd_ = false;
        if (padding->front() == '\0') reader_.skip(1);
    }
    end_ = reader_.position();
    auto const header = reader_.peek(8);
    if (!header) return false;
    Chunk const chunk{load_u32(*header), reader_.position(), load_size(header->substr(4))};
    if (!is_chunk_id(chunk.id)) {
        in_junk_ = true;
        return false;
    }
    if (chunk.id == four_cc("RIFF") || chunk.id == four_cc("LIST")) return take_list(chunk, kept);
    return stream_of(chunk.id) ? take_media(chunk, kept) : pass_over(chunk, kept);
}

bool AviWalker::take_list(Chunk const& chunk, KeptParts& kept) {
    auto const header = reader_.peek(12);
    if (!header) return false;
    auto const type = load_u32(header->substr(8));
    if (chunk.id == four_cc("RIFF")) {
        declared_end_.reset();
        if (!is_placeholder(static_cast<std::uint32_t>(chunk.size))) declared_end_ = chunk.begin + 8 + chunk.size;
    } else if (type == four_cc("hdrl") && streams_.empty()) {
        return take_header_list(chunk, kept);
    } else if (type != four_cc("movi") && type != four_cc("rec ")) {
        return pass_over(chunk, kept);
    }
    if (headers_kept_ < max_headers_kept) {
        kept.write_at(chunk.begin, *header);
        ++headers_kept_;
    }
    reader_.skip(12);
    return true;
}

bool AviWalker::take_header_list(Chunk const& chunk, KeptParts& kept) {
    if (chunk.size > max_header_list) {
        refusal_ = Error(ErrorCode::media_unsupported, "The file's header list is larger than 4 MiB.");
        return false;
    }
    auto const bytes = reader_.peek(8 + static_cast<std::size_t>(chunk.size));
    if (!bytes) return false;
    if (bytes->size() > 12) read_streams(bytes->substr(12));
    kept.write_at(chunk.begin, *bytes);
    odd_ = bytes->size() % 2 != 0;
    reader_.skip(bytes->size());
    return true;
}

// Stream lists (`strl`), each with a stream header (`strh`).
void AviWalker::read_streams(std::string_view list) {
    while (list.size() >= 12) {
        auto const size = std::min<std::size_t>(load_size(list.substr(4)), list.size() - 8);
        auto const type = load_u32(list);
        auto const inner = load_u32(list.substr(8));
        bool const is_list = type == four_cc("LIST") && inner == four_cc("strl");
        if (type == four_cc("strh") && size >= 48 && streams_.size() < max_streams) {
            auto const header = list.substr(8);
            Stream stream;
            stream.counts = inner == four_cc("vids") || inner == four_cc("auds");
            stream.scale = load_size(header.substr(20));
            stream.rate = load_size(header.substr(24));
            stream.sample_size = load_size(header.substr(44));
            // A frame counts as one frame, however many bytes it has.
            if (inner == four_cc("vids")) stream.sample_size = 0;
            streams_.push_back(stream);
        }
        list.remove_prefix(is_list ? 12 : std::min(list.size(), 8 + size + size % 2));
    }
}

bool AviWalker::take_media(Chunk const& chunk, KeptParts& kept) {
    media_ = chunk;
    if (media_kept_ < media_wanted) {
        kept.write_at(chunk.begin, *reader_.peek(8));
        kept.keep({chunk.begin + 8, chunk.begin + 8 + std::min(chunk.size, max_chunk_kept)});
        media_kept_ += chunk.size + least_kept;
    }
    odd_ = chunk.size % 2 != 0;
    reader_.skip(8 + chunk.size);
    return true;
}

bool AviWalker::pass_over(Chunk const& chunk, KeptParts& kept) {
    bool const is_index = chunk.id == four_cc("idx1");
    // The media contains as many indexes as pieces of film; those after the part that ffprobe reads are left out.
    bool const in_media = (chunk.id >> 16) == ('i' << 8 | 'x');
    if ((!in_media || media_kept_ < media_wanted) && headers_kept_ < max_headers_kept) {
        kept.write_at(chunk.begin, *reader_.peek(8));
        ++headers_kept_;
    }
    if (is_index) kept.keep({chunk.begin + 8, chunk.begin + 8 + std::min(chunk.size, max_index_kept)});
    odd_ = chunk.size % 2 != 0;
    reader_.skip(8 + chunk.size);
    return true;
}

// The chunk of media that has been read.
void AviWalker::commit() {
    if (!media_) return;
    has_media_ = true;
    auto const number = stream_of(media_->id).value_or(max_streams);
    if (number < streams_.size()) streams_[number].ticks += streams_[number].sample_size == 0 ? 1 : media_->size;
    media_.reset();
}

std::optional<std::int64_t> AviWalker::counted_ms() const {
    std::optional<std::int64_t> longest;
    for (auto const& stream : streams_) {
        if (!stream.counts || stream.rate == 0 || stream.scale == 0 || stream.ticks == 0) continue;
        auto const ticks = stream.ticks / std::max<std::uint32_t>(stream.sample_size, 1);
        auto const length = std::llround(static_cast<long double>(ticks) * 1000 * stream.scale / stream.rate);
        longest = std::max(longest, std::optional<std::int64_t>(length));
    }
    return longest;
}

Walked AviWalker::finish(RandomBytes const& /*kept*/) {
    // Some writers count the eight bytes of the header in the size, or the padding.
    constexpr std::uint64_t slack = 9;
    auto const received = reader_.received();
    if (!in_junk_ && reader_.has_caught_up()) {
        commit();
        end_ = reader_.position();
    }
    Walked walked;
    walked.end = end_;
    bool const cut_chunk = declared_end_ && reader_.position() > received && end_ < *declared_end_;
    walked.truncated = media_ || cut_chunk || (declared_end_ && received + slack < *declared_end_);
    walked.refusal = refusal_;
    if (!walked.refusal && (streams_.empty() || !has_media_)) {
        walked.refusal = walked.truncated ? Error(ErrorCode::media_truncated, "The file ends before its first frame.")
                                          : Error(ErrorCode::media_unrecognised,
                                                  "The file has the structure of AVI, but holds no media.");
    }
    // Media after a damaged place has not been counted.
    bool const damaged = in_junk_ && declared_end_ && end_ + slack < *declared_end_;
    if (!damaged) walked.duration_ms = counted_ms();
    return walked;
}

}  // namespace clinikk::media
