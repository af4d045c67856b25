#include "api/content_cursor.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace clinikk::api {
namespace {

constexpr std::size_t time_size = 8;
constexpr std::size_t cursor_size = time_size + sizeof(Uuid::bytes);

}  // namespace

Parsed<CursorValue> CursorValue::parse(std::string_view text) {
    auto const bytes = from_base64url(text);
    if (!bytes || bytes->size() != cursor_size) return std::string("must be a cursor from a Link of this listing");
    std::uint64_t micros = 0;
    for (std::size_t i = 0; i < time_size; ++i) micros = micros << 8 | static_cast<std::uint8_t>((*bytes)[i]);
    ContentCursor cursor;
    cursor.created_at = Timestamp(std::chrono::microseconds(static_cast<std::int64_t>(micros)));
    std::copy(bytes->begin() + time_size, bytes->end(), cursor.id.bytes.begin());
    return CursorValue(cursor);
}

ValueSchema CursorValue::schema() {
    return {.max_length = 64, .description = "From the `next` link of the page before"};
}

std::string format_cursor(ContentCursor const& cursor) {
    std::string bytes;
    auto const micros = static_cast<std::uint64_t>(cursor.created_at.time_since_epoch().count());
    for (std::size_t i = time_size; i-- > 0;) bytes += static_cast<char>(micros >> (8 * i));
    bytes.append(cursor.id.bytes.begin(), cursor.id.bytes.end());
    return to_base64url(bytes);
}

}  // namespace clinikk::api
