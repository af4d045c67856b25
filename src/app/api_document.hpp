#pragma once

#include <string>

#include "http/endpoint/endpoint_table.hpp"

namespace clinikk::app {

/// The OpenAPI document of these endpoints.
std::string openapi_text(http::EndpointTable const& table);

/// The OpenAPI document of this program. It needs nothing but the endpoint table.
std::string openapi_text();

/// The operations of the API as a table for people: method, path, id and who may call.
std::string endpoints_text();

/// Who may do what with a content, as a table for people.
std::string permissions_text();

}  // namespace clinikk::app
