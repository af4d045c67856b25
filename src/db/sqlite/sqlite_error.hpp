#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "db/database.hpp"

struct sqlite3;

namespace clinikk::db {

/// SQLite failed: damaged file, wrong SQL.
class SqliteError : public std::runtime_error {
public:
    SqliteError(int code, std::string const& message) : std::runtime_error(message), code_(code) {}

    /// SQLite's extended result code.
    int code() const noexcept { return code_; }

private:
    int code_;
};

/// Throws what the connection's last failure means: `Unavailable` where the file is locked or the disk fails or is
/// full, `SqliteError` otherwise. `doing` names the attempt.
[[noreturn]] void throw_sqlite_error(sqlite3* connection, std::string_view doing);

/// The violation that an extended result code and its message tell of; empty when they tell of something else.
std::optional<ConstraintViolation> parse_violation(int code, std::string_view message);

}  // namespace clinikk::db
