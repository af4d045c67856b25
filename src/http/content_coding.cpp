#include "http/content_coding.hpp"

#include "http/gzip.hpp"
#include "http/media_type.hpp"

namespace clinikk::http {
namespace {

bool compressible(Request const& request, Response const& response, std::string const& text) {
    constexpr std::size_t worthwhile = 1024;
    if (text.size() < worthwhile || request.head.path.starts_with("/auth")) return false;
    if (response.headers.has("Content-Encoding")) return false;
    auto const type = response.headers.find("Content-Type").value_or("");
    return type.starts_with("application/json") || type.starts_with("text/");
}

}  // namespace

void compress(Request const& request, Response& response) {
    auto* text = std::get_if<std::string>(&response.body);
    if (text == nullptr || !compressible(request, response, *text)) return;
    response.headers.add("Vary", "Accept-Encoding");
    if (!accepts_gzip(request.head.find("Accept-Encoding"))) return;
    *text = gzip(*text);
    response.headers.add("Content-Encoding", "gzip");
}

}  // namespace clinikk::http
