#include "service/index_cache.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>
#include <vector>

#include "base/async/wakeup.hpp"

namespace clinikk {

/// A load under way. The mutex of the cache guards the members.
struct IndexCache::Loading {
    std::vector<Wakeup> waiters;
    std::optional<Result<Media>> outcome;
};

IndexCache::IndexCache(std::size_t capacity, Log& log) : capacity_(capacity), log_(log) {}

IndexCache::Media IndexCache::find(Uuid object_id) {
    std::lock_guard const lock(mutex_);
    return find_locked(object_id);
}

IndexCache::Media IndexCache::find_locked(Uuid object_id) {
    auto const place = by_id_.find(object_id);
    if (place == by_id_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, place->second);
    return place->second->media;
}

void IndexCache::insert_locked(Uuid object_id, Media const& media) {
    auto const bytes = media->memory();
    if (bytes > capacity_) return;
    entries_.push_front({object_id, media});
    by_id_.insert_or_assign(object_id, entries_.begin());
    size_ += bytes;
    while (size_ > capacity_) {
        size_ -= entries_.back().media->memory();
        by_id_.erase(entries_.back().id);
        entries_.pop_back();
    }
}

Task<Result<IndexCache::Media>> IndexCache::get(Uuid object_id, Load load) {
    auto const executor = co_await boost::asio::this_coro::executor;
    Wakeup const wakeup(executor);
    std::shared_ptr<Loading> loading;
    bool is_first = false;
    {
        std::lock_guard const lock(mutex_);
        if (auto found = find_locked(object_id)) co_return found;
        auto& place = loading_[object_id];
        is_first = place == nullptr;
        if (is_first) place = std::make_shared<Loading>();
        loading = place;
        loading->waiters.push_back(wakeup);
    }
    // The load has a coroutine of its own: if the client that began it goes away, the others still get their index.
    if (is_first) boost::asio::co_spawn(executor, run(object_id, std::move(load), loading), boost::asio::detached);
    while (true) {
        {
            std::lock_guard const lock(mutex_);
            if (loading->outcome) co_return *loading->outcome;
        }
        co_await wakeup.wait();
    }
}

Task<> IndexCache::run(Uuid object_id, Load load, std::shared_ptr<Loading> loading) {
    Result<Media> outcome = Error(ErrorCode::unavailable);
    try {
        outcome = co_await load();
    } catch (std::exception const& failure) {
        log_.error("index.load_failed", {{"object", object_id.to_string()}, {"error", failure.what()}});
    }
    std::lock_guard const lock(mutex_);
    if (outcome) insert_locked(object_id, *outcome);
    loading->outcome.emplace(std::move(outcome));
    loading_.erase(object_id);
    for (auto const& waiter : loading->waiters) waiter.wake();
}

}  // namespace clinikk
