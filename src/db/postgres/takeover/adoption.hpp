#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"

/// Coming from the proof of concept: its tables `users` and `contents`, made by SQLAlchemy, are taken over in the
/// database where they stand. `docs/migrating.md` says what becomes of what.
namespace clinikk::db {

class BlockingConnection;

/// Told line by line what came of a take-over.
using AdoptionReport = std::function<void(std::string_view line)>;

/// What was taken over, and what there is to know about single rows.
struct PocFindings {
    std::int64_t users = 0;
    std::int64_t contents = 0;
    std::int64_t objects = 0;
    std::int64_t count = 0;            ///< of findings
    std::vector<std::string> first{};  ///< the first of them; all stand in `clinikk_poc.findings`

    void tell(Log& log, AdoptionReport const& report) const;
};

/// Whether the database, which has no schema of ours, has the tables of the proof of concept. Throws `SchemaMismatch`
/// when it has tables of our names in any other shape.
bool has_poc_tables(BlockingConnection& connection);

/// Moves them into the schema `clinikk_poc`, where they stay as they are. Within a transaction. Throws `Unavailable`
/// when somebody keeps them locked.
void set_poc_tables_aside(BlockingConnection& connection);

/// Makes our rows of theirs. Within the same transaction, when our tables are there.
PocFindings adopt_poc(BlockingConnection& connection);

}  // namespace clinikk::db
