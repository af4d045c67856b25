#include "media/packaging/index_bytes.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "media/big_endian.hpp"
#include "media/byte_at.hpp"

namespace clinikk::media::packaging {
namespace {

enum class Coding : std::uint8_t { runs, dictionary, one_by_one };

constexpr std::size_t max_dictionary = 256;

std::size_t length_of(std::uint64_t value) noexcept {
    std::size_t length = 1;
    while ((value >>= 7) != 0) ++length;
    return length;
}

// The bits of a place in a dictionary of `entries` values.
std::size_t place_bits(std::size_t entries) noexcept {
    for (std::size_t const bits : {1, 2, 4}) {
        if (entries <= std::size_t{1} << bits) return bits;
    }
    return 8;
}

// The different values in ascending order; empty when there are more than a dictionary has.
std::vector<std::uint32_t> dictionary_of(std::span<std::uint32_t const> values) {
    std::vector<std::uint32_t> entries;
    for (auto const value : values) {
        auto const place = std::ranges::lower_bound(entries, value);
        if (place != entries.end() && *place == value) continue;
        if (entries.size() == max_dictionary) return {};
        entries.insert(place, value);
    }
    return entries;
}

template <class Visit>
void for_each_run(std::span<std::uint32_t const> values, Visit visit) {
    for (std::size_t i = 0; i < values.size();) {
        auto next = i + 1;
        while (next < values.size() && values[next] == values[i]) ++next;
        visit(next - i, values[i]);
        i = next;
    }
}

struct Lengths {
    std::size_t runs = 0;
    std::size_t dictionary = std::numeric_limits<std::size_t>::max();
    std::size_t one_by_one = 0;

    Lengths(std::span<std::uint32_t const> values, std::span<std::uint32_t const> entries) {
        for_each_run(values, [this](std::size_t count, std::uint32_t value) {
            runs += length_of(count) + length_of(value);
            one_by_one += count * length_of(value);
        });
        if (entries.empty()) return;
        dictionary = 1 + (values.size() * place_bits(entries.size()) + 7) / 8;
        for (auto const entry : entries) dictionary += length_of(entry);
    }

    Coding shortest() const noexcept {
        if (runs <= dictionary && runs <= one_by_one) return Coding::runs;
        return dictionary <= one_by_one ? Coding::dictionary : Coding::one_by_one;
    }
};

}  // namespace

void IndexWriter::fixed(std::uint64_t value, std::size_t size) {
    for (auto left = size; left > 0; --left) bytes_ += static_cast<char>(value >> 8 * (left - 1) & 0xff);
}

void IndexWriter::number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
    bytes_ += static_cast<char>(value);
}

void IndexWriter::signed_number(std::int64_t value) {
    auto const twice = static_cast<std::uint64_t>(value) << 1;
    number(value < 0 ? ~twice : twice);
}

void IndexWriter::text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
}

void IndexWriter::values(std::span<std::uint32_t const> values) {
    auto const entries = dictionary_of(values);
    auto const coding = Lengths(values, entries).shortest();
    fixed(static_cast<std::uint8_t>(coding), 1);
    switch (coding) {
        case Coding::runs:
            for_each_run(values, [this](std::size_t count, std::uint32_t value) {
                number(count);
                number(value);
            });
            break;
        case Coding::one_by_one:
            for (auto const value : values) number(value);
            break;
        case Coding::dictionary: {
            fixed(entries.size() - 1, 1);
            for (auto const entry : entries) number(entry);
            auto const bits = place_bits(entries.size());
            std::string packed((values.size() * bits + 7) / 8, '\0');
            for (std::size_t i = 0; i < values.size(); ++i) {
                auto const place =
                    static_cast<unsigned>(std::ranges::lower_bound(entries, values[i]) - entries.begin());
                auto& byte = packed[i * bits / 8];
                byte = static_cast<char>(static_cast<unsigned char>(byte) | place << (i * bits % 8));
            }
            bytes_ += packed;
        }
    }
}

std::string_view IndexReader::raw(std::size_t count) {
    if (count > bytes_.size()) throw DamagedPackagingIndex();
    auto const taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
}

std::uint64_t IndexReader::fixed(std::size_t size) { return load_big_endian(raw(size), size); }

std::uint64_t IndexReader::number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        auto const byte = byte_at(raw(1), 0);
        if (shift == 63 && byte > 1) break;
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return value;
    }
    throw DamagedPackagingIndex();
}

std::uint64_t IndexReader::number(std::uint64_t limit) {
    auto const value = number();
    if (value > limit) throw DamagedPackagingIndex();
    return value;
}

std::int64_t IndexReader::signed_number() {
    auto const value = number();
    auto const half = static_cast<std::int64_t>(value >> 1);
    return (value & 1) != 0 ? ~half : half;
}

std::string_view IndexReader::text() { return raw(number(bytes_.size())); }

std::vector<std::uint32_t> IndexReader::values(std::size_t count) {
    constexpr auto largest = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> values;
    switch (static_cast<Coding>(fixed(1))) {
        case Coding::runs:
            while (values.size() < count) {
                auto const length = number(count - values.size());
                if (length == 0) throw DamagedPackagingIndex();
                values.insert(values.end(), length, static_cast<std::uint32_t>(number(largest)));
            }
            return values;
        case Coding::one_by_one:
            if (count > bytes_.size()) throw DamagedPackagingIndex();
            values.reserve(count);
            while (values.size() < count) values.push_back(static_cast<std::uint32_t>(number(largest)));
            return values;
        case Coding::dictionary: {
            std::vector<std::uint32_t> entries(fixed(1) + 1);
            for (auto& entry : entries) entry = static_cast<std::uint32_t>(number(largest));
            auto const bits = place_bits(entries.size());
            auto const packed = raw((count * bits + 7) / 8);
            values.reserve(count);
            for (std::size_t i = 0; i < count; ++i) {
                auto const place = byte_at(packed, i * bits / 8) >> (i * bits % 8) & ((1u << bits) - 1);
                if (place >= entries.size()) throw DamagedPackagingIndex();
                values.push_back(entries[place]);
            }
            return values;
        }
    }
    throw DamagedPackagingIndex();
}

}  // namespace clinikk::media::packaging
