#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clinikk::db {

/// The place of an object of the proof of concept.
struct PocObject {
    std::string bucket;
    std::string key;
};

/// The object that a storage URL names: `https://BUCKET.s3.REGION.amazonaws.com/video/<uuid>.mp4`, the same without a
/// region, or `https://s3.REGION.amazonaws.com/BUCKET/…`; also the older `s3-REGION` and dual-stack host names. Empty
/// for any other address, and for a key that is not one of ours (`is_object_key`). Source: Amazon S3 User Guide,
/// "Virtual hosting of general purpose buckets".
std::optional<PocObject> parse_poc_storage_url(std::string_view url);

}  // namespace clinikk::db
