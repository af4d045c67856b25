#include "http/endpoint/router.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace clinikk::http {
namespace {

constexpr std::size_t max_segments = 8;

/// Segments of a path without its leading slash and one trailing slash; none when there are too many for any route.
struct Segments {
    std::array<std::string_view, max_segments> at{};
    std::size_t count = 0;
};

std::optional<Segments> split(std::string_view path) {
    Segments segments;
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path.ends_with('/')) path.remove_suffix(1);
    while (!path.empty()) {
        if (segments.count == max_segments) return std::nullopt;
        auto const slash = path.find('/');
        segments.at[segments.count++] = path.substr(0, slash);
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
        if (path.empty()) return std::nullopt;  // "//" at the end
    }
    return segments;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

bool fits(std::vector<std::string_view> const& pattern, Segments const& segments) {
    if (pattern.size() != segments.count) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (!is_parameter(pattern[i]) && pattern[i] != segments.at[i]) return false;
        if (is_parameter(pattern[i]) && segments.at[i].empty()) return false;
    }
    return true;
}

std::vector<std::pair<std::string_view, std::string>> parameters_of(std::vector<std::string_view> const& pattern,
                                                                    Segments const& segments) {
    std::vector<std::pair<std::string_view, std::string>> parameters;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (!is_parameter(pattern[i])) continue;
        // What does not decode is kept as it is: it then names nothing that exists.
        auto value = decode_path(segments.at[i]).value_or(std::string(segments.at[i]));
        parameters.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), std::move(value));
    }
    return parameters;
}

std::string allow_of(std::vector<Endpoint const*> const& endpoints) {
    std::string allow;
    for (auto const* endpoint : endpoints) {
        allow += to_string(endpoint->operation.method);
        allow += ", ";
        if (endpoint->operation.method == Method::get) (allow += to_string(Method::head)) += ", ";
    }
    return allow.append(to_string(Method::options));
}

}  // namespace

Router::Router(EndpointTable const& table) {
    for (auto const& endpoint : table.endpoints()) {
        auto const segments = split(endpoint->operation.path).value();
        std::vector<std::string_view> pattern(segments.at.begin(), segments.at.begin() + segments.count);
        auto route = std::ranges::find(routes_, pattern, &Route::segments);
        if (route == routes_.end())
            route = routes_.insert(route, {endpoint->operation.path, std::move(pattern), {}, {}});
        route->endpoints.push_back(endpoint.get());
        route->allow = allow_of(route->endpoints);
    }
    // Fixed paths win over parameters.
    std::ranges::stable_sort(routes_, {},
                             [](Route const& route) { return std::ranges::count_if(route.segments, is_parameter); });
}

Router::Match Router::find(Method method, std::string_view path) const {
    auto const segments = split(path);
    if (!segments) return {};
    auto const route = std::ranges::find_if(routes_, [&](Route const& r) { return fits(r.segments, *segments); });
    if (route == routes_.end()) return {};
    auto const wanted = method == Method::head ? Method::get : method;
    Match match{nullptr, parameters_of(route->segments, *segments), route->pattern, {}};
    for (auto const* endpoint : route->endpoints) {
        if (endpoint->operation.method == wanted) match.endpoint = endpoint;
    }
    if (match.endpoint == nullptr) match.allow = route->allow;
    return match;
}

}  // namespace clinikk::http
