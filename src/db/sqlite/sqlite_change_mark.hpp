#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

struct sqlite3;

namespace clinikk::db {

/// Reads the WAL index of a file in WAL mode without a system call: it is memory that all processes share.
/// Source: "WAL-mode File Format", section 2.1, https://sqlite.org/walformat.html
class SqliteChangeMark {
public:
    /// The 48 bytes of the header of the index, which change with each commit of any process. Empty while not attached.
    using Mark = std::optional<std::array<std::uint64_t, 6>>;

    /// Looks through the connection, which must have read before and must outlive this object. A second call does
    /// nothing.
    void attach(sqlite3* connection) noexcept;

    /// The current mark. If it is read while it is being written, the result is a mark that never existed, which does
    /// no harm.
    Mark get() const noexcept;

    /// The number of commits ever made, modulo 2^32.
    static std::uint32_t commits(Mark const& mark) noexcept { return field(mark, 2); }

    /// The number of frames in the WAL.
    static std::uint32_t wal_frames(Mark const& mark) noexcept { return field(mark, 4); }

    /// The number of frames that have been moved into the file.
    std::uint32_t moved_frames() const noexcept;

private:
    static std::uint32_t field(Mark const& mark, std::size_t number) noexcept {
        return mark ? std::bit_cast<std::array<std::uint32_t, 12>>(*mark)[number] : 0;
    }

    void const volatile* index_ = nullptr;
};

}  // namespace clinikk::db
