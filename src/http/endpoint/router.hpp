#pragma once

#include <span>
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
        std::span<std::pair<std::string_view, std::string> const> options{};  ///< of the answer to OPTIONS on it
    };

    /// The operation for a request with this head, if it had that method. With and without one trailing slash is the
    /// same path. HEAD finds what GET finds, unless that has effects or HEAD is an operation of its own. Of several
    /// operations with one method and path, the header fields choose (`Operation::chosen_by`).
    Match find(Method method, RequestHead const& head) const;

private:
    struct Route {
        std::string_view pattern;
        std::vector<std::string_view> segments;  ///< `{name}` is a parameter
        std::vector<Endpoint const*> endpoints;
        std::string allow;
        std::vector<std::pair<std::string_view, std::string>> options;  ///< each name once
    };

    std::vector<Route> routes_;
};

}  // namespace clinikk::http
