#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "db/database.hpp"

struct sqlite3;

namespace clinikk::db {

/// SQLite failed: a damaged file or wrong SQL.
class SqliteError : public std::runtime_error {
public:
    SqliteError(int code, std::string const& message) : std::runtime_error(message), code_(code) {}

    /// The extended result code of SQLite.
    int code() const noexcept { return code_; }

private:
    int code_;
};

/// Throws the meaning of the last failure of the connection: `Unavailable` if the file is locked or the disk fails or
/// is full, else `SqliteError`. `doing` names the attempt.
[[noreturn]] void throw_sqlite_error(sqlite3* connection, std::string_view doing);

/// The violation that an extended result code and its message report; empty when they report something else.
std::optional<ConstraintViolation> parse_violation(int code, std::string_view message);

}  // namespace clinikk::db
