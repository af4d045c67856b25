#pragma once

#include <boost/describe/class.hpp>

#include <string>
#include <string_view>

#include "api/services.hpp"
#include "domain/values.hpp"

/// `/content/{content_id}/stream`: playing a content by ranges. What the request carries, and its handler.
namespace clinikk::api {

/// `1` or `true`, `0` or `false`.
class Flag : public ValueOf<bool> {
public:
    static Parsed<Flag> parse(std::string_view text) {
        if (text == "1" || text == "true") return Flag(true);
        if (text == "0" || text == "false") return Flag(false);
        return std::string("must be 1 or 0");
    }
    static ValueSchema schema() { return {.choices = {"1", "0", "true", "false"}, .fallback = "0"}; }

private:
    explicit Flag(bool value) : ValueOf(value) {}
};

struct StreamRequest {
    Path<UuidValue> content_id;
    Query<Flag> download;
};
BOOST_DESCRIBE_STRUCT(StreamRequest, (), (content_id, download))

Task<Result<Response>> stream_content(Services& services, Request& request, StreamRequest wanted);

}  // namespace clinikk::api
