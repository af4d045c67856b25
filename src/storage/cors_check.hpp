#pragma once

#include <string>
#include <string_view>

#include "client/http_client.hpp"

/// The conditions of browsers for a page that uses an address of another origin (Fetch standard, "CORS protocol").
namespace clinikk {

/// Returns what keeps a page of `origin` from sending `method` with the header field `field` there; empty when nothing
/// does.
std::string preflight_fault(client::HttpHead const& answer, std::string_view origin, std::string_view method,
                            std::string_view field);

/// Returns what keeps a page of `origin` from reading the header field `field` of this answer; empty when nothing does.
std::string exposure_fault(client::HttpHead const& answer, std::string_view origin, std::string_view field);

/// The preflight request for such a request.
client::HttpRequest preflight(std::string url, std::string_view origin, std::string_view method,
                              std::string_view field);

}  // namespace clinikk
