#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <vector>

#include "media/sample_tables.hpp"

namespace clinikk::media {

/// The index contradicts itself. The readers here throw it, and the function that began the reading catches it.
class DamagedIndex : public std::exception {
public:
    char const* what() const noexcept override { return "damaged movie index"; }
};

/// A box inside another.
struct ChildBox {
    std::uint32_t type = 0;
    Extent payload{};
};

/// How many boxes may still be read. All cursors over one movie share it.
struct BoxBudget {
    std::size_t left = 20'000;
};

/// The boxes inside a part of a file, one after the other. The caller decides about nesting, so the code and not the
/// file bounds its depth.
class BoxCursor {
public:
    BoxCursor(RandomBytes const& bytes, Extent parent, BoxBudget& budget)
        : bytes_(bytes), rest_(parent), budget_(budget) {}

    /// Empty at the end. Throws `DamagedIndex`.
    std::optional<ChildBox> next();

private:
    RandomBytes const& bytes_;
    Extent rest_;
    BoxBudget& budget_;
};

/// A number of `size` bytes at `at` within a box. Throws `DamagedIndex` when it is outside the box.
std::uint64_t read_number(RandomBytes const& bytes, Extent box, std::uint64_t at, std::size_t size);

/// The entries of a table in order, read through a small buffer.
class EntryReader {
public:
    EntryReader(RandomBytes const& bytes, Table const& table);

    std::uint32_t left() const noexcept { return left_; }

    /// The bytes of the next entry (of whole bytes), valid until the next call. There must be a next entry.
    std::string_view next();

    /// The next entry as a number. Entries of 4 bits are supported too.
    std::uint64_t next_number();

private:
    RandomBytes const& bytes_;
    std::uint64_t at_;
    std::uint32_t left_;
    std::size_t entry_bits_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::optional<unsigned> low_half_;
};

}  // namespace clinikk::media
