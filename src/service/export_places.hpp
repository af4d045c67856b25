#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>

#include "base/uuid.hpp"

namespace clinikk {

/// Bounds the exports that a process has in memory: one for each account, and `places` in all. Thread-safe.
class ExportPlaces {
public:
    explicit ExportPlaces(std::size_t places) : places_(places) {}

    /// A place, which is free again when the last owner of what is returned has gone; null when there is none. The
    /// object must outlive it.
    std::shared_ptr<void const> enter(Uuid user_id) {
        std::scoped_lock const lock(mutex_);
        bool const is_free = users_.size() < places_ && users_.insert(user_id).second;
        if (!is_free) return nullptr;
        return {this, [this, user_id](void const*) { leave(user_id); }};
    }

private:
    void leave(Uuid user_id) {
        std::scoped_lock const lock(mutex_);
        users_.erase(user_id);
    }

    std::size_t places_;
    std::mutex mutex_;
    std::set<Uuid> users_;
};

}  // namespace clinikk
