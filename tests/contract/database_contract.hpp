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
    /// Another way in to the same rows, as another process has it.
    virtual std::unique_ptr<db::Database> open() = 0;
    /// Whether all writes pass through one writer, which notices a step that would wait for itself.
    virtual bool has_one_writer() const { return false; }
};

using MakeDatabase = std::unique_ptr<DatabaseUnderTest> (*)();

/// Every database driver that the program has.
std::vector<MakeDatabase> all_database_drivers();

/// Passes statements on, and fails the test when one is not in `db::all_statements`: it would be neither prepared nor
/// explained by the tests.
std::unique_ptr<db::Database> make_watched(db::Database& database);

/// What the stores must do, whatever the driver. Suites derive from it and are instantiated for all drivers.
class DatabaseContract : public ::testing::TestWithParam<MakeDatabase> {
protected:
    db::Database& database() { return *database_; }
    UnitOfWork& work() { return *work_; }
    Stores& stores() { return work_->stores(); }
    std::unique_ptr<db::Database> open_another() { return under_test_->open(); }

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
    std::unique_ptr<db::Database> opened_ = under_test_->open();
    std::unique_ptr<db::Database> database_ = make_watched(*opened_);
    std::unique_ptr<UnitOfWork> work_ = db::make_unit_of_work(*database_);
};

}  // namespace clinikk::testing
