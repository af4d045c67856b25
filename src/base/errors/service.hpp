#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// States of the service itself, whatever the request.
inline constexpr std::array service_errors{
    ErrorKind{ErrorCode::internal, "internal", 500, "Internal error",
              "The service failed, and not because of the request. The log has the cause under the instance id."},
    ErrorKind{
        ErrorCode::unavailable, "unavailable", 503, "Temporarily unavailable",
        "The service is starting, stopping, overloaded, or cannot reach its database or storage. Try again later."},
    ErrorKind{ErrorCode::insufficient_storage, "insufficient_storage", 507, "Insufficient storage",
              "The storage has no room for this file."},
};

}  // namespace clinikk::errors
