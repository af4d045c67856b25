#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "domain/clock.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

class UploadLease;

/// The time that the collector takes a row for, to remove what one upload left behind. A collector that fails or dies
/// leaves it to the next collection.
inline constexpr std::chrono::seconds collector_claim_length{60};

/// Uploads whose lease has run out: their holder has died, or their client has not come back in time. The row of a
/// resumable upload outlives its bytes, so that its client learns that it has expired.
class AbandonedUploads {
public:
    /// What is to become of such an upload. `stays`: a live process writes its bytes after all. `returns`: its holder
    /// has died, and its client may go on. `goes`: its bytes and its row are to be removed.
    enum class Fate : std::uint8_t { stays, returns, goes };

    /// `holder` names this process in the leases that it takes over.
    AbandonedUploads(UnitOfWork& work, ObjectStores& objects, Clock& clock, std::string holder, Log& log);

    Task<Fate> fate_of(Upload const& upload);

    /// Returns an upload to its client, unless it has a holder again.
    Task<> give_back(Upload const& upload);

    /// Removes one upload. It takes over the row first: that is the claim. If the former holder is alive after all, it
    /// finds that it has lost its lease, and stops. The row is removed last, so that it still names bytes that could
    /// not be removed now.
    Task<> remove(Upload const& upload);

private:
    Task<bool> take_over(Upload const& upload);
    Task<> remove_bytes(Upload const& upload, UploadLease const& lease);
    Task<> remove_appended(Upload const& upload);
    Task<> finish(Upload const& upload);

    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    std::string holder_;
    Log& log_;
};

}  // namespace clinikk
