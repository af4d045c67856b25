#pragma once

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "service/resumable_upload_service.hpp"

namespace clinikk::app {

/// Once a minute, finishes the resumable uploads whose process died when all their bytes had arrived. It never ends;
/// failures are logged, and the next minute tries again. Service and log must outlive it.
Task<> finish_uploads_every_minute(ResumableUploadService& uploads, Log& log);

}  // namespace clinikk::app
