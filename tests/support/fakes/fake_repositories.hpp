#pragma once

#include <functional>
#include <memory>

#include "support/fakes/fake_database.hpp"

namespace clinikk::testing {

/// How statements reach the tables: the database's own, or those of a transaction.
struct TableAccess {
    std::function<void(std::function<void(Tables const&)> const&)> read;
    std::function<void(std::function<void(Tables&)> const&)> write;
};

/// The stores over these tables. `calls` must outlive them.
std::unique_ptr<Repositories> make_fake_repositories(TableAccess access, Calls& calls);

}  // namespace clinikk::testing
