#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/clock.hpp"
#include "domain/signals.hpp"
#include "domain/unit_of_work.hpp"
#include "service/upload_lease.hpp"

namespace clinikk {

/// The requests of this process that take bytes of uploads, so that others can ask them to stop. Thread-safe.
class InterruptibleAppends {
    struct Append;

public:
    /// While it lives, the append can be interrupted. It is destroyed on the executor of the append.
    class Entry {
    public:
        Entry(InterruptibleAppends& appends, Uuid upload_id, std::shared_ptr<Append> append);
        Entry(Entry const&) = delete;
        Entry& operator=(Entry const&) = delete;
        ~Entry();

    private:
        InterruptibleAppends& appends_;
        Uuid upload_id_;
        std::shared_ptr<Append> append_;
    };

    /// `interrupt` is called on `executor`, which must run on one thread; perhaps more than once.
    std::unique_ptr<Entry> add(Uuid upload_id, boost::asio::any_io_executor executor, std::function<void()> interrupt);

    /// Asks the append to that upload to stop, if this process has one.
    void interrupt(Uuid upload_id);

    /// Asks all of them to stop, and those that are added from now on.
    void interrupt_all();

private:
    static void ask(std::shared_ptr<Append> const& append);
    void remove(Uuid upload_id, std::shared_ptr<Append> const& append);

    std::mutex mutex_;
    std::map<Uuid, std::shared_ptr<Append>> appends_;
    bool are_unwanted_ = false;
};

/// A resumable upload that one request holds: nobody else changes it. Destroying the lock without letting go leaves it
/// to the lease to run out.
class UploadLock {
public:
    /// `upload` is the row as the holder has it. The lease is renewed from now on, on `executor`.
    UploadLock(boost::asio::any_io_executor const& executor, Clock& clock, UnitOfWork& work, Upload upload, Log& log);

    /// The row of the write when it was taken. Its `holder` is the fence for every change.
    Upload const& upload() const noexcept { return upload_; }
    std::string const& holder() const noexcept { return upload_.holder; }
    UploadLease const& lease() const noexcept { return lease_; }

    /// Records how many bytes are durable, for the renewals, which write that number.
    void advance_to(std::int64_t offset) noexcept;

    /// Lets go; the client has time until `expires_at`. Failures are logged: the lease runs out.
    Task<> release(Timestamp expires_at);

    /// As a step of a transaction. Returns false when another request holds the upload. Call `note_release` when the
    /// transaction has been committed.
    Task<bool> release_in(Repositories& repositories, Timestamp expires_at) const;
    /// The row is free, or gone: there is nothing to let go of.
    void note_release() noexcept { is_released_ = true; }

private:
    UnitOfWork& work_;
    Upload upload_;
    Log& log_;
    UploadLease lease_;
    bool is_released_ = false;
};

/// Takes uploads for requests. A holder that is appending is asked to let go, in whatever process it is. Thread-safe.
class UploadLocks {
public:
    /// The type of the event that asks the holder of its subject to let go.
    static constexpr std::string_view wanted_event = "upload.wanted";

    /// `holder` names this process. Subscribes to `signals`. All arguments must outlive the event loops.
    UploadLocks(UnitOfWork& work, Clock& clock, Signals& signals, std::string holder, Log& log);

    /// Takes the upload, waiting for its holder for at most the length of a lease and a little. Null when the row of
    /// the write does not exist or has expired. Fails with `upload_locked`.
    Task<Result<std::unique_ptr<UploadLock>>> take(Uuid upload_id);

    /// A name for one holder of this process.
    std::string new_holder() const;

    InterruptibleAppends& appends() noexcept { return appends_; }

private:
    Task<> ask(Upload const& held);
    bool is_ours(Upload const& upload) const;

    UnitOfWork& work_;
    Clock& clock_;
    std::string holder_;
    Log& log_;
    InterruptibleAppends appends_;
};

}  // namespace clinikk
