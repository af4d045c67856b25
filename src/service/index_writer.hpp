#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/clock.hpp"
#include "domain/media.hpp"
#include "domain/object_store.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/upload.hpp"
#include "service/upload_lease.hpp"

namespace clinikk {

/// A packaging index that is durable in its store and has no row of its own yet. Until a transaction ends its row in
/// `uploads` and makes that of its object, it is a write in flight: if the process dies, the collector removes it.
struct WrittenIndex {
    Upload upload{};
    Object object{};
    std::unique_ptr<UploadLease> lease{};
};

/// How a file can be packaged, and its index in the store.
struct PackagedFile {
    std::optional<PackagingVerdict> verdict{};  ///< none when the attempt broke down
    std::optional<WrittenIndex> index{};        ///< if it is `ready`
};

/// Makes the packaging indexes of files that have been examined, and stores them.
class IndexWriter {
public:
    /// `holder` names this process in the leases.
    IndexWriter(UnitOfWork& work, Clock& clock, std::string holder, Log& log);

    /// `inspection` has examined the file with that digest. Fails with `insufficient_storage` when the store is full,
    /// and throws when it cannot be reached. An index that cannot be made is no failure.
    Task<Result<PackagedFile>> package(MediaInspection& inspection, Sha256Digest const& sha256, ObjectStore& store);

    /// Makes the row of the object in a transaction. Returns false when this process no longer holds the write.
    Task<bool> publish(Repositories& repositories, WrittenIndex const& index) const;

    /// Removes an index that is not going to be published. What fails is left to the collector.
    Task<> discard(PackagedFile const& packaged, ObjectStore& store);

private:
    Task<Result<WrittenIndex>> write(ObjectStore& store, std::string bytes);

    UnitOfWork& work_;
    Clock& clock_;
    std::string holder_;
    Log& log_;
};

}  // namespace clinikk
