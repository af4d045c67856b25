#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/media.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/upload.hpp"
#include "service/publication.hpp"

namespace clinikk {

class UploadLease;

/// The file of an upload: its bytes, owned by the upload, and the name the client gave it.
struct IncomingFile {
    ByteSource* bytes = nullptr;
    std::string name{};
    std::string disposition{};  ///< Content-Disposition for those who fetch it from the store
};

/// An upload as its protocol delivers it. The service asks in this order, and nothing is read before it asks.
class IncomingUpload {
public:
    virtual ~IncomingUpload() = default;

    /// An upper bound of the size of the file, if the client announced one.
    virtual std::optional<std::uint64_t> announced_size() const = 0;
    virtual Task<Result<IncomingFile>> file() = 0;
    /// The rest of the description. The service asks when the whole file has been read.
    virtual Task<Result<ContentDescription>> description() = 0;
};

/// Takes uploads: checks that there is room, streams the bytes into the store while they are hashed and examined, and
/// makes the object and the content in one transaction. An upload that fails leaves nothing behind.
class UploadService {
public:
    /// `holder` names this process in the leases.
    UploadService(UnitOfWork& work, ObjectStores& objects, MediaInspector& inspector, Clock& clock, UploadLimits limits,
                  std::string holder, Log& log);

    /// Takes one upload. Before a byte is read, it fails with `too_many_uploads`, `quota_exceeded`, `upload_too_large`
    /// or `insufficient_storage` if the announced size shows it; then with the errors of the incoming upload, the store
    /// and the inspector. If the account may no longer upload when all bytes have arrived, it fails as a new request
    /// would (`not_authenticated`, `forbidden`).
    Task<Result<Content>> receive(Caller const& owner, IncomingUpload& incoming);

private:
    struct Write;

    Task<Result<Content>> receive_reserved(Write& write, UploadLease& lease, IncomingUpload& incoming);
    Task<Result<Content>> publish(Write& write, ContentDescription const& description);
    Task<> discard(Write& write);

    UnitOfWork& work_;
    ObjectStores& objects_;
    MediaInspector& inspector_;
    Clock& clock_;
    UploadLimits limits_;
    std::string holder_;
    IndexWriter indexes_;
    Log& log_;
};

}  // namespace clinikk
