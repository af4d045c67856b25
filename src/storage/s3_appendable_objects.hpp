#pragma once

#include <memory>

#include "base/log.hpp"
#include "domain/appendable_objects.hpp"
#include "storage/s3_object_write.hpp"

namespace clinikk {

/// Objects of a bucket whose bytes arrive in several requests (`s3_object_append.hpp`). All calls for one object may be
/// repeated after a crash. Multipart uploads and tails that no state names, because a process died before it could
/// record them, are found by the key of the object and removed when that is completed or removed.
///
/// A concatenation copies pieces within the bucket. S3 copies from objects only, so each piece is completed first.
std::unique_ptr<AppendableObjects> make_s3_appendable_objects(S3WriteContext const& context, Log& log);

}  // namespace clinikk
