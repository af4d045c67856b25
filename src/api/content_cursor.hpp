#pragma once

#include <string>
#include <string_view>

#include "domain/content.hpp"
#include "domain/values.hpp"

namespace clinikk::api {

/// The place after which a page of a listing begins, opaque to clients: base64url of time and id.
class CursorValue : public ValueOf<ContentCursor> {
public:
    static Parsed<CursorValue> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit CursorValue(ContentCursor cursor) : ValueOf(cursor) {}
};

std::string format_cursor(ContentCursor const& cursor);

}  // namespace clinikk::api
