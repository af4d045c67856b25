#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

/// The version of the schema of a database, and which programs may serve it. The same for both drivers.
namespace clinikk::db {

/// The schema of the database does not fit the program. `what()` is one line for the operator.
class SchemaMismatch : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Refuses a schema that is newer than `known`, the newest step of this program, unless each of its further steps
/// allows this version of the program. `oldest_programs` are the oldest versions that those steps allow, as `0.1.0`;
/// `database` is the subject of the sentence: "the database x". Throws SchemaMismatch.
void refuse_unless_served(std::string_view database, std::int64_t version, std::int64_t known,
                          std::span<std::string const> oldest_programs, std::string_view program = CLINIKK_VERSION);

/// Throws SchemaMismatch when the schema is older than `known`.
void refuse_older(std::string_view database, std::int64_t version, std::int64_t known);

}  // namespace clinikk::db
