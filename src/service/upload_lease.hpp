#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "domain/clock.hpp"
#include "domain/upload.hpp"

namespace clinikk {

/// How long the lease of a write lasts after it was last renewed.
inline constexpr std::chrono::seconds upload_lease_length{30};

/// Renews the lease of an upload for as long as it lives, whatever the upload is waiting for: its client, memory, or a
/// slow store.
class UploadLease {
public:
    /// Starts on the executor of the coroutine that makes it. `clock`, `uploads` and `log` must outlive the
    /// program's loops.
    UploadLease(boost::asio::any_io_executor const& executor, Clock& clock, UploadRepository& uploads,
                Upload const& upload, Log& log);
    UploadLease(UploadLease const&) = delete;
    UploadLease& operator=(UploadLease const&) = delete;
    ~UploadLease();

    /// So many bytes more have come.
    void advance(std::size_t bytes) noexcept;

    /// Whether the row is gone or another's: the write must stop.
    bool is_lost() const noexcept;

private:
    struct State;
    static Task<> keep(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace clinikk
