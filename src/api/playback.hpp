#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "api/life.hpp"
#include "api/services.hpp"
#include "domain/values.hpp"

/// Playing a content by ranges, with a token or by the address of a playback session: the requests and the handlers.
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

/// The description of a header field in the document.
struct FieldDescription {
    std::string_view description;
    std::string_view example;
};

namespace field_description {
inline constexpr FieldDescription tags{"Entity tags, or `*` (RFC 9110 section 13.1)",
                                       "\"2cf24dba5fb0a30e26e83b2ac5b9\""};
inline constexpr FieldDescription date{"An HTTP date (RFC 9110 section 5.6.7)", "Sun, 01 Mar 2026 12:00:00 GMT"};
inline constexpr FieldDescription tag_or_date{"A strong entity tag or an HTTP date: `Range` counts only if it holds",
                                              "Sun, 01 Mar 2026 12:00:00 GMT"};
inline constexpr FieldDescription range{"The bytes wanted (RFC 9110 section 14.2)", "bytes=0-1023"};
}  // namespace field_description

/// The preconditions of a request: the fields that `evaluate` and `if_range_holds` read from its head.
struct ConditionalFields {
    Header<std::optional<FieldText<field_description::tags>>> if_match;
    Header<std::optional<FieldText<field_description::tags>>> if_none_match;
    Header<std::optional<FieldText<field_description::date>>> if_modified_since;
    Header<std::optional<FieldText<field_description::date>>> if_unmodified_since;
    Header<std::optional<FieldText<field_description::tag_or_date>>> if_range;
};
BOOST_DESCRIBE_STRUCT(ConditionalFields, (),
                      (if_match, if_none_match, if_modified_since, if_unmodified_since, if_range))

struct StreamRequest : ConditionalFields {
    Path<UuidValue> content_id;
    Query<Flag> download;
    Header<std::optional<FieldText<field_description::range>>> range;
};
BOOST_DESCRIBE_STRUCT(StreamRequest, (ConditionalFields), (content_id, download, range))

/// A second to thirty days; the service may allow less.
inline constexpr LifeLimits playback_life{1, 30LL * 86'400, "Seconds for which the address works"};

struct PlaybackSessionRequest {
    Path<UuidValue> content_id;
    Query<std::optional<Life<playback_life>>> expires_in;
    Query<Flag> bind_network;
};
BOOST_DESCRIBE_STRUCT(PlaybackSessionRequest, (), (content_id, expires_in, bind_network))

struct GrantedStreamRequest : StreamRequest {
    Path<Text<1, 200>> grant;
};
BOOST_DESCRIBE_STRUCT(GrantedStreamRequest, (StreamRequest), (grant))

struct PlaybackSessionView {
    static constexpr std::string_view schema_name = "PlaybackSession";
    std::string url;                     ///< of the bytes as they were uploaded
    std::optional<std::string> hls_url;  ///< none, as the next two are, if the content is not packaged
    std::optional<std::string> dash_url;
    std::optional<std::string> file_url;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(PlaybackSessionView, (), (url, hls_url, dash_url, file_url, expires_at))

Task<Result<Reply<PlaybackSessionView>>> begin_playback_session(Services& services, Request& request,
                                                                PlaybackSessionRequest wanted);
Task<Result<Response>> stream_granted_content(Services& services, Request& request, GrantedStreamRequest wanted);
Task<Result<Response>> stream_content(Services& services, Request& request, StreamRequest wanted);

}  // namespace clinikk::api
