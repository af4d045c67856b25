#pragma once

#include <array>
#include <cstdint>
#include <optional>

struct sqlite3;

namespace clinikk::db {

/// Tells without a system call whether anything has been committed to a file in WAL mode, by whatever process: the
/// header of the WAL index, in memory that all processes share, is another after each commit.
/// Source: "WAL-mode File Format", section 2.1, https://sqlite.org/walformat.html
class SqliteChangeMark {
public:
    /// The 48 bytes of the header. Empty while not attached; two of these equal nothing but each other.
    using Mark = std::optional<std::array<std::uint64_t, 6>>;

    /// Looks through the connection, which must have read before, and must outlive this. Does nothing the second time.
    void attach(sqlite3* connection) noexcept;

    /// The mark as it is now. Read while it is being written it is one that was never there, which is as good.
    Mark get() const noexcept;

private:
    std::uint64_t const volatile* header_ = nullptr;
};

}  // namespace clinikk::db
