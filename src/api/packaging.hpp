#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "api/playback.hpp"
#include "api/services.hpp"
#include "domain/packaging.hpp"
#include "domain/values.hpp"

/// Playing a content as HLS, as DASH and as a file that starts fast, with a token or by the address of a playback
/// session: the requests and the handlers.
namespace clinikk::api {

/// A playlist of HLS by its name: `master.m3u8`, `1.m3u8` of a track, `1-iframes.m3u8` of its key frames.
struct Playlist {
    enum class Kind : std::uint8_t { master, media, key_frames };
    Kind kind = Kind::master;
    std::uint32_t track = 0;  ///< of the others
};
class PlaylistName : public ValueOf<Playlist> {
public:
    static Parsed<PlaylistName> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit PlaylistName(Playlist value) : ValueOf(value) {}
};

/// A segment by its name: `init.mp4`, `1.m4s`, and `i1.m4s` of a single key frame.
class SegmentFile : public ValueOf<SegmentName> {
public:
    static Parsed<SegmentFile> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit SegmentFile(SegmentName value) : ValueOf(value) {}
};

/// The id of a track.
class TrackId : public ValueOf<std::uint32_t> {
public:
    static Parsed<TrackId> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit TrackId(std::uint32_t value) : ValueOf(value) {}
};

/// What a playback session adds to each of the requests.
template <class Wanted>
struct Granted : Wanted {
    Path<Text<1, 200>> grant;
    BOOST_DESCRIBE_CLASS(Granted, (Wanted), (grant), (), ())
};

struct ManifestRequest : ConditionalFields {
    Path<UuidValue> content_id;
};
BOOST_DESCRIBE_STRUCT(ManifestRequest, (ConditionalFields), (content_id))

struct PlaylistRequest : ManifestRequest {
    Path<PlaylistName> playlist;
};
BOOST_DESCRIBE_STRUCT(PlaylistRequest, (ManifestRequest), (playlist))

/// A request for bytes, whole or a single range of them.
struct BytesRequest : ManifestRequest {
    Header<std::optional<FieldText<field_description::range>>> range;
};
BOOST_DESCRIBE_STRUCT(BytesRequest, (ManifestRequest), (range))

struct SegmentRequest : BytesRequest {
    Path<Text<1, 64>> digest;
    Path<TrackId> track;
    Path<SegmentFile> segment;
};
BOOST_DESCRIBE_STRUCT(SegmentRequest, (BytesRequest), (digest, track, segment))

Task<Result<Response>> get_hls_playlist(Services& services, Request& request, PlaylistRequest wanted);
Task<Result<Response>> get_dash_manifest(Services& services, Request& request, ManifestRequest wanted);
Task<Result<Response>> get_segment(Services& services, Request& request, SegmentRequest wanted);
Task<Result<Response>> get_video_file(Services& services, Request& request, BytesRequest wanted);
Task<Result<Response>> get_audio_file(Services& services, Request& request, BytesRequest wanted);

Task<Result<Response>> get_granted_hls_playlist(Services& services, Request& request, Granted<PlaylistRequest> wanted);
Task<Result<Response>> get_granted_dash_manifest(Services& services, Request& request, Granted<ManifestRequest> wanted);
Task<Result<Response>> get_granted_segment(Services& services, Request& request, Granted<SegmentRequest> wanted);
Task<Result<Response>> get_granted_video_file(Services& services, Request& request, Granted<BytesRequest> wanted);
Task<Result<Response>> get_granted_audio_file(Services& services, Request& request, Granted<BytesRequest> wanted);

}  // namespace clinikk::api
