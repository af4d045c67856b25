#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "base/sha256.hpp"
#include "base/uuid.hpp"
#include "domain/clock.hpp"
#include "domain/media.hpp"

namespace clinikk {

/// The examination of an upload while its bytes arrive: the store feeds the hash, and who takes the bytes feeds the
/// inspection.
struct RunningExamination {
    std::shared_ptr<Sha256> hash = std::make_shared<Sha256>();
    std::unique_ptr<MediaInspection> inspection;
};

/// Keeps examinations between the requests of an upload, so that consecutive chunks to one process need no second
/// reading. It keeps few, and not for long: without one, the object is read at the end. Thread-safe.
class RunningExaminations {
public:
    static constexpr std::size_t max_kept = 16;
    static constexpr std::chrono::seconds max_idle{60};

    RunningExaminations(MediaInspector& inspector, Clock& clock) : inspector_(inspector), clock_(clock) {}

    /// Begins one at offset 0. At others it returns the one that has seen exactly that many bytes; null without one.
    std::unique_ptr<RunningExamination> take(Uuid upload_id, std::uint64_t offset);

    void keep(Uuid upload_id, std::uint64_t offset, std::unique_ptr<RunningExamination> examination);

    /// Drops those that have not been asked for lately.
    void drop_idle();
    void drop_all();

private:
    struct Kept {
        std::uint64_t offset = 0;
        Clock::SteadyTime since{};
        std::unique_ptr<RunningExamination> examination{};
    };

    MediaInspector& inspector_;
    Clock& clock_;
    std::mutex mutex_;
    std::map<Uuid, Kept> kept_;
};

}  // namespace clinikk
