#include "db/database.hpp"

namespace clinikk::db {

void throw_exception_from_error(ConstraintViolation const& violation, boost::source_location const& where) {
    std::string const name = violation.constraint.empty() ? "a foreign key" : violation.constraint;
    throw UnexpectedViolation("constraint violated: " + name + " at " + where.file_name() + ":" +
                              std::to_string(where.line()));
}

}  // namespace clinikk::db
