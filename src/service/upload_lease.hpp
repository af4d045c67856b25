#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "domain/clock.hpp"
#include "domain/upload.hpp"

namespace clinikk {

/// The length of the lease of a write, from its last renewal.
inline constexpr std::chrono::seconds upload_lease_length{30};

/// The lease of a request that holds a resumable upload: so long a client whose process died must wait.
inline constexpr std::chrono::seconds resumable_lease_length{5};

/// How long a lease lasts from its last renewal, and how often it is renewed.
struct LeaseTerms {
    std::chrono::milliseconds length;
    std::chrono::milliseconds renewal;
};
inline constexpr LeaseTerms upload_lease_terms{upload_lease_length, std::chrono::seconds(10)};
inline constexpr LeaseTerms resumable_lease_terms{resumable_lease_length, std::chrono::milliseconds(1200)};

/// Renews the lease of an upload as long as this object lives, whatever the upload waits for: its client, memory, or a
/// slow store.
class UploadLease {
public:
    /// Starts on the executor of the calling coroutine. `clock`, `uploads` and `log` must outlive the event loops.
    UploadLease(boost::asio::any_io_executor const& executor, Clock& clock, UploadRepository& uploads,
                Upload const& upload, Log& log, LeaseTerms terms = upload_lease_terms);
    UploadLease(UploadLease const&) = delete;
    UploadLease& operator=(UploadLease const&) = delete;
    ~UploadLease();

    /// Records that more bytes have arrived, beyond the `offset` that the upload had.
    void advance(std::size_t bytes) noexcept;

    /// Whether the row is gone or another process holds it: the write must stop.
    bool is_lost() const noexcept;

private:
    struct State;
    static Task<> keep(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace clinikk
