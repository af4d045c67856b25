#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace clinikk::media::packaging {

/// Writes boxes (ISO/IEC 14496-12 section 4.2) into a string, most significant byte first.
class BoxWriter {
public:
    BoxWriter& number(std::uint64_t value, std::size_t size) {
        for (auto left = size; left > 0; --left) bytes_ += static_cast<char>(value >> 8 * (left - 1) & 0xff);
        return *this;
    }
    BoxWriter& u16(std::uint64_t value) { return number(value, 2); }
    BoxWriter& u32(std::uint64_t value) { return number(value, 4); }
    BoxWriter& u64(std::uint64_t value) { return number(value, 8); }
    BoxWriter& zeros(std::size_t count) {
        bytes_.append(count, '\0');
        return *this;
    }
    BoxWriter& text(std::string_view value) {
        bytes_.append(value);
        return *this;
    }

    /// A box whose payload `write` writes.
    template <class Write>
    BoxWriter& box(std::string_view type, Write write) {
        auto const begin = bytes_.size();
        u32(0).text(type);
        write();
        auto const size = bytes_.size() - begin;
        for (std::size_t i = 0; i < 4; ++i) bytes_[begin + i] = static_cast<char>(size >> 8 * (3 - i) & 0xff);
        return *this;
    }

    /// The same with version and flags in front.
    template <class Write>
    BoxWriter& full_box(std::string_view type, std::uint32_t version, std::uint32_t flags, Write write) {
        return box(type, [&] {
            u32(version << 24 | flags);
            write();
        });
    }

    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

}  // namespace clinikk::media::packaging
