#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

struct sqlite3;

namespace clinikk::db {

/// Tells without a system call what the WAL index says of a file in WAL mode: it is memory that all processes share.
/// Source: "WAL-mode File Format", section 2.1, https://sqlite.org/walformat.html
class SqliteChangeMark {
public:
    /// The 48 bytes of the index's header, which are others after each commit by whatever process. Empty while not
    /// attached.
    using Mark = std::optional<std::array<std::uint64_t, 6>>;

    /// Looks through the connection, which must have read before, and must outlive this. Does nothing the second time.
    void attach(sqlite3* connection) noexcept;

    /// The mark as it is now. Read while it is being written it is one that was never there, which is as good.
    Mark get() const noexcept;

    /// Commits ever made, modulo 2^32.
    static std::uint32_t commits(Mark const& mark) noexcept { return field(mark, 2); }

    /// Frames in the WAL.
    static std::uint32_t wal_frames(Mark const& mark) noexcept { return field(mark, 4); }

    /// How many of the frames have been moved into the file.
    std::uint32_t moved_frames() const noexcept;

private:
    static std::uint32_t field(Mark const& mark, std::size_t number) noexcept {
        return mark ? std::bit_cast<std::array<std::uint32_t, 12>>(*mark)[number] : 0;
    }

    void const volatile* index_ = nullptr;
};

}  // namespace clinikk::db
