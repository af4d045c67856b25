#pragma once

#include <functional>
#include <optional>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/content.hpp"
#include "domain/object.hpp"
#include "domain/revision.hpp"
#include "domain/session.hpp"
#include "domain/signals.hpp"
#include "domain/upload.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// All rows of the service, table by table.
class Repositories {
public:
    virtual ~Repositories() = default;
    virtual UserRepository& users() = 0;
    virtual SessionRepository& sessions() = 0;
    virtual ContentRepository& contents() = 0;
    virtual ObjectRepository& objects() = 0;
    virtual UploadRepository& uploads() = 0;
    virtual Outbox& outbox() = 0;
};

/// The database as the services see it. Thread-safe. Breakage of the database is thrown.
class UnitOfWork {
public:
    /// Runs inside one transaction: it sees and changes rows through the `Repositories` it is given, and awaits nothing
    /// else, since others may have to wait for it.
    using Steps = std::function<Task<Result<void>>(Repositories&)>;

    virtual ~UnitOfWork() = default;

    /// Each call is a statement of its own.
    virtual Repositories& repositories() = 0;

    /// Commits when the steps return a value; rolls back when they return an Error, which is passed on, or throw.
    /// When this returns a value the changes survive a loss of power.
    virtual Task<Result<void>> transaction(Steps steps) = 0;

    /// The database's state as of now, told without waiting; empty where the driver cannot. Thread-safe.
    virtual std::optional<Revision> revision() const = 0;

    /// Whether the database can be read and written now. Fails with `insufficient_storage` when it has no room, or
    /// `unavailable`; throws when it does not answer. The detail is for `/health/detailed`.
    virtual Task<Result<void>> check() = 0;
};

}  // namespace clinikk
