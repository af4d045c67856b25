#include "storage/open_file_cache.hpp"

#include <utility>

namespace clinikk {

std::optional<OpenObject> OpenFileCache::find(std::string_view key) {
    std::lock_guard const lock(mutex_);
    auto const found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->object;
}

std::uint64_t OpenFileCache::generation() const {
    std::lock_guard const lock(mutex_);
    return generation_;
}

void OpenFileCache::insert(std::string_view key, OpenObject object, std::uint64_t generation) {
    Entries dropped;  // closed after the lock is released
    std::lock_guard const lock(mutex_);
    if (generation != generation_ || by_key_.contains(key)) return;
    entries_.push_front({std::string(key), std::move(object)});
    by_key_.emplace(entries_.front().key, entries_.begin());
    if (entries_.size() > capacity_) {
        by_key_.erase(entries_.back().key);
        dropped.splice(dropped.begin(), entries_, std::prev(entries_.end()));
    }
}

void OpenFileCache::clear() {
    Entries dropped;
    std::lock_guard const lock(mutex_);
    ++generation_;
    by_key_.clear();
    dropped.swap(entries_);
}

void OpenFileCache::forget(std::string_view key) {
    Entries dropped;
    std::lock_guard const lock(mutex_);
    ++generation_;
    auto const found = by_key_.find(key);
    if (found == by_key_.end()) return;
    auto const entry = found->second;
    by_key_.erase(found);
    dropped.splice(dropped.begin(), entries_, entry);
}

}  // namespace clinikk
