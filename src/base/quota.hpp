#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace clinikk {

/// What is left of a limit on requests, as clients are told (draft-ietf-httpapi-ratelimit-headers-11).
struct Quota {
    std::string_view policy;        ///< the name of the limit; a literal
    std::int64_t size = 0;          ///< this many requests …
    std::chrono::seconds window{};  ///< … within this time
    std::int64_t left = 0;          ///< that may be made now
    std::chrono::seconds reset{};   ///< until more may be made: all of them, or the next one if none is left
};

}  // namespace clinikk
