#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <stdexcept>

#include "db/database.hpp"

namespace clinikk::db {

/// The current row of a statement. Times are integers, UUIDs are blobs of 16 bytes, and booleans are 0 and 1.
///
/// A column is fetched once and then asked for its type and content, which costs a third of asking the statement each
/// time. Such a value may be used on one thread only, like the whole connection.
class SqliteRow final : public Row {
public:
    explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

    /// Call it for each new row.
    void advance() noexcept { column_ = -1; }

    bool is_null(int column) const override {
        fetch(column);
        return type_ == SQLITE_NULL;
    }

    bool boolean(int column) const override { return integer(column) != 0; }

    std::int64_t integer(int column) const override { return sqlite3_value_int64(typed(column, SQLITE_INTEGER)); }

    std::string_view text(int column) const override {
        auto* const found = typed(column, SQLITE_TEXT);
        auto const* chars = reinterpret_cast<char const*>(sqlite3_value_text(found));
        return {chars, static_cast<std::size_t>(sqlite3_value_bytes(found))};
    }

    std::string_view blob(int column) const override {
        auto* const found = typed(column, SQLITE_BLOB);
        auto const* bytes = static_cast<char const*>(sqlite3_value_blob(found));
        return {bytes, static_cast<std::size_t>(sqlite3_value_bytes(found))};
    }

    Uuid uuid(int column) const override {
        auto const bytes = blob(column);
        Uuid id;
        if (bytes.size() != id.bytes.size()) throw std::logic_error("a stored UUID has not 16 bytes");
        std::ranges::copy(bytes, id.bytes.begin());
        return id;
    }

    Timestamp time(int column) const override { return Timestamp(std::chrono::microseconds(integer(column))); }

private:
    void fetch(int column) const {
        if (column == column_) return;
        value_ = sqlite3_column_value(statement_, column);
        type_ = sqlite3_value_type(value_);
        column_ = column;
    }

    // SQLite would convert one type into another; the driver for PostgreSQL cannot.
    sqlite3_value* typed(int column, int type) const {
        fetch(column);
        if (type_ != type) {
            throw std::logic_error("column " + std::to_string(column) + " has another type, or is null");
        }
        return value_;
    }

    sqlite3_stmt* statement_;
    mutable sqlite3_value* value_ = nullptr;
    mutable int type_ = 0;
    mutable int column_ = -1;
};

}  // namespace clinikk::db
