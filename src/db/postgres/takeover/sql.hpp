#pragma once

/// The statements of the take-over that fill more than a line or two: each is the text of `sql/<name>.sql`, put into
/// the program when it is built. One that has no file does not link.
namespace clinikk::db::sql {

extern char const* const create_decisions;
extern char const* const insert_contents;
extern char const* const select_contents;
extern char const* const select_users;
extern char const* const set_tables_aside;

}  // namespace clinikk::db::sql
