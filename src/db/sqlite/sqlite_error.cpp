#include "db/sqlite/sqlite_error.hpp"

#include <sqlite3.h>

namespace clinikk::db {
namespace {

constexpr std::string_view separator = ": ";

/// Converts `users.email_key` to `users_email_key`, and `t.a, t.b` to `t_a_b`.
std::string join_columns(std::string_view columns) {
    std::string name;
    while (!columns.empty()) {
        auto const end = columns.find(", ");
        auto const column = columns.substr(0, end);
        auto const dot = column.find('.');
        if (name.empty()) name = column.substr(0, dot);
        if (dot != std::string_view::npos) name.append("_").append(column.substr(dot + 1));
        columns = end == std::string_view::npos ? std::string_view{} : columns.substr(end + 2);
    }
    return name;
}

std::string unique_name(std::string_view subject) {
    constexpr std::string_view index = "index '";  // so it says for an index on an expression
    if (subject.starts_with(index) && subject.ends_with('\'')) {
        return std::string(subject.substr(index.size(), subject.size() - index.size() - 1));
    }
    return join_columns(subject) + "_key";
}

std::string primary_key_name(std::string_view subject) {
    return std::string(subject.substr(0, subject.find('.'))) + "_pkey";
}

}  // namespace

void throw_sqlite_error(sqlite3* connection, std::string_view doing) {
    int const code = sqlite3_extended_errcode(connection);
    std::string const message =
        "SQLite: " + std::string(doing) + ": " + sqlite3_errmsg(connection) + " (" + std::to_string(code) + ")";
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_PROTOCOL:  // lost the race for the WAL's locks too often
        case SQLITE_FULL:      // the disk is, and this may pass
        case SQLITE_IOERR: throw Unavailable(message);
        case SQLITE_READONLY:
            // The file or its disk has become read-only. A read-only connection that was asked to write is a defect.
            if (code != SQLITE_READONLY || sqlite3_db_readonly(connection, "main") == 1) throw Unavailable(message);
            break;
        default: break;
    }
    throw SqliteError(code, message);
}

std::optional<ConstraintViolation> parse_violation(int code, std::string_view message) {
    using Kind = ConstraintViolation::Kind;
    if ((code & 0xff) != SQLITE_CONSTRAINT) return std::nullopt;
    auto const at = message.find(separator);
    auto const subject = at == std::string_view::npos ? std::string_view{} : message.substr(at + separator.size());
    switch (code) {
        case SQLITE_CONSTRAINT_UNIQUE: return ConstraintViolation{Kind::unique, unique_name(subject)};
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID: return ConstraintViolation{Kind::unique, primary_key_name(subject)};
        case SQLITE_CONSTRAINT_FOREIGNKEY: return ConstraintViolation{Kind::foreign_key, ""};
        case SQLITE_CONSTRAINT_CHECK: return ConstraintViolation{Kind::other, std::string(subject)};
        case SQLITE_CONSTRAINT_NOTNULL: return ConstraintViolation{Kind::other, join_columns(subject) + "_not_null"};
        default:  // a value of the wrong type, for one: a defect, not a refusal
            return std::nullopt;
    }
}

}  // namespace clinikk::db
