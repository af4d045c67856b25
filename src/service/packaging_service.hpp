#pragma once

#include <cstddef>
#include <memory>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/object_stores.hpp"
#include "domain/packaging.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"
#include "service/index_cache.hpp"
#include "service/playback_service.hpp"

namespace clinikk {

struct PackagingOptions {
    /// Memory for packaging indexes, bytes (INDEX_CACHE).
    std::uint64_t cache = 64ULL << 20U;
};

/// A content that can be played in segments.
struct PackagedPlayback {
    Playback playback{};
    std::shared_ptr<PackagedMedia const> media{};
};

/// Finds what can be played in segments. The bytes themselves come from `PlaybackService`. Thread-safe.
class PackagingService {
public:
    /// All arguments must outlive the service.
    PackagingService(UnitOfWork& work, ObjectStores& objects, PackagingReader& reader, PackagingOptions options,
                     Log& log);

    /// Finds the content and its index. The row is read each time, so that whether the viewer may is never out of date.
    /// Fails with `content_not_found`, also when the viewer may not see the content; with `packaging_unavailable` and
    /// the reason when it is played as it was uploaded only; with `source_unavailable` when its index is lost, which is
    /// logged; with `unavailable` when the store cannot be reached.
    Task<Result<PackagedPlayback>> find(User const* viewer, Uuid content_id);

private:
    using Media = IndexCache::Media;
    Task<Error> error_without_object(User const* viewer, Uuid content_id);
    Task<Result<Media>> load(Uuid index_id);

    UnitOfWork& work_;
    ObjectStores& objects_;
    PackagingReader& reader_;
    IndexCache cache_;
    Log& log_;
};

}  // namespace clinikk
