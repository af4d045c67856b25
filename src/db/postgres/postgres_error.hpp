#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "db/database.hpp"

namespace clinikk::db {

struct ClearResult {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using PostgresResult = std::unique_ptr<PGresult, ClearResult>;

/// The transaction met another one (SQLSTATE 40001, 40P01). It may succeed when it is run again from its beginning.
class SerializationFailure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A message of libpq, which may have several lines, as one.
std::string one_line(std::string text);

/// Interprets a failed result. It returns the constraint that refused a row (SQLSTATE class 23). Anything else is
/// thrown: as `Unavailable` if the server cannot serve now (classes 08, 53, 57), as `SerializationFailure`, or as
/// breakage. Source: PostgreSQL documentation, appendix A, "Error Codes".
ConstraintViolation violation_or_throw(PGresult const* result, std::string_view statement);

}  // namespace clinikk::db
