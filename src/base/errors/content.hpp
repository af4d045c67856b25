#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// Contents and playing them.
inline constexpr std::array content_errors{
    ErrorKind{ErrorCode::content_not_found, "content_not_found", 404, "Content not found",
              "No content has this id; it may have been deleted."},
    ErrorKind{ErrorCode::source_unavailable, "source_unavailable", 404, "Nothing to play",
              "The content is known, but its bytes are not where it says they are, and it has no address that could be "
              "fetched instead. Upload them again."},
};

}  // namespace clinikk::errors
