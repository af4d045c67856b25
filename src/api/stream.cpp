#include "api/stream.hpp"

#include "api/byte_ranges.hpp"
#include "api/routes.hpp"
#include "base/encoding.hpp"
#include "domain/media_format.hpp"
#include "http/message/conditional.hpp"
#include "http/message/content_disposition.hpp"
#include "http/message/range.hpp"

namespace clinikk::api {
namespace {

/// What `add_representation_headers` gives. A file that has not been hashed yet has neither tag nor digest.
std::vector<AnswerHeader> representation_headers() {
    using namespace http::answer_header;
    return {accept_ranges,
            last_modified,
            cache_control,
            cross_origin_resource_policy,
            optional(etag),
            optional(repr_digest),
            optional(content_disposition)};
}

/// Several ranges say in their parts which they are.
std::vector<AnswerHeader> partial_headers() {
    auto headers = representation_headers();
    headers.push_back(optional(answer_header::content_range));
    return headers;
}

}  // namespace

void add_stream_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<stream_content>(
        {.method = Method::get,
         .path = "/content/{content_id}/stream",
         .tag = "content",
         .summary = "Play a content",
         .description = "The stored bytes, whole or by `Range`, with validators for conditional requests. "
                        "`download=1` makes a browser save them under their original name.",
         .errors = {content_not_found, source_unavailable, precondition_failed, range_not_satisfiable},
         .answers = {
             {200, "*/*", "The whole file", representation_headers()},
             {206, "*/*", "The ranges asked for", partial_headers()},
             {307,
              "",
              "The address at which the bytes are served: by the store itself, for a while, or where they were "
              "before this service",
              {answer_header::location, answer_header::cache_control, answer_header::cross_origin_resource_policy}},
             {304, "", "Not changed since the validators given", representation_headers()}}});
}

namespace {

/// Stands for the body in the answer to a HEAD, which is not sent.
class NoBytes : public ByteSource {
public:
    Task<Result<std::string_view>> next() override { co_return std::string_view{}; }
};

std::string extension_of(std::string_view key) {
    auto const name = key.substr(key.rfind('/') + 1);
    auto const dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string() : std::string(name.substr(dot));
}

/// The uploader's name of the file; without one the title makes a name.
std::string download_name(PlayableSource const& source) {
    auto const given = without_directories(source.file_name ? *source.file_name : std::string_view());
    return given.empty() ? safe_file_name(source.title) + extension_of(source.key) : std::string(given);
}

/// What every answer about the bytes says, whatever part of them it carries. What is stored is somebody's upload: it
/// is never sniffed for another type, and were it a page it could do nothing.
void add_representation_headers(HeaderBlock& headers, PlayableSource const& source, std::string_view etag,
                                bool download) {
    headers.add("Accept-Ranges", "bytes");
    if (!etag.empty()) headers.add("ETag", etag);
    headers.add("Last-Modified", format_http_date(source.created_at));
    if (source.sha256) headers.add("Repr-Digest", "sha-256=:" + to_base64(*source.sha256) + ":");
    headers.add("Cache-Control", "no-cache");
    headers.add("Content-Security-Policy", "sandbox; default-src 'none'");
    headers.add("Cross-Origin-Resource-Policy", "cross-origin");
    if (download) headers.add("Content-Disposition", attachment_header(download_name(source)));
}

Task<std::optional<std::string>> direct_address(Services& services, PlayableSource const& source, bool download) {
    DirectAccess access{services.stream.redirect_life, source.media_type.value_or(""), {}};
    if (download) access.disposition = attachment_header(download_name(source));
    co_return co_await services.contents.presign(source, access);
}

/// What was taken over with an address that is not ours to sign.
Result<Response> redirect_elsewhere(PlayableSource const& source) {
    auto const address = HttpUrl::parse(source.storage_url.value_or(""));
    if (!address) return Error(ErrorCode::source_unavailable);
    Response response;
    response.status = 307;
    response.headers.add("Location", address->value());
    response.headers.add("Cache-Control", "no-cache");
    response.headers.add("Cross-Origin-Resource-Policy", "cross-origin");
    return response;
}

/// Nobody may keep it until it is no good any more.
Result<Response> redirect(std::string const& location, std::chrono::seconds life) {
    Response response;
    response.status = 307;
    response.headers.add("Location", location);
    response.headers.add("Cache-Control", "private, max-age=" + std::to_string(life.count() / 2));
    response.headers.add("Cross-Origin-Resource-Policy", "cross-origin");
    return response;
}

Task<Result<Response>> one(Services& services, Response response, PlayableSource source, RangeOutcome asked,
                           bool head_only) {
    ByteRange range{0, *source.size};
    if (asked.count == 1) {
        range = asked.list[0];
        response.status = 206;
        response.headers.add("Content-Range", format_content_range(range, *source.size));
    }
    response.headers.add("Content-Type", *source.media_type);
    response.source_length = range.length;
    if (head_only) {
        response.body = std::make_unique<NoBytes>();
        co_return response;
    }
    auto body = co_await services.contents.open(source, range);
    if (!body) co_return body.error();
    response.body = std::move(*body);
    co_return response;
}

Result<Response> several(Services& services, Response response, Request const& request, PlayableSource const& source,
                         RangeOutcome const& asked) {
    auto const ranges = asked.ranges();
    auto const boundary = "clinikk-" + request.id.to_string();
    response.status = 206;
    response.headers.add("Content-Type", "multipart/byteranges; boundary=" + boundary);
    auto parts = std::make_unique<ByteRangesSource>(services.contents, source,
                                                    std::vector<ByteRange>(ranges.begin(), ranges.end()), boundary);
    response.source_length = parts->length();
    response.body = std::move(parts);
    return response;
}

Error unsatisfiable(PlayableSource const& source) {
    return Error(ErrorCode::range_not_satisfiable)
        .with("Content-Range", format_unsatisfied(*source.size))
        .with("Accept-Ranges", "bytes");
}

}  // namespace

Task<Result<Response>> stream_content(Services& services, Request& request, StreamRequest wanted) {
    auto found = co_await services.contents.find_source(wanted.content_id->value());
    if (!found) co_return found.error();
    auto& source = *found;
    if (services.contents.stands_elsewhere(source)) co_return redirect_elsewhere(source);
    auto const etag = source.sha256 ? '"' + to_hex(*source.sha256) + '"' : std::string();
    Validators const validators{etag, source.created_at};
    auto const precondition = evaluate(request.head, validators);
    if (precondition == Precondition::failed) co_return Error(ErrorCode::precondition_failed);

    // What is signed is a GET: a HEAD is answered from the row.
    bool const head_only = request.head.method == Method::head;
    bool stands_here = true;
    if (services.stream.redirect && precondition != Precondition::not_modified) {
        auto const location = co_await direct_address(services, source, wanted.download->value());
        if (location && !head_only) co_return redirect(*location, services.stream.redirect_life);
        stands_here = !location;
    }

    Response response;
    add_representation_headers(response.headers, source, etag, wanted.download->value());
    if (precondition == Precondition::not_modified) {
        response.status = 304;
        co_return response;
    }
    auto const measured = co_await services.contents.measure(source);
    if (!measured) co_return measured.error();
    // What has not been read yet is taken for what its name says.
    if (!source.media_type) source.media_type.emplace(claimed_format(source.key).media_type);
    // Only GET has ranges (RFC 9110 section 14.2): to HEAD the field says nothing.
    RangeOutcome asked;
    if (!head_only && if_range_holds(request.head, validators)) {
        asked = parse_range(wanted.range ? wanted.range->value() : std::string_view(), *source.size);
    }
    if (asked.kind == RangeOutcome::Kind::unsatisfiable) co_return unsatisfiable(source);
    // Whoever opens the bytes sees whether they are there; these answers begin before.
    if ((head_only && stands_here) || asked.count > 1) {
        auto const whole = co_await services.contents.confirm(source);
        if (!whole) co_return whole.error();
    }
    if (asked.count > 1) co_return several(services, std::move(response), request, source, asked);
    co_return co_await one(services, std::move(response), source, asked, head_only);
}

}  // namespace clinikk::api
