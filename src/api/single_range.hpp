#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/playback.hpp"
#include "base/byte_range.hpp"
#include "base/time.hpp"

/// Answers of which a client may ask for a single range.
namespace clinikk::api {

using RangeField = Header<std::optional<FieldText<field_description::range>>>;

/// Bytes that can be asked for by ranges.
struct Representation {
    std::string etag{};  ///< with its quotes
    std::uint64_t size = 0;
    std::string_view media_type{};
    std::string cache_control{};
};

/// Which bytes to send, and the head of the answer. A part without bytes: only the head is to be sent.
struct Selection {
    Response response{};
    std::optional<ByteRange> part{};
};

/// Evaluates the preconditions and the range of a request for bytes that were stored at `modified_at`. For several
/// ranges, which are no use to a player, the whole is selected (RFC 9110 section 14.2). Fails with
/// `precondition_failed` or `range_not_satisfiable`.
Result<Selection> select_bytes(Request const& request, RangeField const& range, Timestamp modified_at,
                               Representation const& representation);

}  // namespace clinikk::api
