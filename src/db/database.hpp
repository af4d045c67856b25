#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/collection_lock.hpp"
#include "domain/revision.hpp"

/// The port under the repositories: statements, transactions, rows. Its two drivers are `db/sqlite` and `db/postgres`.
namespace clinikk::db {

/// Whether a statement may share a connection with the statements of other callers.
enum class Sharing {
    exclusive,
    pipelined,  ///< reads at most a row or two by a unique key: it is quick, and its answer may be dropped
};

/// A statement with a name of its own, prepared once for each connection. Parameters are `$1`, `$2`, …
struct Statement {
    std::string_view name;
    std::string_view sql;
    Sharing sharing = Sharing::exclusive;
};

/// Bytes, as opposed to text.
struct Blob {
    std::string_view bytes;
};

/// A parameter. Views must outlive the call.
using Value = std::variant<std::monostate, bool, std::int64_t, std::string_view, Blob, Uuid, Timestamp>;

/// One row of a result. Its views are valid while the row callback runs. Asking for another type than that of the
/// column is a defect.
class Row {
public:
    virtual bool is_null(int column) const = 0;
    virtual bool boolean(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    virtual std::string_view text(int column) const = 0;
    virtual std::string_view blob(int column) const = 0;
    virtual Uuid uuid(int column) const = 0;
    virtual Timestamp time(int column) const = 0;

protected:
    ~Row() = default;
};

/// A row that the database refused, as a value: the constraint under the default name of PostgreSQL,
/// `users_email_key_key`. SQLite does not report which foreign key it was; the name is empty then.
struct ConstraintViolation {
    enum class Kind { unique, foreign_key, other };
    Kind kind = Kind::other;
    std::string constraint;
};

/// Thrown by `Outcome::value()` when it holds a violation. That is a defect of this program.
class UnexpectedViolation : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

[[noreturn]] void throw_exception_from_error(ConstraintViolation const& violation, boost::source_location const& where);

/// The database exists but cannot serve now: another process holds it locked for too long, or it cannot be reached. The
/// same call may succeed later.
class Unavailable : public clinikk::Unavailable {
public:
    using clinikk::Unavailable::Unavailable;
};

/// The number of rows changed or returned.
using Outcome = boost::system::result<std::uint64_t, ConstraintViolation>;

using OnRow = std::function<void(Row const&)>;

/// Where statements run: the database itself, where each statement is a transaction, or an open transaction.
class Session {
public:
    virtual ~Session() = default;
    /// Runs a prepared statement. Breakage is thrown.
    virtual Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row) = 0;
};

class Database : public Session {
public:
    using Steps = std::function<Task<Result<void>>(Session&)>;

    /// See `UnitOfWork::transaction`.
    virtual Task<Result<void>> transaction(Steps steps) = 0;

    /// The same database for operations that free space or lead to that: on a full disk they use a reserve. Without a
    /// reserve it is the database itself. It lives as long as this object.
    virtual Database& with_reserve() { return *this; }

    /// See `UnitOfWork::check`. It tests writing; the caller tests reading.
    virtual Task<Result<void>> check_writable() { co_return Result<void>{}; }

    /// See `UnitOfWork::revision`.
    virtual std::optional<Revision> revision() { return std::nullopt; }

    /// Decides which of the processes on this database collects. It lives as long as this object.
    virtual CollectionLock& collection_lock() = 0;

    /// Runs what the driver needs on an event loop of the server; call it on each loop, for as long as the server runs.
    /// Everything also works without it, as in commands. The database may be destroyed before the loops, once they have
    /// stopped.
    virtual Task<> serve_loop() { co_return; }

    /// Calls `wake` on the loop of the caller, soon after any process has committed events and whenever some may have
    /// been missed, until it is cancelled. Returns at once when the driver gets no notifications.
    virtual Task<> watch_events(std::function<void()> /*wake*/) { co_return; }
};

}  // namespace clinikk::db
