#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "domain/appendable_objects.hpp"
#include "storage/s3_object_write.hpp"
#include "storage/s3_parts.hpp"

namespace clinikk {

struct ConcatenatedObject {
    std::string key{};
    std::uint64_t size = 0;
};

/// A sender for parts whose bytes no digest needs.
Task<std::shared_ptr<MultipartSender>> s3_make_sender(S3WriteContext const& context, MultipartUpload const& upload,
                                                      int sent_before);

/// Makes the parts of an unfinished object from objects, in order: S3 copies ranges of at least 5 MiB; what is smaller
/// passes through memory, up to 5 MiB at a time. Fails with `upload_lost` when an object is gone, and with
/// `upload_too_large` when 10 000 parts do not suffice.
Task<Result<AppendState>> s3_concatenate(S3WriteContext const& context, std::string const& key,
                                         std::span<ConcatenatedObject const> objects);

}  // namespace clinikk
