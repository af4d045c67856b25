#include "api/packaging.hpp"

#include "api/no_bytes.hpp"
#include "api/rewritten_source.hpp"
#include "api/routes.hpp"
#include "api/single_range.hpp"
#include "base/encoding.hpp"
#include "base/sha256.hpp"
#include "domain/client_network.hpp"
#include "http/message/conditional.hpp"

namespace clinikk::api {
namespace {

constexpr std::string_view playlist_type = "application/vnd.apple.mpegurl";
constexpr std::string_view manifest_type = "application/dash+xml";

constexpr AnswerHeader tag{"ETag", "A strong validator; weak where the content is compressed",
                           R"(^(W/)?"[0-9a-z.-]+"$)"};

std::vector<AnswerHeader> manifest_headers() {
    using namespace http::answer_header;
    return {tag, cache_control, cross_origin_resource_policy,
            optional({"Content-Encoding", "How the content is compressed, where the request accepts it", "^gzip$"})};
}

std::vector<AnswerHeader> bytes_headers() {
    using namespace http::answer_header;
    return {tag, accept_ranges, cache_control, cross_origin_resource_policy};
}

std::vector<AnswerHeader> range_headers() {
    auto headers = bytes_headers();
    headers.push_back(answer_header::content_range);
    return headers;
}

std::vector<PlainAnswer> manifest_answers(std::string_view media_type) {
    return {{200, media_type, "The text, in which all addresses are relative", manifest_headers()},
            {304, "", "Not changed since the validators given", manifest_headers()}};
}

std::vector<PlainAnswer> bytes_answers(std::initializer_list<std::string_view> media_types) {
    std::vector<PlainAnswer> answers;
    for (auto const media_type : media_types) {
        answers.push_back({200, media_type, "All bytes", bytes_headers()});
        answers.push_back({206, media_type, "The range asked for", range_headers()});
    }
    answers.push_back({304, "", "Not changed since the validators given", bytes_headers()});
    return answers;
}

/// An operation, and the same in a playback session.
template <auto Handler, auto GrantedHandler>
void add_both(Routes& routes, Operation operation, std::string_view granted_path) {
    using enum ErrorCode;
    operation.tag = "content";
    operation.access = Access::optional;
    operation.scope = Scope::content_read;
    operation.errors.insert(operation.errors.begin(), {not_found, content_not_found, source_unavailable,
                                                       packaging_unavailable, precondition_failed});
    routes.add<Handler>(operation);
    operation.path = granted_path;
    operation.description = "The same in a playback session, for whoever has the address.";
    operation.access = Access::anyone;
    operation.scope.reset();
    operation.errors.push_back(playback_session_ended);
    routes.add<GrantedHandler>(operation);
}

}  // namespace

void add_packaging_routes(Routes& routes) {
    using enum ErrorCode;
    add_both<get_hls_playlist, get_granted_hls_playlist>(
        routes,
        {.path = "/content/{content_id}/hls/{playlist}",
         .summary = "Play a content by HLS",
         .description =
             "The playlists of HTTP Live Streaming (RFC 8216). Players begin with `master.m3u8`; what it leads "
             "to are segments of the file as it was uploaded.",
         .answers = manifest_answers(playlist_type)},
        "/content/{content_id}/playback/{grant}/hls/{playlist}");
    add_both<get_dash_manifest, get_granted_dash_manifest>(
        routes,
        {.path = "/content/{content_id}/dash/manifest.mpd",
         .summary = "Play a content by DASH",
         .description = "The manifest of MPEG-DASH (ISO/IEC 23009-1) over the same segments as HLS.",
         .answers = manifest_answers(manifest_type)},
        "/content/{content_id}/playback/{grant}/dash/manifest.mpd");
    add_both<get_segment, get_granted_segment>(
        routes,
        {.path = "/content/{content_id}/segments/{digest}/{track}/{segment}",
         .summary = "Get a segment",
         .description = "A CMAF segment (ISO/IEC 23000-19). Its bytes never change, so caches may keep it for ever; "
                        "`digest` changes with the bytes. Manifests have the addresses.",
         .errors = {range_not_satisfiable},
         .answers = bytes_answers({media_format::mp4.media_type, media_format::m4a.media_type})},
        "/content/{content_id}/playback/{grant}/segments/{digest}/{track}/{segment}");
    Operation file{.path = "/content/{content_id}/file.mp4",
                   .summary = "Play a video as a file that starts fast",
                   .description =
                       "The uploaded file with its index (`moov`) in front of the media, by `Range`. The media "
                       "is the same as that of `/stream`, and no second copy is stored.",
                   .errors = {range_not_satisfiable},
                   .answers = bytes_answers({media_format::mp4.media_type})};
    add_both<get_video_file, get_granted_video_file>(routes, file, "/content/{content_id}/playback/{grant}/file.mp4");
    file.path = "/content/{content_id}/file.m4a";
    file.summary = "Play an audio recording as a file that starts fast";
    file.answers = bytes_answers({media_format::m4a.media_type});
    add_both<get_audio_file, get_granted_audio_file>(routes, file, "/content/{content_id}/playback/{grant}/file.m4a");
}

namespace {

/// Who asks: an account or nobody; or whoever has the address of a playback session.
struct Asked {
    Uuid content_id;
    std::string_view grant{};  ///< empty without a playback session
};

template <class Wanted>
Asked asked_by(Wanted const& wanted) {
    return {wanted.content_id->value()};
}
template <class Wanted>
Asked asked_by(Granted<Wanted> const& wanted) {
    return {wanted.content_id->value(), wanted.grant->value()};
}

/// Says from where a content that is not packaged can be played.
Error with_other_address(Error error, Request const& request, Asked asked) {
    if (error.code != ErrorCode::packaging_unavailable) return error;
    auto address = request.base_url + "/content/" + asked.content_id.to_string();
    if (!asked.grant.empty()) address.append("/playback/").append(asked.grant);
    error.detail += " Play it as it was uploaded, from " + address + "/stream";
    return error;
}

/// May is asked anew at every request, whatever caches have.
Task<Result<PackagedPlayback>> find(Services& services, Request& request, Asked asked) {
    std::optional<GrantedPlayback> granted;
    User const* viewer = request.account();
    if (!asked.grant.empty()) {
        auto redeemed = co_await services.playback_sessions.redeem(asked.content_id, asked.grant,
                                                                   client_network(request.remote_address));
        if (!redeemed) co_return redeemed.error();
        granted = std::move(*redeemed);
        viewer = &granted->viewer;
    }
    auto found = co_await services.packaging.find(viewer, asked.content_id);
    if (!found) co_return with_other_address(found.error(), request, asked);
    if (granted) found->playback.granted = granted->remaining;
    co_return found;
}

/// Whether caches that many clients share may keep the answer.
std::string_view sharing_of(Playback const& playback) {
    return playback.is_for_everybody() && !playback.granted ? "public" : "private";
}

/// The address of a playback session is good for whoever has it. Without one, the next account of the same browser must
/// not find what this one was shown, so a private content is asked for each time.
std::string segment_caching(Playback const& playback) {
    if (!playback.is_for_everybody() && !playback.granted) return "private, no-cache";
    return std::string(sharing_of(playback)) + ", max-age=31536000, immutable";
}

/// Manifests may change when the program does, so clients ask each time.
Result<Response> text_answer(Request const& request, PackagedPlayback const& found, std::string_view media_type,
                             Result<std::string> text) {
    if (!text) return text.error();
    auto const etag = '"' + to_hex(Sha256::of(*text)) + '"';
    auto const precondition = evaluate(request.head, {etag, found.playback.source.created_at});
    if (precondition == Precondition::failed) return Error(ErrorCode::precondition_failed);
    Response response = text_response(200, media_type, std::move(*text));
    if (precondition == Precondition::not_modified) response = Response{.status = 304};
    response.headers.add("ETag", etag);
    response.headers.add("Cache-Control", std::string(sharing_of(found.playback)) + ", no-cache");
    response.headers.add("Cross-Origin-Resource-Policy", "cross-origin");
    if (response.status == 304) {
        // What the client has may be compressed (RFC 9110 section 15.4.5).
        response.headers.weaken_etag();
        response.headers.add("Vary", "Accept-Encoding");
    }
    return response;
}

template <class Wanted>
Task<Result<Response>> playlist(Services& services, Request& request, Wanted wanted) {
    auto const found = co_await find(services, request, asked_by(wanted));
    if (!found) co_return found.error();
    auto const& media = *found->media;
    auto const [kind, track] = wanted.playlist->value();
    Result<std::string> text = kind == Playlist::Kind::master  ? media.master_playlist()
                               : kind == Playlist::Kind::media ? media.media_playlist(track)
                                                               : media.key_frame_playlist(track);
    co_return text_answer(request, *found, playlist_type, std::move(text));
}

template <class Wanted>
Task<Result<Response>> manifest(Services& services, Request& request, Wanted wanted) {
    auto const found = co_await find(services, request, asked_by(wanted));
    if (!found) co_return found.error();
    co_return text_answer(request, *found, manifest_type, found->media->dash_manifest());
}

/// Adds the body to the answer. A HEAD only shows whether the bytes are there.
Task<Result<Response>> answer_with(Services& services, Request const& request, Playback const& playback,
                                   Response response, GatheredBytes bytes) {
    if (request.head.method == Method::head) {
        auto const whole = co_await services.playback.confirm(playback);
        if (!whole) co_return whole.error();
        response.body = std::make_unique<NoBytes>();
        co_return response;
    }
    if (bytes.runs.empty() && !bytes.lead) {
        response.body = std::move(bytes.head);
        co_return response;
    }
    auto body = co_await services.playback.gather(playback, std::move(bytes));
    if (!body) co_return body.error();
    response.body = std::move(*body);
    co_return response;
}

std::string name_of(SegmentName name) {
    switch (name.kind) {
        case SegmentName::Kind::init: return "init";
        case SegmentName::Kind::media: return std::to_string(name.number);
        case SegmentName::Kind::key_frame: return 'i' + std::to_string(name.number);
    }
    return {};
}

template <class Wanted>
Task<Result<Response>> segment(Services& services, Request& request, Wanted wanted) {
    auto const found = co_await find(services, request, asked_by(wanted));
    if (!found) co_return found.error();
    auto const& [playback, media] = *found;
    auto const track = wanted.track->value();
    auto const name = wanted.segment->value();
    if (wanted.digest->value() != media->digest()) co_return Error(ErrorCode::not_found);
    auto const type = media->segment_type(track);
    if (!type) co_return type.error();
    auto const bytes = media->segment(track, name);
    if (!bytes) co_return bytes.error();
    Representation const representation{'"' + media->digest() + '-' + std::to_string(track) + '-' + name_of(name) + '"',
                                        bytes->length(), *type, segment_caching(playback)};
    auto selection = select_bytes(request, wanted.range, playback.source.created_at, representation);
    if (!selection) co_return selection.error();
    if (!selection->part) co_return std::move(selection->response);
    auto part = bytes->part(*selection->part);
    GatheredBytes gathered{std::move(part.head), nullptr, std::move(part.runs)};
    co_return co_await answer_with(services, request, playback, std::move(selection->response), std::move(gathered));
}

/// What is rewritten, and what stands before it, is read; the rest goes as it is in the source.
GatheredBytes gather_file(Services& services, PackagedPlayback const& found, ByteRange part) {
    auto pieces = found.media->fast_start()->pieces(part);
    std::size_t rewritten = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (pieces[i].is_rewritten) rewritten = i + 1;
    }
    GatheredBytes gathered;
    for (std::size_t i = rewritten; i < pieces.size(); ++i) gathered.runs.push_back(pieces[i].source);
    pieces.resize(rewritten);
    if (!pieces.empty()) {
        gathered.lead =
            std::make_unique<RewrittenSource>(services.playback, found.playback, found.media, std::move(pieces));
    }
    return gathered;
}

template <class Wanted>
Task<Result<Response>> file(Services& services, Request& request, Wanted wanted, bool is_video) {
    auto const found = co_await find(services, request, asked_by(wanted));
    if (!found) co_return found.error();
    auto const& [playback, media] = *found;
    if (media->has_video() != is_video) co_return Error(ErrorCode::not_found);
    if (media->fast_start() == nullptr) {
        Error const error(ErrorCode::packaging_unavailable,
                          "The offsets in the file do not allow it to be rearranged.");
        co_return with_other_address(error, request, asked_by(wanted));
    }
    auto const& format = is_video ? media_format::mp4 : media_format::m4a;
    // The index says how the file is rearranged, so its bytes follow from that and not from the source alone.
    Representation const representation{'"' + media->digest() + "-fast\"", media->fast_start()->length(),
                                        format.media_type, std::string(sharing_of(playback)) + ", no-cache"};
    auto selection = select_bytes(request, wanted.range, playback.source.created_at, representation);
    if (!selection) co_return selection.error();
    if (!selection->part) co_return std::move(selection->response);
    auto gathered = gather_file(services, *found, *selection->part);
    co_return co_await answer_with(services, request, playback, std::move(selection->response), std::move(gathered));
}

}  // namespace

Task<Result<Response>> get_hls_playlist(Services& services, Request& request, PlaylistRequest wanted) {
    return playlist(services, request, wanted);
}
Task<Result<Response>> get_granted_hls_playlist(Services& services, Request& request, Granted<PlaylistRequest> wanted) {
    return playlist(services, request, std::move(wanted));
}

Task<Result<Response>> get_dash_manifest(Services& services, Request& request, ManifestRequest wanted) {
    return manifest(services, request, wanted);
}
Task<Result<Response>> get_granted_dash_manifest(Services& services, Request& request,
                                                 Granted<ManifestRequest> wanted) {
    return manifest(services, request, std::move(wanted));
}

Task<Result<Response>> get_segment(Services& services, Request& request, SegmentRequest wanted) {
    return segment(services, request, std::move(wanted));
}
Task<Result<Response>> get_granted_segment(Services& services, Request& request, Granted<SegmentRequest> wanted) {
    return segment(services, request, std::move(wanted));
}

Task<Result<Response>> get_video_file(Services& services, Request& request, BytesRequest wanted) {
    return file(services, request, wanted, true);
}
Task<Result<Response>> get_granted_video_file(Services& services, Request& request, Granted<BytesRequest> wanted) {
    return file(services, request, std::move(wanted), true);
}

Task<Result<Response>> get_audio_file(Services& services, Request& request, BytesRequest wanted) {
    return file(services, request, wanted, false);
}
Task<Result<Response>> get_granted_audio_file(Services& services, Request& request, Granted<BytesRequest> wanted) {
    return file(services, request, std::move(wanted), false);
}

}  // namespace clinikk::api
