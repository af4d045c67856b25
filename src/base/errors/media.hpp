#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// Files that are not accepted as media.
inline constexpr std::array media_errors{
    ErrorKind{ErrorCode::media_unrecognised, "media_unrecognised", 422, "Not a media file",
              "The bytes are not of a video or audio format that the service knows. The file name and the claimed type "
              "do not matter."},
    ErrorKind{ErrorCode::media_kind_mismatch, "media_kind_mismatch", 422, "Wrong kind of media",
              "The file has no playable track of the stated content_type."},
    ErrorKind{ErrorCode::media_truncated, "media_truncated", 422, "Truncated media file",
              "The tables in the file point past its end: a part of it is missing. Export or copy it again."},
    ErrorKind{ErrorCode::media_unsupported, "media_unsupported", 422, "Unsupported media",
              "The format is known but is not accepted, or its codecs are not."},
    ErrorKind{ErrorCode::media_probe_timeout, "media_probe_timeout", 422, "Media could not be examined in time",
              "Reading the structure of the file took too long. Remux it (for example with ffmpeg -c copy)."},
};

}  // namespace clinikk::errors
