#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/async/wakeup.hpp"
#include "domain/media.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"
#include "service/index_writer.hpp"

namespace clinikk {

/// What a backfill has done so far.
struct Backfill {
    std::uint64_t objects = 0;   ///< read and understood
    std::uint64_t bytes = 0;     ///< read
    std::uint64_t failures = 0;  ///< left without a media type
};

/// Reads the objects that were taken over, and stores their size, their digest and the verdict of `MediaInspector` in
/// their rows and in those of their contents. Also reads those that nobody has tried to package, or whose packaging
/// index is of another version, and makes their index. Each object is stored when it is done, so an interrupted
/// backfill goes on with the next call. Two backfills at once do the same work twice.
class Backfiller {
public:
    /// Called for each object that could not be read or understood, with the reason.
    using Report = std::function<void(std::string_view key, std::string_view why)>;
    /// Called after each object, and now and then during a long one.
    using Progress = std::function<void(Backfill const& so_far)>;

    /// `holder` names this process in the leases.
    Backfiller(UnitOfWork& work, ObjectStores& objects, MediaInspector& inspector, Clock& clock, std::string holder,
               Log& log);

    Task<Backfill> run(Report report, Progress progress);

private:
    struct Run;
    Task<> read_all(Run& run);
    Task<> read_one(Run& run, Object object);
    Task<std::string> try_to_read(Run& run, Object const& object);
    Task<std::optional<SourceFacts>> read(Run& run, ObjectStore& store, Object const& object,
                                          MediaInspection& inspection);
    Task<std::string> package(ObjectStore& store, Object const& object, SourceFacts& facts,
                              MediaInspection& inspection);
    Task<Result<void>> note(Object const& object, SourceFacts const& facts, PackagedFile const& packaged);

    UnitOfWork& work_;
    ObjectStores& objects_;
    MediaInspector& inspector_;
    IndexWriter indexes_;
};

}  // namespace clinikk
