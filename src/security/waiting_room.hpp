#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "domain/credentials.hpp"

namespace clinikk {

/// Bounds how many clients wait for a password to be hashed. Strangers have at most three of four places, so that some
/// are left for known clients, whatever strangers do. The strangers of one network have at most half of all places, and
/// so have its known clients: no single network fills the room. Thread-safe; must outlive its places.
class WaitingRoom {
public:
    using Clock = std::chrono::steady_clock;

    explicit WaitingRoom(std::size_t places) : places_(places) {}

    /// A place that is taken until this object is destroyed.
    class Place {
    public:
        Place(WaitingRoom& room, HashingClient client);
        Place(Place const&) = delete;
        Place& operator=(Place const&) = delete;
        ~Place();

    private:
        WaitingRoom& room_;
        HashingClient client_;
        Clock::time_point entered_;
    };

    /// Null when there is no place for this client.
    std::unique_ptr<Place> enter(HashingClient client);

    /// The time after which to try again: as long as the client that left last has stayed, and at least a second.
    std::chrono::seconds wait() const noexcept;

private:
    struct Section {
        std::size_t taken = 0;
        std::unordered_map<std::string, std::size_t> by_network{};
    };

    std::mutex mutex_;
    std::size_t places_;
    std::array<Section, 2> sections_;  ///< of strangers, and of known clients
    std::atomic<Clock::duration> last_stay_{Clock::duration::zero()};
};

}  // namespace clinikk
