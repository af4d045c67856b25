#include "api/single_range.hpp"

#include "http/message/conditional.hpp"
#include "http/message/range.hpp"

namespace clinikk::api {

Result<Selection> select_bytes(Request const& request, RangeField const& range, Timestamp modified_at,
                               Representation const& representation) {
    Validators const validators{representation.etag, modified_at};
    auto const precondition = evaluate(request.head, validators);
    if (precondition == Precondition::failed) return Error(ErrorCode::precondition_failed);
    Selection selection;
    auto& headers = selection.response.headers;
    headers.add("ETag", representation.etag);
    headers.add("Accept-Ranges", "bytes");
    headers.add("Cache-Control", representation.cache_control);
    headers.add("Cross-Origin-Resource-Policy", "cross-origin");
    // The media comes from an uploader: as a page it could do nothing.
    headers.add("Content-Security-Policy", "sandbox; default-src 'none'");
    if (precondition == Precondition::not_modified) {
        selection.response.status = 304;
        return selection;
    }
    ByteRange part{0, representation.size};
    bool const is_get = request.head.method != Method::head;
    if (is_get && range && if_range_holds(request.head, validators)) {
        auto const asked = parse_range(range->value(), representation.size);
        if (asked.kind == RangeOutcome::Kind::unsatisfiable) {
            return Error(ErrorCode::range_not_satisfiable)
                .with("Content-Range", format_unsatisfied(representation.size))
                .with("Accept-Ranges", "bytes");
        }
        if (asked.count == 1) {
            part = asked.list[0];
            selection.response.status = 206;
            headers.add("Content-Range", format_content_range(part, representation.size));
        }
    }
    headers.add("Content-Type", representation.media_type);
    selection.response.source_length = part.length;
    selection.part = part;
    return selection;
}

}  // namespace clinikk::api
