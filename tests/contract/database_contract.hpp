#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "db/database.hpp"
#include "db/unit_of_work.hpp"
#include "support/run_task.hpp"

namespace clinikk::testing {

/// A database with the schema and no rows.
class DatabaseUnderTest {
public:
    virtual ~DatabaseUnderTest() = default;
    /// A way in to the same rows, as each process has one.
    virtual std::unique_ptr<UnitOfWork> open() = 0;
    /// As `open`, for those who send statements. Throws where there are none.
    virtual std::unique_ptr<db::Database> open_driver() = 0;
    /// Whether all writes pass through one writer, which notices a step that would wait for itself.
    virtual bool has_one_writer() const { return false; }
};

using MakeDatabase = std::unique_ptr<DatabaseUnderTest> (*)();

/// Every database driver that the program has.
std::vector<MakeDatabase> all_database_drivers();

/// Every implementation of the stores: the drivers, and the fake that service tests use.
std::vector<MakeDatabase> all_databases();

/// What the stores must do, whatever is under them. Suites derive from it and are instantiated for all databases.
class DatabaseContract : public ::testing::TestWithParam<MakeDatabase> {
protected:
    UnitOfWork& work() { return *work_; }
    Repositories& repositories() { return work_->repositories(); }
    std::unique_ptr<UnitOfWork> open_another() { return under_test_->open(); }
    std::unique_ptr<db::Database> open_driver() { return under_test_->open_driver(); }

    template <class T>
    T run(Task<T> task) {
        return run_task(std::move(task));
    }

    Uuid add_user(std::string const& email_key);
    /// With the same creation time each, unless told otherwise.
    Content add_content(Timestamp created_at = at(0), ContentKind kind = ContentKind::video,
                        std::optional<Uuid> owner = {});
    Object add_object(std::uint64_t size = 1);
    void link(Uuid content_id, Uuid object_id);

    /// A moment so many seconds after a fixed one.
    static Timestamp at(std::int64_t seconds);

    bool has_one_writer() const { return under_test_->has_one_writer(); }

private:
    std::unique_ptr<DatabaseUnderTest> under_test_ = GetParam()();
    std::unique_ptr<UnitOfWork> work_ = under_test_->open();
};

/// What the drivers must do beyond that.
class DriverContract : public DatabaseContract {
protected:
    db::Database& database() { return *database_; }

private:
    std::unique_ptr<db::Database> database_ = open_driver();
};

}  // namespace clinikk::testing
