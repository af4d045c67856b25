#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/endpoint/endpoint.hpp"
#include "http/endpoint/endpoint_table.hpp"

namespace clinikk::http {

/// Finds the endpoint of a request. Immutable once built; shared by all threads.
class Router {
public:
    /// The table must outlive the router.
    explicit Router(EndpointTable const& table);

    struct Match {
        Endpoint const* endpoint = nullptr;  ///< null: no such path, or not this method
        std::vector<std::pair<std::string_view, std::string>> parameters{};
        std::string_view pattern{};  ///< of a path that exists: `/content/{content_id}`
        std::string allow{};         ///< of a path that exists: the methods it takes, unless this is one of them
    };

    /// With and without one trailing slash is the same path. HEAD finds what GET finds.
    Match find(Method method, std::string_view path) const;

private:
    struct Route {
        std::string_view pattern;
        std::vector<std::string_view> segments;  ///< `{name}` is a parameter
        std::vector<Endpoint const*> endpoints;  ///< one a method
        std::string allow;
    };

    std::vector<Route> routes_;
};

}  // namespace clinikk::http
