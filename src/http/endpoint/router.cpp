#include "http/endpoint/router.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "http/message/media_type.hpp"
#include "http/message/syntax.hpp"

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

/// The methods of a path, each once, in the order of its operations.
std::string allow_of(std::vector<Endpoint const*> const& endpoints) {
    std::vector<Method> methods;
    auto const add = [&](Method method) {
        if (std::ranges::find(methods, method) == methods.end()) methods.push_back(method);
    };
    for (auto const* endpoint : endpoints) {
        add(endpoint->operation.method);
        if (endpoint->operation.method == Method::get && endpoint->operation.has_head) add(Method::head);
    }
    std::string allow;
    for (auto const method : methods) allow.append(to_string(method)).append(", ");
    return allow.append(to_string(Method::options));
}

/// Whether the header fields of a request choose the operation.
bool is_asked_for(Operation const& operation, RequestHead const& head) {
    if (!operation.chosen_by.empty() && head.find(operation.chosen_by).data() == nullptr) return false;
    if (operation.chosen_by_type.empty()) return true;
    auto const type = parse_media_type(head.find("Content-Type"));
    for (auto ranges = operation.chosen_by_type; type && !ranges.empty();) {
        if (is_in_media_range(type->essence, take_list_element(ranges))) return true;
    }
    return false;
}

/// Of the operations with one method and path, the one that a request asks for; null when there are none.
Endpoint const* choose(std::vector<Endpoint const*> const& endpoints, Method method, RequestHead const& head) {
    Endpoint const* rest = nullptr;
    for (auto const* endpoint : endpoints) {
        auto const& operation = endpoint->operation;
        if (operation.method != method) continue;
        bool const chosen = is_chosen(operation);
        if (chosen && is_asked_for(operation, head)) return endpoint;
        if (rest == nullptr || (is_chosen(rest->operation) && !chosen)) rest = endpoint;
    }
    return rest;
}

}  // namespace

Router::Router(EndpointTable const& table) {
    for (auto const& endpoint : table.endpoints()) {
        auto const segments = split(endpoint->operation.path).value();
        std::vector<std::string_view> pattern(segments.at.begin(), segments.at.begin() + segments.count);
        auto route = std::ranges::find(routes_, pattern, &Route::segments);
        if (route == routes_.end())
            route = routes_.insert(route, {endpoint->operation.path, std::move(pattern), {}, {}, {}});
        route->endpoints.push_back(endpoint.get());
        route->allow = allow_of(route->endpoints);
        for (auto const& field : endpoint->operation.options) {
            auto const is_same = [&](auto const& there) { return same_ignoring_case(there.first, field.first); };
            if (std::ranges::none_of(route->options, is_same)) route->options.push_back(field);
        }
    }
    // Fixed paths win over parameters.
    std::ranges::stable_sort(routes_, {},
                             [](Route const& route) { return std::ranges::count_if(route.segments, is_parameter); });
}

Router::Match Router::find(Method method, RequestHead const& head) const {
    auto const segments = split(head.path);
    if (!segments) return {};
    auto const route = std::ranges::find_if(routes_, [&](Route const& r) { return fits(r.segments, *segments); });
    if (route == routes_.end()) return {};
    Match match{choose(route->endpoints, method, head),
                parameters_of(route->segments, *segments),
                route->pattern,
                {},
                route->options};
    if (match.endpoint == nullptr && method == Method::head) {
        auto const* const get = choose(route->endpoints, Method::get, head);
        if (get != nullptr && get->operation.has_head) match.endpoint = get;
    }
    if (match.endpoint == nullptr) match.allow = route->allow;
    return match;
}

}  // namespace clinikk::http
