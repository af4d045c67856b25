#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/uuid.hpp"
#include "domain/packaging.hpp"

namespace clinikk {

/// The packaging indexes that were used last, ready for requests, by the ids of their objects. Objects are immutable,
/// so an entry is never out of date; whether a content still has the object is for its row to say. Thread-safe.
class IndexCache {
public:
    using Media = std::shared_ptr<PackagedMedia const>;
    using Load = std::function<Task<Result<Media>>()>;

    /// Keeps indexes of at most `capacity` bytes together. A larger one is used and not kept.
    IndexCache(std::size_t capacity, Log& log);

    /// Null when it is not here.
    Media find(Uuid object_id);

    /// The index, which `load` reads if it is not here. Whoever else asks meanwhile waits for the same load. Fails as
    /// `load`, and with `unavailable` when that throws. A failure is not kept. `load` outlives the call that passes it.
    Task<Result<Media>> get(Uuid object_id, Load load);

private:
    struct Loading;
    struct Entry {
        Uuid id;
        Media media;
    };
    using Entries = std::list<Entry>;

    Media find_locked(Uuid object_id);
    void insert_locked(Uuid object_id, Media const& media);
    Task<> run(Uuid object_id, Load load, std::shared_ptr<Loading> loading);

    std::size_t capacity_;
    Log& log_;
    std::mutex mutex_;
    Entries entries_;  ///< the one used last comes first
    std::unordered_map<Uuid, Entries::iterator> by_id_;
    std::unordered_map<Uuid, std::shared_ptr<Loading>> loading_;
    std::size_t size_ = 0;  ///< bytes of all entries
};

}  // namespace clinikk
