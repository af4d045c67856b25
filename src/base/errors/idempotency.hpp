#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// Requests that carry an Idempotency-Key.
inline constexpr std::array idempotency_errors{
    ErrorKind{ErrorCode::idempotency_key_malformed, "idempotency_key_malformed", 400, "Malformed Idempotency-Key",
              "Idempotency-Key is one string in quotes, of 1 to 255 characters of ASCII."},
    ErrorKind{ErrorCode::idempotency_key_in_use, "idempotency_key_in_use", 409, "The request is still running",
              "A request with this Idempotency-Key has not ended yet. Wait, and send it again."},
    ErrorKind{ErrorCode::idempotency_key_reused, "idempotency_key_reused", 422, "Idempotency-Key of another request",
              "This Idempotency-Key was sent with another request within the last 24 hours. Make a new key for each "
              "request, and use it again only to repeat that one."},
    ErrorKind{ErrorCode::idempotency_answer_lost, "idempotency_answer_lost", 409, "Done, but the answer is lost",
              "The request with this Idempotency-Key was carried out, and is not carried out again. Its answer was not "
              "kept, because the service was stopped at that moment or the answer was too large. Look at the resource "
              "itself."},
    ErrorKind{ErrorCode::too_many_idempotency_keys, "too_many_idempotency_keys", 429, "Too many Idempotency-Keys",
              "The account has used 1000 keys within 24 hours, as many as are kept. Go on without keys, or later."},
};

}  // namespace clinikk::errors
