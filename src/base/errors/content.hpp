#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// Contents and playing them.
inline constexpr std::array content_errors{
    ErrorKind{ErrorCode::content_not_found, "content_not_found", 404, "Content not found",
              "No content has this id; it may have been deleted."},
    ErrorKind{
        ErrorCode::playback_session_ended, "playback_session_ended", 403, "The playback session has ended",
        "The address for playing has expired, was made for another network or another content, or the account has "
        "signed out. Begin a new playback session."},
    ErrorKind{ErrorCode::source_unavailable, "source_unavailable", 404, "Nothing to play",
              "The content exists, but its bytes are not in their store, and it has no other address from which they "
              "could be fetched. Upload them again."},
    ErrorKind{
        ErrorCode::packaging_unavailable, "packaging_unavailable", 404, "Not played in segments",
        "The content has no HLS, no DASH and no file that starts fast: its stored bytes cannot be packaged as they "
        "are, or have not been examined yet; the detail says why. It plays as it was uploaded, from "
        "/content/{content_id}/stream."},
};

}  // namespace clinikk::errors
