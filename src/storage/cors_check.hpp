#pragma once

#include <string>
#include <string_view>

#include "client/http_client.hpp"

/// What browsers demand before a page may use an address of another origin (Fetch standard, "CORS protocol").
namespace clinikk {

/// What stands in the way of a page of `origin` that wants to send `method` with the header field `field` there; empty
/// when nothing does.
std::string preflight_fault(client::HttpHead const& answer, std::string_view origin, std::string_view method,
                            std::string_view field);

/// What keeps a page of `origin` from reading the header field `field` of this answer; empty when nothing does.
std::string exposure_fault(client::HttpHead const& answer, std::string_view origin, std::string_view field);

/// The question that goes ahead of such a request.
client::HttpRequest preflight(std::string url, std::string_view origin, std::string_view method,
                              std::string_view field);

}  // namespace clinikk
