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
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/upload.hpp"
#include "service/upload_core.hpp"

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

/// Takes uploads whose bytes come in one request: streams them into the store while they are hashed and examined. An
/// upload that fails leaves nothing behind.
class UploadService {
public:
    UploadService(UploadCore& core, UnitOfWork& work, ObjectStores& objects, Clock& clock, Log& log);

    /// Takes one upload. Before a byte is read, it fails with `too_many_uploads`, `quota_exceeded`, `upload_too_large`
    /// or `insufficient_storage` if the announced size shows it; then with the errors of the incoming upload, the store
    /// and the inspector. If the account may no longer upload when all bytes have arrived, it fails as a new request
    /// would (`not_authenticated`, `forbidden`).
    Task<Result<Content>> receive(Caller const& owner, IncomingUpload& incoming);

private:
    struct Write;

    Task<Result<Content>> receive_reserved(Caller const& owner, Write& write, UploadLease& lease,
                                           IncomingUpload& incoming);
    Task<Result<Content>> publish(Caller const& owner, Write& write, ContentDescription description);
    Task<Result<void>> make_visible(Write& write);
    Task<> discard(Write& write, bool may_be_published);

    UploadCore& core_;
    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    Log& log_;
};

}  // namespace clinikk
