#include "support/fakes/fake_repositories.hpp"

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

class FakeOutbox final : public Outbox, Repository {
public:
    using Repository::Repository;

    Task<> publish(Event const& event) override {
        return write("outbox.publish", [event](Tables& tables) { tables.outbox.push_back(event); });
    }

    Task<std::uint64_t> prune(Timestamp before) override {
        return write("outbox.prune", [before](Tables& tables) -> std::uint64_t {
            return std::erase_if(tables.outbox, [&](Event const& event) { return event.created_at < before; });
        });
    }
};

}  // namespace

std::unique_ptr<Outbox> make_fake_outbox(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeOutbox>(access, calls);
}

namespace {

class FakeRepositories final : public Repositories {
public:
    FakeRepositories(TableAccess access, Calls& calls)
        : access_(std::move(access)),
          users_(make_fake_user_repository(access_, calls)),
          sessions_(make_fake_session_repository(access_, calls)),
          api_keys_(make_fake_api_key_repository(access_, calls)),
          invites_(make_fake_invite_repository(access_, calls)),
          account_tokens_(make_fake_account_token_repository(access_, calls)),
          second_factors_(make_fake_second_factor_repository(access_, calls)),
          identities_(make_fake_identity_repository(access_, calls)),
          throttles_(make_fake_throttle_repository(access_, calls)),
          contents_(make_fake_content_repository(access_, calls)),
          objects_(make_fake_object_repository(access_, calls)),
          uploads_(make_fake_upload_repository(access_, calls)),
          resumable_uploads_(make_fake_resumable_upload_repository(access_, calls)),
          audit_(make_fake_audit_repository(access_, calls)),
          idempotency_(make_fake_idempotency_repository(access_, calls)),
          outbox_(make_fake_outbox(access_, calls)) {}

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
    TableAccess access_;
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

}  // namespace

std::unique_ptr<Repositories> make_fake_repositories(TableAccess access, Calls& calls) {
    return std::make_unique<FakeRepositories>(std::move(access), calls);
}

}  // namespace clinikk::testing
