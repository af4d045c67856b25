#pragma once

/// The longer statements of the takeover. Each is the text of `sql/<name>.sql`, embedded at build time. A statement
/// without a file does not link.
namespace clinikk::db::sql {

extern char const* const create_decisions;
extern char const* const insert_contents;
extern char const* const select_contents;
extern char const* const select_users;
extern char const* const set_tables_aside;

}  // namespace clinikk::db::sql
