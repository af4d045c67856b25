#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/appendable_objects.hpp"
#include "storage/s3_requests.hpp"

namespace clinikk {

/// What a bucket holds of an unfinished object: parts 1, 2, … of a multipart upload, and then a tail, which is an
/// object of its own because it is too small for a part (S3 takes no part below 5 MiB but the last).
struct S3Progress {
    std::string upload_id{};  ///< empty before the first part
    std::vector<s3::UploadedPart> parts{};
    std::string tail{};  ///< the last part of the key of the tail, 5 letters and digits; empty without a tail
    std::uint64_t tail_size = 0;

    std::uint64_t size_of_parts() const noexcept;
    std::uint64_t size() const noexcept { return size_of_parts() + tail_size; }
};

/// The progress as `AppendState::progress`: JSON such as
/// `{"upload":"2~x","parts":[8388608,"9b0c…",8388608,"41d8…"],"tail":"k3x9a","tail_size":17}`, about 45 bytes a part.
AppendState to_append_state(S3Progress const& progress);

/// Throws `std::runtime_error` when the state is not one that `to_append_state` made: rows have our own states.
S3Progress parse_append_state(AppendState const& state);

/// The key of the object.
std::string s3_append_key(std::string_view write_id);
/// The key of a tail.
std::string s3_tail_key(std::string_view key, std::string_view tail);
/// A name for a new tail.
std::string make_tail_name();

}  // namespace clinikk
