#include "db/sqlite/sqlite_database.hpp"

#include "db/sqlite/disk_reserve.hpp"
#include "db/sqlite/file_collection_lock.hpp"
#include "db/sqlite/sqlite_readers.hpp"
#include "db/sqlite/sqlite_writer.hpp"

namespace clinikk::db {
namespace {

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(SqliteOptions const& options, Log& log)
        : readers_(options, log),
          writer_(options, log, readers_),
          collection_lock_(options.path.parent_path() / "collector.lock") {}

    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row) override {
        return run(statement, parameters, on_row, false);
    }

    Task<Result<void>> transaction(Steps steps) override { co_return co_await writer_.run(steps); }

    Database& with_reserve() override { return reserved_; }

    Task<Result<void>> check_writable() override { return writer_.check(); }

    std::optional<Revision> revision() override {
        auto const mark = readers_.lend()->change_mark();
        return mark ? std::optional(Revision{*mark}) : std::nullopt;
    }

    CollectionLock& collection_lock() override { return collection_lock_; }

private:
    class Reserved final : public Database {
    public:
        explicit Reserved(SqliteDatabase& database) : database_(database) {}

        Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row) override {
            return database_.run(statement, parameters, on_row, true);
        }

        Task<Result<void>> transaction(Steps steps) override { co_return co_await database_.writer_.run(steps, true); }

        CollectionLock& collection_lock() override { return database_.collection_lock_; }

    private:
        SqliteDatabase& database_;
    };

    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row,
                      bool may_use_reserve) {
        {
            auto const reader = readers_.lend();
            auto& prepared = reader->prepare(statement);
            if (prepared.is_read_only()) co_return reader->read(prepared, parameters, on_row);
        }
        Outcome outcome;
        Steps const step = [&](Session& session) -> Task<Result<void>> {
            outcome = co_await session.run(statement, parameters, on_row);
            co_return Result<void>{};  // a statement that was refused has changed nothing
        };
        auto const done = co_await writer_.run(step, may_use_reserve);
        done.value();
        co_return outcome;
    }

    SqliteReaders readers_;
    SqliteWriter writer_;
    FileCollectionLock collection_lock_;
    Reserved reserved_{*this};
};

}  // namespace

std::unique_ptr<Database> open_sqlite(SqliteOptions const& options, Log& log) {
    DiskReserve(options.path, options.reserve).make_room();
    return std::make_unique<SqliteDatabase>(options, log);
}

}  // namespace clinikk::db
