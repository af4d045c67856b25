#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>

#include "db/postgres/blocking_connection.hpp"
#include "db/postgres/takeover/adoption.hpp"
#include "db/schema_version.hpp"

namespace clinikk::db {
namespace {

/// The kinds of the column types, in the order of `read_columns`.
using Shape = std::map<std::string, std::string, std::less<>>;

Shape const& shape_of_users() {
    static Shape const shape{
        {"id", "uuid, key"}, {"email", "text"}, {"hashed_password", "text"}, {"is_active", "bool"}};
    return shape;
}

Shape const& shape_of_contents() {
    static Shape const shape{
        {"id", "uuid, key"},          {"title", "text"},         {"description", "text"}, {"content_type", "enum"},
        {"storage_url", "text"},      {"thumbnail_url", "text"}, {"duration", "int"},     {"created_at", "timestamptz"},
        {"updated_at", "timestamptz"}};
    return shape;
}

std::string joined(std::initializer_list<std::string_view> pieces) {
    std::string text;
    for (auto const piece : pieces) text += piece;
    return text;
}

[[noreturn]] void refuse(std::string const& why) {
    throw SchemaMismatch("the PostgreSQL database cannot be used: " + why +
                         "; it is neither this program's nor the proof of concept's");
}

bool exists(BlockingConnection& connection, std::string_view name) {
    return connection.read_number("SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('" + std::string(name) +
                                  "')") != 0;
}

Shape read_columns(BlockingConnection& connection, std::string const& name) {
    Shape columns;
    connection.read_rows(
        "SELECT a.attname, CASE WHEN t.typtype = 'e' THEN 'enum' WHEN t.typname IN ('varchar', 'text') THEN 'text'"
        " WHEN t.typname IN ('int4', 'int8') THEN 'int' ELSE t.typname END ||"
        " CASE WHEN EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary"
        " AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) THEN ', key' ELSE '' END"
        " FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE a.attrelid = to_regclass('" +
            name + "') AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r'",
        [&columns](BlockingConnection::Texts row) { columns.emplace(row[0].value(), row[1].value()); });
    return columns;
}

void require_shape(BlockingConnection& connection, std::string const& name, Shape const& expected) {
    auto const found = read_columns(connection, name);
    for (auto const& [column, type] : found) {
        auto const known = expected.find(column);
        if (known == expected.end()) refuse(joined({"its table ", name, " has a column ", column}));
        if (known->second != type) {
            refuse(
                joined({"the column ", column, " of its table ", name, " is of type ", type, ", not ", known->second}));
        }
    }
    for (auto const& [column, type] : expected) {
        if (!found.contains(column)) refuse(joined({"its table ", name, " has no column ", column}));
    }
}

void require_kinds(BlockingConnection& connection) {
    auto const others = connection.read_number(
        "SELECT COUNT(*) FROM pg_enum e JOIN pg_attribute a ON a.atttypid = e.enumtypid"
        " WHERE a.attrelid = to_regclass('contents') AND a.attname = 'content_type'"
        " AND upper(e.enumlabel) NOT IN ('VIDEO', 'AUDIO')");
    if (others != 0) refuse("the content_type of its table contents knows more than VIDEO and AUDIO");
}

}  // namespace

bool has_poc_tables(BlockingConnection& connection) {
    constexpr std::array names{"sessions", "objects", "content_objects", "uploads", "outbox", "outbox_seq"};
    for (auto const* const name : names) {
        if (exists(connection, name)) refuse(std::string("it has a table or sequence ") + name + " already");
    }
    bool const has_users = exists(connection, "users");
    bool const has_contents = exists(connection, "contents");
    if (!has_users && !has_contents) return false;
    if (!has_users) refuse("it has a table contents, but no table users");
    if (!has_contents) refuse("it has a table users, but no table contents");
    require_shape(connection, "users", shape_of_users());
    require_shape(connection, "contents", shape_of_contents());
    require_kinds(connection);
    auto const is_utf8 = connection.read_number("SELECT COUNT(*) WHERE current_setting('server_encoding') = 'UTF8'");
    if (is_utf8 == 0) {
        throw SchemaMismatch("the PostgreSQL database is not encoded in UTF8: dump it and restore it into one that is");
    }
    return true;
}

}  // namespace clinikk::db
