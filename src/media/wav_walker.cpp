#include "media/wav_walker.hpp"

#include <algorithm>
#include <array>

#include "media/little_endian.hpp"
#include "media/tags.hpp"

namespace clinikk::media {
namespace {

constexpr std::size_t chunk_header_size = 8;
constexpr std::size_t format_size = 16;  // of the oldest `fmt `
constexpr std::size_t sizes_size = 28;   // of `ds64`, without its table
constexpr std::size_t fact_size = 4;
constexpr std::uint64_t head_size = 4 << 20;
constexpr std::uint64_t unknown_size = 0xffff'ffff;

std::string number(std::uint64_t value) {
    std::string bytes(4, '\0');
    for (auto& c : bytes) {
        c = static_cast<char>(value & 0xff);
        value >>= 8;
    }
    return bytes;
}

std::string chunk(std::string_view name, std::string_view payload) {
    auto bytes = std::string(name) + number(payload.size());
    bytes.append(payload);
    if (payload.size() % 2 == 1) bytes += '\0';
    return bytes;
}

// Writers to a pipe leave 0, all bits set, or a value near the limits of signed and unsigned numbers.
bool is_placeholder(std::uint64_t size) {
    return size == 0 || size >= 0xffff'0000 || (size >= 0x7fff'0000 && size < 0x8001'0000);
}

}  // namespace

void WavWalker::feed(std::string_view bytes, KeptParts& kept) {
    while (!bytes.empty()) {
        if (part_ == Part::data || part_ == Part::damaged) {
            position_ += bytes.size();
            return;
        }
        if (part_ == Part::passed_chunk) {
            auto const passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
            skip_ -= passed;
            position_ += passed;
            bytes.remove_prefix(passed);
            if (skip_ == 0) expect(Part::chunk_header, chunk_header_size);
            continue;
        }
        bytes = gather(bytes);
        if (pending_.size() < needed_) return;
        if (part_ == Part::file_header) {
            take_file_header();
        } else if (part_ == Part::chunk_header) {
            take_chunk_header(kept);
        } else {
            take_kept_chunk();
        }
    }
}

// Takes bytes until `pending_` has as many as are needed, and returns the rest.
std::string_view WavWalker::gather(std::string_view bytes) {
    auto const more = std::min(bytes.size(), needed_ - pending_.size());
    pending_.append(bytes.substr(0, more));
    position_ += more;
    return bytes.substr(more);
}

void WavWalker::expect(Part part, std::size_t bytes) {
    part_ = part;
    needed_ = bytes;
    pending_.clear();
}

void WavWalker::take_file_header() {
    wide_ = !pending_.starts_with("RIFF");
    expect(Part::chunk_header, chunk_header_size);
}

void WavWalker::take_chunk_header(KeptParts& kept) {
    auto const name = pending_.substr(0, 4);
    auto const size = load_little_endian(std::string_view(pending_).substr(4), 4);
    if (name == "data") {
        if (!is_placeholder(size)) data_size_ = size;
        if (wide_ && size == unknown_size) data_size_ = wide_data_size_;
        begin_data(kept);
        return;
    }
    std::uint64_t const padded = size + size % 2;
    auto const needed = name == "fmt " ? size : name == "ds64" ? sizes_size : name == "fact" ? fact_size : 0;
    skip_ = padded;
    if (needed == 0 || size < needed) {
        part_ = Part::passed_chunk;
        if (skip_ == 0) expect(Part::chunk_header, chunk_header_size);
        return;
    }
    if (needed > max_kept_chunk) {
        part_ = Part::damaged;
        return;
    }
    chunk_ = name;
    skip_ = padded - needed;
    expect(Part::kept_chunk, static_cast<std::size_t>(needed));
}

void WavWalker::take_kept_chunk() {
    if (chunk_ == "fmt ") format_ = pending_;
    if (chunk_ == "fact") fact_ = pending_;
    if (chunk_ == "ds64") wide_data_size_ = load_little_endian(std::string_view(pending_).substr(8), 8);
    part_ = Part::passed_chunk;
    if (skip_ == 0) expect(Part::chunk_header, chunk_header_size);
}

// The chunks that ffprobe gets took at least as much room in the file.
void WavWalker::begin_data(KeptParts& kept) {
    if (format_.size() < format_size) {
        part_ = Part::damaged;
        return;
    }
    auto const size = std::min(data_size_.value_or(unknown_size), unknown_size);
    auto header = "WAVE" + chunk("fmt ", format_) + (fact_.empty() ? std::string() : chunk("fact", fact_)) + "data" +
                  number(size);
    header = "RIFF" + number(unknown_size) + header;
    data_begin_ = position_;
    media_begin_ = data_begin_ - header.size();
    kept.start_at(data_begin_, header);
    kept.keep({data_begin_, data_begin_ + head_size});
    part_ = Part::data;
}

// If every sample has the same number of bytes, they are counted; else `fact` states their number. Empty: ffprobe must
// tell.
std::optional<std::int64_t> WavWalker::duration_of(std::uint64_t sound) const {
    constexpr std::uint64_t extensible = 0xfffe;
    constexpr std::array<std::uint64_t, 4> plain{1, 3, 6, 7};  // PCM, floating point, A-law, mu-law
    std::string_view const format = format_;
    auto tag = load_little_endian(format, 2);
    if (tag == extensible && format.size() >= 26) tag = load_little_endian(format.substr(24), 2);
    auto const rate = load_little_endian(format.substr(4), 4);
    auto const block = load_little_endian(format.substr(12), 2);
    if (rate == 0) return std::nullopt;
    if (block > 0 && std::ranges::find(plain, tag) != plain.end()) return to_milliseconds(sound / block, rate);
    if (fact_.empty()) return std::nullopt;
    auto const samples = load_little_endian(fact_, fact_size);
    if (!data_size_ || sound >= *data_size_) return to_milliseconds(samples, rate);
    auto const part = static_cast<long double>(sound) / static_cast<long double>(*data_size_);
    return to_milliseconds(static_cast<std::uint64_t>(static_cast<long double>(samples) * part), rate);
}

Walked WavWalker::finish(RandomBytes const& kept) {
    Walked walked;
    walked.begin = media_begin_;
    walked.end = position_;
    if (part_ == Part::damaged) {
        walked.refusal = Error(ErrorCode::media_unrecognised,
                               "The file begins like WAV, but has no usable fmt chunk before its sound.");
        return walked;
    }
    if (part_ != Part::data || data_begin_ == position_) {
        walked.refusal = Error(ErrorCode::media_truncated, "The file ends before its first sound.");
        return walked;
    }
    auto const sound_end = data_size_ ? position_ : trailing_tags(kept, position_);
    auto const there = std::max(sound_end, data_begin_) - data_begin_;
    walked.truncated = data_size_ && there < *data_size_;
    auto const sound = data_size_ ? std::min(there, *data_size_) : there;
    walked.end = data_begin_ + sound;
    walked.duration_ms = duration_of(sound);
    return walked;
}

}  // namespace clinikk::media
