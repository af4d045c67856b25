#include "http/endpoint/content_coding.hpp"

#include "http/message/gzip.hpp"
#include "http/message/media_type.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

bool compressible(Request const& request, Response const& response, std::string const& text) {
    constexpr std::size_t worthwhile = 1024;
    if (text.size() < worthwhile || request.head.path.starts_with("/auth")) return false;
    if (response.headers.has("Content-Encoding")) return false;
    auto const type = response.headers.find("Content-Type").value_or("");
    // The manifests of HLS (RFC 8216 section 4: text) and DASH (XML).
    bool const is_manifest = type == "application/vnd.apple.mpegurl" || type == "application/dash+xml";
    return is_manifest || type.starts_with("application/json") || type.starts_with("text/");
}

}  // namespace

bool accepts_gzip(RequestHead const& head) noexcept {
    AcceptedCodings codings;
    for (auto const& field : head.fields) {
        if (same_ignoring_case(field.name, "Accept-Encoding")) codings.add(field.value);
    }
    return codings.prefer_gzip();
}

/// Clients should not send `identity` (RFC 9110 section 8.4.1), but it is harmless.
Result<void> check_content_coding(RequestHead const& head) {
    for (auto const& field : head.fields) {
        if (!same_ignoring_case(field.name, "Content-Encoding")) continue;
        for (auto rest = field.value; !rest.empty();) {
            auto const coding = take_list_element(rest);
            if (coding.empty() || same_ignoring_case(coding, "identity")) continue;
            // The field distinguishes this 415 from the one for a media type (RFC 9110 section 12.5.3).
            return Error(ErrorCode::unsupported_content_coding, "Send the body without Content-Encoding")
                .with("Accept-Encoding", "identity");
        }
    }
    return {};
}

void compress(Request const& request, Response& response) {
    auto* text = std::get_if<std::string>(&response.body);
    if (text == nullptr || !compressible(request, response, *text)) return;
    response.headers.add("Vary", "Accept-Encoding");
    if (!accepts_gzip(request.head)) return;
    *text = gzip(*text);
    // Other bytes need another strong validator (RFC 9110 section 8.8.3.3); a weak one stands for both.
    response.headers.weaken_etag();
    response.headers.add("Content-Encoding", "gzip");
}

}  // namespace clinikk::http
