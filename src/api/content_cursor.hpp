#pragma once

#include <string>
#include <string_view>

#include "domain/content.hpp"
#include "domain/values.hpp"

namespace clinikk::api {

/// The position after which a page begins, opaque to clients: base64url of time and id.
class CursorValue : public ValueOf<ContentCursor> {
public:
    static Parsed<CursorValue> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit CursorValue(ContentCursor cursor) : ValueOf(cursor) {}
};

std::string format_cursor(ContentCursor const& cursor);

}  // namespace clinikk::api
