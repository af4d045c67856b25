#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/packaging.hpp"
#include "domain/visibility.hpp"

namespace clinikk {

/// What playback needs to know about a content and its source object: one point read.
struct PlayableSource {
    std::string store;   ///< empty when there is no object, only `storage_url`
    std::string bucket;  ///< empty on the local disk
    std::string key;
    std::optional<std::uint64_t> size;  ///< unknown, as the next two are, until the object has been read
    std::optional<Sha256Digest> sha256;
    std::optional<std::string> media_type;
    std::optional<std::string> file_name;
    std::string title;
    std::optional<std::string> storage_url;
    std::optional<Uuid> owner_id;
    Visibility visibility = Visibility::private_;
    Timestamp created_at;  ///< when the object was made: its bytes never change after that
};
BOOST_DESCRIBE_STRUCT(PlayableSource, (),
                      (store, bucket, key, size, sha256, media_type, file_name, title, storage_url, owner_id,
                       visibility, created_at))

/// What packaging needs to know: the same, the verdict about the source, and which object is its index.
struct PackagedSource : PlayableSource {
    std::optional<Packaging> packaging{};
    std::optional<std::string> packaging_reason{};
    std::optional<Uuid> index_id{};
};
BOOST_DESCRIBE_STRUCT(PackagedSource, (PlayableSource), (packaging, packaging_reason, index_id))

}  // namespace clinikk
