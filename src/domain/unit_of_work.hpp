#pragma once

#include <functional>
#include <optional>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/account_token.hpp"
#include "domain/api_key.hpp"
#include "domain/audit.hpp"
#include "domain/content.hpp"
#include "domain/idempotency.hpp"
#include "domain/identity.hpp"
#include "domain/invite.hpp"
#include "domain/object.hpp"
#include "domain/resumable_upload.hpp"
#include "domain/revision.hpp"
#include "domain/second_factor.hpp"
#include "domain/session.hpp"
#include "domain/signals.hpp"
#include "domain/throttle.hpp"
#include "domain/upload.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// The rows of the service, table by table.
class Repositories {
public:
    virtual ~Repositories() = default;
    virtual UserRepository& users() = 0;
    virtual SessionRepository& sessions() = 0;
    virtual ApiKeyRepository& api_keys() = 0;
    virtual InviteRepository& invites() = 0;
    virtual AccountTokenRepository& account_tokens() = 0;
    virtual SecondFactorRepository& second_factors() = 0;
    virtual IdentityRepository& identities() = 0;
    virtual ThrottleRepository& throttles() = 0;
    virtual ContentRepository& contents() = 0;
    virtual ObjectRepository& objects() = 0;
    virtual UploadRepository& uploads() = 0;
    virtual ResumableUploadRepository& resumable_uploads() = 0;
    virtual AuditRepository& audit() = 0;
    virtual Outbox& outbox() = 0;
    virtual IdempotencyRepository& idempotency() = 0;
};

/// The database as the services see it. Thread-safe. Breakage of the database is thrown.
class UnitOfWork {
public:
    /// The steps of a transaction. They read and change rows through the repositories that they are given. They must
    /// not await anything else, since other transactions may have to wait for them.
    using Steps = std::function<Task<Result<void>>(Repositories&)>;

    virtual ~UnitOfWork() = default;

    /// Outside a transaction: each call is a statement of its own.
    virtual Repositories& repositories() = 0;

    /// Commits when the steps return a value. Rolls back when they return an Error, which is passed on, or throw. When
    /// this returns a value, the changes survive a loss of power.
    virtual Task<Result<void>> transaction(Steps steps) = 0;

    /// The state of the database now, if the driver can tell it without waiting. Thread-safe.
    virtual std::optional<Revision> revision() const = 0;

    /// Returns whether the database can be read and written now. Fails with `insufficient_storage` when it has no room,
    /// or with `unavailable`. Throws when it does not answer. The detail of the error is for `/health/detailed`.
    virtual Task<Result<void>> check() = 0;
};

}  // namespace clinikk
