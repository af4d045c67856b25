#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

/// What a database says of its schema, and who may serve it: the same for both drivers.
namespace clinikk::db {

/// The schema of the database is not the program's. `what()` is one line for whoever starts the program.
class SchemaMismatch : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Refuses a schema that is newer than `known`, the newest step of this program, unless each of its further steps names
/// this program's version or an older one as the oldest that may serve it. `oldest_programs` is what those steps name,
/// as `0.1.0`; `database` is the subject of the sentence: "the database x". Throws SchemaMismatch.
void refuse_unless_served(std::string_view database, std::int64_t version, std::int64_t known,
                          std::span<std::string const> oldest_programs, std::string_view program = CLINIKK_VERSION);

/// Throws SchemaMismatch when the schema is older than `known`.
void refuse_older(std::string_view database, std::int64_t version, std::int64_t known);

}  // namespace clinikk::db
