#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"

/// Takes over the tables `users` and `contents` of the proof of concept, made by SQLAlchemy, in their own database.
/// `docs/migrating.md` describes what becomes of each column.
namespace clinikk::db {

class BlockingConnection;

/// Called for each line of the report of a takeover.
using AdoptionReport = std::function<void(std::string_view line)>;

/// What was taken over, and the findings about single rows.
struct PocFindings {
    std::int64_t users = 0;
    std::int64_t contents = 0;
    std::int64_t objects = 0;
    std::int64_t count = 0;            ///< of findings
    std::vector<std::string> first{};  ///< the first of them; all are in `clinikk_poc.findings`

    void tell(Log& log, AdoptionReport const& report) const;
};

/// Returns whether the database has the tables of the proof of concept. Call it when the schema of this program is not
/// there. Throws `SchemaMismatch` when tables have the expected names and another shape.
bool has_poc_tables(BlockingConnection& connection);

/// Moves them into the schema `clinikk_poc`, where they stay unchanged. Call it in a transaction. Throws `Unavailable`
/// when another session keeps them locked.
void set_poc_tables_aside(BlockingConnection& connection);

/// Makes our rows from theirs. Call it in the same transaction, when our tables exist.
PocFindings adopt_poc(BlockingConnection& connection);

}  // namespace clinikk::db
