#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "domain/unit_of_work.hpp"
#include "support/fakes/calls.hpp"

namespace clinikk::testing {

/// All rows, by their primary keys.
struct Tables {
    struct Login {
        Session session{};
        std::optional<Timestamp> revoked_at{};
    };

    std::map<Uuid, User> users{};
    std::map<Uuid, Login> sessions{};
    std::map<Sha256Digest, RefreshToken> refresh_tokens{};
    std::map<Uuid, ApiKey> api_keys{};
    std::map<Uuid, AccountRemoval> account_removals{};
    std::map<Uuid, Invite> invites{};
    std::map<Sha256Digest, AccountToken> account_tokens{};
    std::map<Uuid, Totp> totp{};
    std::map<Sha256Digest, RecoveryCode> recovery_codes{};
    std::map<std::pair<std::string, std::string>, Identity> identities{};  ///< by issuer and subject
    std::map<Sha256Digest, SignIn> sign_ins{};
    std::map<Sha256Digest, SignInCode> sign_in_codes{};
    std::map<Sha256Digest, ThrottleRow> throttles{};
    std::map<Uuid, Content> contents{};
    std::map<Uuid, Object> objects{};
    std::map<std::pair<Uuid, ObjectRole>, Uuid> content_objects{};  ///< of content and role, the object
    std::map<Uuid, Upload> uploads{};
    std::map<Uuid, ResumableUpload> resumable_uploads{};
    std::map<Uuid, AuditEvent> audit{};
    std::map<std::pair<Uuid, Sha256Digest>, IdempotencyKey> idempotency_keys{};  ///< by owner and hash
    std::vector<Event> outbox{};
};

/// A database in memory: what all processes share. Thread-safe.
class FakeDatabase {
public:
    struct Snapshot {
        std::uint64_t version = 0;
        Tables tables{};
    };

    Snapshot snapshot() const;
    std::uint64_t version() const;

    /// Makes these the tables, unless somebody has written since that version.
    bool commit(Snapshot changed);

    /// Reads, or changes, rows. What throws must have changed nothing.
    void read(std::function<void(Tables const&)> const& work) const;
    void write(std::function<void(Tables&)> const& work);

private:
    mutable std::mutex mutex_;
    std::uint64_t version_ = 0;
    Tables tables_;
};

/// One process's way to that database. Transactions are serializable: steps work on a copy of the tables, and run again
/// when another process has written meanwhile.
class FakeUnitOfWork final : public UnitOfWork {
public:
    FakeUnitOfWork(FakeDatabase& database, Calls& calls);
    ~FakeUnitOfWork() override;

    Repositories& repositories() override { return *repositories_; }
    Task<Result<void>> transaction(Steps steps) override;
    std::optional<Revision> revision() const override;
    Task<Result<void>> check() override;

private:
    FakeDatabase& database_;
    Calls& calls_;
    std::unique_ptr<Repositories> repositories_;
};

}  // namespace clinikk::testing
