#include "security/waiting_room.hpp"

#include <algorithm>
#include <utility>

namespace clinikk {

WaitingRoom::Place::Place(WaitingRoom& room, HashingClient client)
    : room_(room), client_(std::move(client)), entered_(Clock::now()) {}

WaitingRoom::Place::~Place() {
    room_.last_stay_ = Clock::now() - entered_;
    std::lock_guard const lock(room_.mutex_);
    auto& section = room_.sections_[client_.is_known ? 1 : 0];
    --section.taken;
    auto const own = section.by_network.find(client_.network);
    if (--own->second == 0) section.by_network.erase(own);
}

std::unique_ptr<WaitingRoom::Place> WaitingRoom::enter(HashingClient client) {
    std::lock_guard const lock(mutex_);
    auto& section = sections_[client.is_known ? 1 : 0];
    bool const is_full = sections_[0].taken + sections_[1].taken >= places_;
    bool const is_reserved = !client.is_known && section.taken >= (3 * places_ + 3) / 4;
    if (is_full || is_reserved) return nullptr;
    auto const own = section.by_network.try_emplace(client.network, 0).first;
    // The commands of the program share no network with anyone.
    auto const share = client.network.empty() ? places_ : (places_ + 1) / 2;
    if (own->second >= share) return nullptr;
    ++own->second;
    ++section.taken;
    return std::make_unique<Place>(*this, std::move(client));
}

std::chrono::seconds WaitingRoom::wait() const noexcept {
    auto const stay = std::chrono::ceil<std::chrono::seconds>(last_stay_.load());
    return std::max(stay, std::chrono::seconds(1));
}

}  // namespace clinikk
