#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/endpoint/endpoint_table.hpp"

namespace clinikk::http {

/// A group of operations.
struct ApiTag {
    std::string_view name;
    std::string_view description;
};

/// The description of the service as a whole.
struct ApiInfo {
    std::string_view title;
    std::string_view version;
    std::string_view description;
    std::span<ApiTag const> tags;
};

/// The OpenAPI 3.1 document of all operations that are not hidden, indented, with a line feed at the end. The same
/// table always gives the same bytes.
std::string openapi_document(EndpointTable const& table, ApiInfo const& info);

}  // namespace clinikk::http
