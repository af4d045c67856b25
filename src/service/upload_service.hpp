#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/media.hpp"
#include "domain/object_stores.hpp"
#include "domain/session.hpp"
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

/// An upload as its protocol gives it, when asked, in this order. Nothing is read before it is asked for.
class IncomingUpload {
public:
    virtual ~IncomingUpload() = default;

    /// An upper bound of the file's size, if the client announced one.
    virtual std::optional<std::uint64_t> announced_size() const = 0;
    virtual Task<Result<IncomingFile>> file() = 0;
    /// Where it was stated before the file; asked for when the file has begun.
    virtual std::optional<ContentKind> declared_kind() const = 0;
    /// When the file has been read whole.
    virtual Task<Result<ContentDescription>> description() = 0;
};

/// Takes uploads: checks that there is room, streams the bytes into the store while they are hashed and examined,
/// and makes object and content in one transaction when all is well. Whatever fails leaves nothing behind.
class UploadService {
public:
    /// `holder` names this process in the leases.
    UploadService(UnitOfWork& work, ObjectStores& objects, MediaInspector& inspector, Clock& clock, UploadLimits limits,
                  std::string holder, Log& log);

    /// Fails with `too_many_uploads`, `quota_exceeded`, `upload_too_large`, `insufficient_storage` before a byte is
    /// read where the announced size tells; then as the incoming upload, the store and the inspector fail. An account
    /// that may no longer upload when all has come fails as a request made then (`not_authenticated`, `forbidden`).
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
    Log& log_;
};

}  // namespace clinikk
