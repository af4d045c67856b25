#pragma once

#include <memory>

#include "domain/direct_uploads.hpp"
#include "storage/s3_object_write.hpp"

namespace clinikk {

/// Multipart uploads whose parts clients send to presigned addresses. The signature covers the length of a part, so
/// that no address takes more than was agreed.
std::unique_ptr<DirectUploads> make_s3_direct_uploads(S3WriteContext const& context);

}  // namespace clinikk
