#include "db/unit_of_work.hpp"

#include "db/mapping.hpp"
#include "db/stores.hpp"

namespace clinikk::db {
namespace {

// Reads a page of the file, or asks the server; never many rows.
constexpr Statement check_database{"database_check", "SELECT COALESCE(MAX(version), 0) FROM schema_version",
                                   Reach::point};

constexpr std::array statements{check_database};

class SqlStores final : public Stores {
public:
    explicit SqlStores(Session& session)
        : users_(make_user_store(session)),
          sessions_(make_session_store(session)),
          contents_(make_content_store(session)),
          objects_(make_object_table(session)),
          uploads_(make_upload_store(session)),
          outbox_(make_outbox(session)) {}

    UserStore& users() override { return *users_; }
    SessionStore& sessions() override { return *sessions_; }
    ContentStore& contents() override { return *contents_; }
    ObjectTable& objects() override { return *objects_; }
    UploadStore& uploads() override { return *uploads_; }
    Outbox& outbox() override { return *outbox_; }

private:
    std::unique_ptr<UserStore> users_;
    std::unique_ptr<SessionStore> sessions_;
    std::unique_ptr<ContentStore> contents_;
    std::unique_ptr<ObjectTable> objects_;
    std::unique_ptr<UploadStore> uploads_;
    std::unique_ptr<Outbox> outbox_;
};

class SqlUnitOfWork final : public UnitOfWork {
public:
    explicit SqlUnitOfWork(Database& database) : database_(database), stores_(database) {}

    Stores& stores() override { return stores_; }

    Task<Result<void>> transaction(Steps steps) override {
        Database::Steps in_session = [&steps](Session& session) -> Task<Result<void>> {
            SqlStores stores(session);
            co_return co_await steps(stores);
        };
        co_return co_await database_.transaction(std::move(in_session));
    }

    std::optional<Revision> revision() const override { return database_.revision(); }

    Task<Result<void>> check() override {
        co_await get_number(database_, check_database, std::array<Value, 0>{});
        co_return co_await database_.check_writable();
    }

private:
    Database& database_;
    SqlStores stores_;
};

}  // namespace

std::unique_ptr<UnitOfWork> make_unit_of_work(Database& database) { return std::make_unique<SqlUnitOfWork>(database); }

std::span<Statement const> check_statements() { return statements; }

}  // namespace clinikk::db
