#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/object_stores.hpp"
#include "domain/resumable_upload.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/upload.hpp"
#include "service/resumable_upload_service.hpp"
#include "service/upload_core.hpp"
#include "service/upload_pieces.hpp"

namespace clinikk {

/// The rows of an upload that has begun.
struct UploadBegun {
    ResumableUpload upload{};
    Upload write{};                     ///< at rest, or held when there is nothing to wait for
    std::vector<UploadPiece> pieces{};  ///< of a final upload whose parts are all complete
    std::string right{};
};

/// The first step of resumable uploads: are they permitted, is there room, and which bytes do they join?
class UploadBeginning {
public:
    UploadBeginning(UploadCore& core, UnitOfWork& work, ObjectStores& objects, Clock& clock, std::chrono::seconds life)
        : core_(core), work_(work), objects_(objects), clock_(clock), life_(life) {}

    /// Makes the rows. If no bytes are to come, `holder` holds the upload. Fails as `ResumableUploadService::begin`,
    /// except for the errors of the examination.
    Task<Result<UploadBegun>> begin(Caller const& owner, NewResumableUpload wanted, std::string const& holder) const;

private:
    Task<Result<void>> check_replaced(Caller const& caller, NewResumableUpload const& wanted) const;

    UploadCore& core_;
    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    std::chrono::seconds life_;
};

}  // namespace clinikk
