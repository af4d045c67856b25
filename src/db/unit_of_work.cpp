#include "db/unit_of_work.hpp"

#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

// Reads a page of the file or asks the server, and never reads many rows.
constexpr Statement check_database{"database_check", "SELECT COALESCE(MAX(version), 0) FROM schema_version",
                                   Sharing::pipelined};

constexpr std::array statements{check_database};

class SqlRepositories final : public Repositories {
public:
    explicit SqlRepositories(Session& session)
        : users_(make_user_repository(session)),
          sessions_(make_session_repository(session)),
          api_keys_(make_api_key_repository(session)),
          invites_(make_invite_repository(session)),
          account_tokens_(make_account_token_repository(session)),
          second_factors_(make_second_factor_repository(session)),
          identities_(make_identity_repository(session)),
          throttles_(make_throttle_repository(session)),
          contents_(make_content_repository(session)),
          objects_(make_object_repository(session)),
          uploads_(make_upload_repository(session)),
          resumable_uploads_(make_resumable_upload_repository(session)),
          audit_(make_audit_repository(session)),
          idempotency_(make_idempotency_repository(session)),
          outbox_(make_outbox(session)) {}

    UserRepository& users() override { return *users_; }
    SessionRepository& sessions() override { return *sessions_; }
    ApiKeyRepository& api_keys() override { return *api_keys_; }
    InviteRepository& invites() override { return *invites_; }
    AccountTokenRepository& account_tokens() override { return *account_tokens_; }
    SecondFactorRepository& second_factors() override { return *second_factors_; }
    IdentityRepository& identities() override { return *identities_; }
    ThrottleRepository& throttles() override { return *throttles_; }
    ContentRepository& contents() override { return *contents_; }
    ObjectRepository& objects() override { return *objects_; }
    UploadRepository& uploads() override { return *uploads_; }
    ResumableUploadRepository& resumable_uploads() override { return *resumable_uploads_; }
    AuditRepository& audit() override { return *audit_; }
    IdempotencyRepository& idempotency() override { return *idempotency_; }
    Outbox& outbox() override { return *outbox_; }

private:
    std::unique_ptr<UserRepository> users_;
    std::unique_ptr<SessionRepository> sessions_;
    std::unique_ptr<ApiKeyRepository> api_keys_;
    std::unique_ptr<InviteRepository> invites_;
    std::unique_ptr<AccountTokenRepository> account_tokens_;
    std::unique_ptr<SecondFactorRepository> second_factors_;
    std::unique_ptr<IdentityRepository> identities_;
    std::unique_ptr<ThrottleRepository> throttles_;
    std::unique_ptr<ContentRepository> contents_;
    std::unique_ptr<ObjectRepository> objects_;
    std::unique_ptr<UploadRepository> uploads_;
    std::unique_ptr<ResumableUploadRepository> resumable_uploads_;
    std::unique_ptr<AuditRepository> audit_;
    std::unique_ptr<IdempotencyRepository> idempotency_;
    std::unique_ptr<Outbox> outbox_;
};

class SqlUnitOfWork final : public UnitOfWork {
public:
    explicit SqlUnitOfWork(Database& database) : database_(database), repositories_(database) {}

    Repositories& repositories() override { return repositories_; }

    Task<Result<void>> transaction(Steps steps) override {
        Database::Steps in_session = [&steps](Session& session) -> Task<Result<void>> {
            SqlRepositories repositories(session);
            co_return co_await steps(repositories);
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
    SqlRepositories repositories_;
};

}  // namespace

std::unique_ptr<UnitOfWork> make_unit_of_work(Database& database) { return std::make_unique<SqlUnitOfWork>(database); }

std::span<Statement const> check_statements() { return statements; }

}  // namespace clinikk::db
