#pragma once

#include <memory>

#include "db/database.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk::db {

/// The repositories over `database`, which must outlive the result.
std::unique_ptr<UnitOfWork> make_unit_of_work(Database& database);

}  // namespace clinikk::db
