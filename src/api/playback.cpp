#include "api/playback.hpp"

#include "api/byte_ranges.hpp"
#include "api/no_bytes.hpp"
#include "api/routes.hpp"
#include "base/encoding.hpp"
#include "domain/client_network.hpp"
#include "http/message/conditional.hpp"
#include "http/message/content_disposition.hpp"
#include "http/message/range.hpp"

namespace clinikk::api {
namespace {

/// The fields that `add_representation_headers` adds. A file that has not been hashed yet has neither tag nor digest.
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

/// With several ranges, each part of the answer has its own Content-Range.
std::vector<AnswerHeader> partial_headers() {
    auto headers = representation_headers();
    headers.push_back(optional(answer_header::content_range));
    return headers;
}

}  // namespace

void add_playback_routes(Routes& routes) {
    using enum ErrorCode;
    Operation stream{
        .method = Method::get,
        .path = "/content/{content_id}/stream",
        .tag = "content",
        .summary = "Play a content",
        .description =
            "The stored bytes, whole or by `Range`, with validators for conditional requests. "
            "`download=1` makes a browser save them under their original name.",
        .access = Access::optional,
        .scope = Scope::content_read,
        .errors = {content_not_found, source_unavailable, precondition_failed, range_not_satisfiable},
        .answers = {
            {200, "*/*", "The whole file", representation_headers()},
            {206, "*/*", "The ranges asked for", partial_headers()},
            {307,
             "",
             "The address at which the bytes are served: by the store itself, for a while, or where they were "
             "before this service",
             {answer_header::location, answer_header::cache_control, answer_header::cross_origin_resource_policy}},
            {304, "", "Not changed since the validators given", representation_headers()}}};
    routes.add<stream_content>(stream);
    routes.add<begin_playback_session>(
        {.method = Method::post,
         .path = "/content/{content_id}/playback-session",
         .tag = "content",
         .summary = "Begin a playback session",
         .description = "Returns an address that plays the content without an `Authorization` field, as in "
                        "`<video src>`, and those for HLS, DASH and the file that starts fast if the content is "
                        "packaged. They work for `expires_in` seconds or as long as the service allows, while the "
                        "session of the account lasts and the account may see the content; with `bind_network=1` only "
                        "in the network of the caller.",
         .access = Access::signed_in,
         .success = 201,
         .headers = {answer_header::cache_control},
         .errors = {content_not_found},
         .keyed = false});
    stream.path = "/content/{content_id}/playback/{grant}/stream";
    stream.summary = "Play a content in a playback session";
    stream.description = "As `/content/{content_id}/stream`, for whoever has the address.";
    stream.access = Access::anyone;
    stream.scope.reset();
    stream.errors.push_back(playback_session_ended);
    routes.add<stream_granted_content>(stream);
}

namespace {

/// Makes clients save the file under its name.
std::string download_header(Playback const& playback) {
    auto const [name, extension] = playback.download_name();
    return attachment_header(extension.empty() ? std::string(name)
                                               : safe_file_name(name) + '.' + std::string(extension));
}

std::string_view cache_control_of(Playback const& playback) {
    bool const is_shared = playback.is_for_everybody() && !playback.granted;
    return is_shared ? "no-cache" : "private, no-cache";
}

/// The fields of every answer about the bytes, whichever part of them it carries. The bytes were uploaded by somebody:
/// no client should sniff them for another type, and a page among them could do nothing.
void add_representation_headers(HeaderBlock& headers, Playback const& playback, std::string_view etag, bool download) {
    auto const& source = playback.source;
    headers.add("Accept-Ranges", "bytes");
    if (!etag.empty()) headers.add("ETag", etag);
    headers.add("Last-Modified", format_http_date(source.created_at));
    if (source.sha256) headers.add("Repr-Digest", "sha-256=:" + to_base64(*source.sha256) + ":");
    headers.add("Cache-Control", cache_control_of(playback));
    headers.add("Content-Security-Policy", "sandbox; default-src 'none'");
    headers.add("Cross-Origin-Resource-Policy", "cross-origin");
    if (download) headers.add("Content-Disposition", download_header(playback));
}

/// Redirects to where the bytes were before this service.
Response redirect_elsewhere(Playback const& playback) {
    Response response;
    response.status = 307;
    response.headers.add("Location", *playback.external_address);
    response.headers.add("Cache-Control", cache_control_of(playback));
    response.headers.add("Cross-Origin-Resource-Policy", "cross-origin");
    return response;
}

/// The answer may be cached only as long as the address is certain to work.
Response redirect(DirectAddress const& address) {
    Response response;
    response.status = 307;
    response.headers.add("Location", address.url);
    response.headers.add("Cache-Control", "private, max-age=" + std::to_string(address.life.count() / 2));
    response.headers.add("Cross-Origin-Resource-Policy", "cross-origin");
    return response;
}

Task<Result<Response>> one(Services& services, Response response, Playback const& playback, RangeOutcome asked,
                           bool head_only) {
    ByteRange range{0, playback.size()};
    if (asked.count == 1) {
        range = asked.list[0];
        response.status = 206;
        response.headers.add("Content-Range", format_content_range(range, playback.size()));
    }
    response.headers.add("Content-Type", playback.media_type());
    response.source_length = range.length;
    if (head_only) {
        response.body = std::make_unique<NoBytes>();
        co_return response;
    }
    auto body = co_await services.playback.open(playback, range);
    if (!body) co_return body.error();
    response.body = std::move(*body);
    co_return response;
}

Result<Response> several(Services& services, Response response, Request const& request, Playback const& playback,
                         RangeOutcome const& asked) {
    auto const ranges = asked.ranges();
    auto const boundary = "clinikk-" + request.id.to_string();
    response.status = 206;
    response.headers.add("Content-Type", "multipart/byteranges; boundary=" + boundary);
    auto parts = std::make_unique<ByteRangesSource>(services.playback, playback,
                                                    std::vector<ByteRange>(ranges.begin(), ranges.end()), boundary);
    response.source_length = parts->length();
    response.body = std::move(parts);
    return response;
}

Error unsatisfiable(Playback const& playback) {
    return Error(ErrorCode::range_not_satisfiable)
        .with("Content-Range", format_unsatisfied(playback.size()))
        .with("Accept-Ranges", "bytes");
}

Task<Result<Response>> stream(Services& services, Request& request, StreamRequest wanted, Playback playback) {
    if (playback.external_address) co_return redirect_elsewhere(playback);
    bool const download = wanted.download->value();
    auto const version = playback.version();
    auto const etag = version.empty() ? version : '"' + version + '"';
    Validators const validators{etag, playback.source.created_at};
    auto const precondition = evaluate(request.head, validators);
    if (precondition == Precondition::failed) co_return Error(ErrorCode::precondition_failed);

    // The signature is for a GET, so a HEAD is answered from the row.
    bool const head_only = request.head.method == Method::head;
    bool stands_here = true;
    if (services.playback.redirects() && precondition != Precondition::not_modified) {
        auto disposition = download ? download_header(playback) : std::string();
        auto const address = co_await services.playback.direct_address(playback, std::move(disposition));
        if (address && !head_only) co_return redirect(*address);
        stands_here = !address;
    }

    Response response;
    add_representation_headers(response.headers, playback, etag, download);
    if (precondition == Precondition::not_modified) {
        response.status = 304;
        co_return response;
    }
    auto const resolved = co_await services.playback.resolve(playback);
    if (!resolved) co_return resolved.error();
    // Only GET has ranges (RFC 9110 section 14.2): a HEAD ignores the field.
    RangeOutcome asked;
    if (!head_only && if_range_holds(request.head, validators)) {
        asked = parse_range(wanted.range ? wanted.range->value() : std::string_view(), playback.size());
    }
    if (asked.kind == RangeOutcome::Kind::unsatisfiable) co_return unsatisfiable(playback);
    // Opening the bytes shows whether they are there; these answers begin before that.
    if ((head_only && stands_here) || asked.count > 1) {
        auto const whole = co_await services.playback.confirm(playback);
        if (!whole) co_return whole.error();
    }
    if (asked.count > 1) co_return several(services, std::move(response), request, playback, asked);
    co_return co_await one(services, std::move(response), playback, asked, head_only);
}

}  // namespace

Task<Result<Response>> stream_content(Services& services, Request& request, StreamRequest wanted) {
    auto playback = co_await services.playback.find(request.account(), wanted.content_id->value());
    if (!playback) co_return playback.error();
    co_return co_await stream(services, request, wanted, std::move(*playback));
}

Task<Result<Reply<PlaybackSessionView>>> begin_playback_session(Services& services, Request& request,
                                                                PlaybackSessionRequest wanted) {
    auto const life = wanted.expires_in.plain();
    auto network = wanted.bind_network->value() ? client_network(request.remote_address) : std::string();
    auto const id = wanted.content_id->value();
    auto const begun = co_await services.playback_sessions.begin(*request.caller, id, life, std::move(network));
    if (!begun) co_return begun.error();
    auto const base = request.base_url + "/content/" + id.to_string() + "/playback/" + begun->grant;
    Reply<PlaybackSessionView> reply{{base + "/stream", {}, {}, {}, begun->expires_at}};
    auto const packaged = co_await services.packaging.find(&request.caller->user, id);
    if (packaged) {
        reply.value.hls_url = base + "/hls/master.m3u8";
        reply.value.dash_url = base + "/dash/manifest.mpd";
        bool const has_file = packaged->media->fast_start() != nullptr;
        if (has_file) reply.value.file_url = base + (packaged->media->has_video() ? "/file.mp4" : "/file.m4a");
    }
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Response>> stream_granted_content(Services& services, Request& request, GrantedStreamRequest wanted) {
    auto const id = wanted.content_id->value();
    auto const granted =
        co_await services.playback_sessions.redeem(id, wanted.grant->value(), client_network(request.remote_address));
    if (!granted) co_return granted.error();
    auto playback = co_await services.playback.find(&granted->viewer, id);
    if (!playback) co_return playback.error();
    playback->granted = granted->remaining;
    co_return co_await stream(services, request, wanted, std::move(*playback));
}

}  // namespace clinikk::api
