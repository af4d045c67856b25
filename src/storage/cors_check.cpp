#include "storage/cors_check.hpp"

#include <algorithm>
#include <cctype>

namespace clinikk {
namespace {

bool same_ignoring_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right,
                              [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

/// Returns whether a comma-separated list has the item, or `*`.
bool lists(std::string_view list, std::string_view item) {
    while (!list.empty()) {
        auto const comma = std::min(list.find(','), list.size());
        auto entry = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        while (entry.starts_with(' ')) entry.remove_prefix(1);
        while (entry.ends_with(' ')) entry.remove_suffix(1);
        if (entry == "*" || same_ignoring_case(entry, item)) return true;
    }
    return false;
}

bool allows_origin(client::HttpHead const& answer, std::string_view origin) {
    auto const allowed = answer.find("access-control-allow-origin");
    return allowed == "*" || allowed == origin;
}

}  // namespace

std::string preflight_fault(client::HttpHead const& answer, std::string_view origin, std::string_view method,
                            std::string_view field) {
    auto const at = " to pages of " + std::string(origin);
    bool const is_good = answer.status >= 200 && answer.status < 300 && allows_origin(answer, origin) &&
                         lists(answer.find("access-control-allow-methods"), method);
    if (!is_good) return "no CORS rule of the bucket allows " + std::string(method) + at;
    if (lists(answer.find("access-control-allow-headers"), field)) return {};
    return "the CORS rule of the bucket does not allow the header field " + std::string(field) + at;
}

std::string exposure_fault(client::HttpHead const& answer, std::string_view origin, std::string_view field) {
    auto const at = " to pages of " + std::string(origin);
    if (!allows_origin(answer, origin)) return "no CORS rule of the bucket shows answers" + at;
    if (lists(answer.find("access-control-expose-headers"), field)) return {};
    return "the CORS rule of the bucket does not expose the header field " + std::string(field) + at;
}

client::HttpRequest preflight(std::string url, std::string_view origin, std::string_view method,
                              std::string_view field) {
    client::HttpRequest request;
    request.method = "OPTIONS";
    request.url = std::move(url);
    request.headers = {"Origin: " + std::string(origin), "Access-Control-Request-Method: " + std::string(method),
                       "Access-Control-Request-Headers: " + std::string(field)};
    return request;
}

}  // namespace clinikk
