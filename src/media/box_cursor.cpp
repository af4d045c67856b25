#include "media/box_cursor.hpp"

#include <algorithm>
#include <span>

#include "media/big_endian.hpp"

namespace clinikk::media {
namespace {

constexpr std::size_t buffer_size = 12 * 1024;  // a multiple of every entry size

std::uint64_t bytes_of(Table const& table) noexcept { return (std::uint64_t{table.count} * table.entry_bits + 7) / 8; }

}  // namespace

std::optional<ChildBox> BoxCursor::next() {
    // QuickTime ends some lists with four zero bytes.
    if (rest_.size() < 8) return std::nullopt;
    if (budget_.left-- == 0) {
        budget_.left = 0;
        throw DamagedIndex();
    }
    std::array<char, 16> buffer{};
    std::size_t const available = rest_.size() < 16 ? 8 : 16;
    bytes_.read_at(rest_.begin, std::span(buffer).first(available));
    std::string_view const header(buffer.data(), available);

    std::uint64_t size = load_u32(header);
    std::uint64_t header_size = 8;
    if (size == 1) {
        if (available < 16) throw DamagedIndex();
        size = load_u64(header.substr(8));
        header_size = 16;
    } else if (size == 0) {
        size = rest_.size();
    }
    if (size < header_size || size > rest_.size()) throw DamagedIndex();
    ChildBox box{load_u32(header.substr(4)), {rest_.begin + header_size, rest_.begin + size}};
    rest_.begin += size;
    return box;
}

std::uint64_t read_number(RandomBytes const& bytes, Extent box, std::uint64_t at, std::size_t size) {
    if (at > box.size() || box.size() - at < size) throw DamagedIndex();
    std::array<char, 8> buffer{};
    bytes.read_at(box.begin + at, std::span(buffer).first(size));
    return load_big_endian(std::string_view(buffer.data(), size), size);
}

EntryReader::EntryReader(RandomBytes const& bytes, Table const& table)
    : bytes_(bytes),
      at_(table.offset),
      left_(table.count),
      entry_bits_(table.entry_bits),
      buffer_(static_cast<std::size_t>(std::min<std::uint64_t>(buffer_size, bytes_of(table)))) {}

std::string_view EntryReader::next() {
    std::size_t const size = std::max<std::size_t>(entry_bits_ / 8, 1);
    if (end_ - begin_ < size) {
        bytes_.read_at(at_, buffer_);
        at_ += buffer_.size();
        begin_ = 0;
        end_ = buffer_.size();
    }
    std::string_view const entry(buffer_.data() + begin_, size);
    begin_ += size;
    --left_;
    return entry;
}

std::uint64_t EntryReader::next_number() {
    if (entry_bits_ >= 8) return load_big_endian(next(), entry_bits_ / 8);
    if (low_half_) {
        auto const value = *low_half_;
        low_half_.reset();
        --left_;
        return value;
    }
    auto const pair = static_cast<unsigned char>(next().front());
    low_half_ = pair & 15u;
    return pair >> 4u;
}

}  // namespace clinikk::media
