#include "db/sqlite/sqlite_database.hpp"

#include "db/sqlite/sqlite_readers.hpp"
#include "db/sqlite/sqlite_writer.hpp"

namespace clinikk::db {
namespace {

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(SqliteOptions const& options, Log& log) : readers_(options, log), writer_(options, log, readers_) {}

    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row) override {
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
        auto const done = co_await writer_.run(step);
        done.value();
        co_return outcome;
    }

    Task<Result<void>> transaction(Steps steps) override { co_return co_await writer_.run(steps); }

    std::optional<Revision> revision() override {
        auto const mark = readers_.lend()->change_mark();
        return mark ? std::optional(Revision{*mark}) : std::nullopt;
    }

private:
    SqliteReaders readers_;
    SqliteWriter writer_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(SqliteOptions const& options, Log& log) {
    return std::make_unique<SqliteDatabase>(options, log);
}

}  // namespace clinikk::db
