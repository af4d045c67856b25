#pragma once

#include <stdexcept>

namespace clinikk::db {

/// The schema of the database is not the program's. `what()` is one line for whoever starts the program.
class SchemaMismatch : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace clinikk::db
