#include "app/api_document.hpp"

#include <array>

#include "api/routes.hpp"
#include "http/endpoint/openapi.hpp"

namespace clinikk::app {
namespace {

constexpr std::array api_tags{
    http::ApiTag{"auth", "Accounts and logins"},
    http::ApiTag{"users", "Accounts: their administration, and one's own"},
    http::ApiTag{"audit", "Who did what to what"},
    http::ApiTag{"content", "The library: uploading, browsing, playing, changing"},
    http::ApiTag{"upload", "Large files straight to the bucket, in parts"},
    http::ApiTag{"health", "For supervisors and load balancers"},
};
constexpr http::ApiInfo api_info{"Clinikk TV", CLINIKK_VERSION,
                                 "Health video and audio for subscribers: upload, browse, play.", api_tags};

}  // namespace

std::string openapi_text(http::EndpointTable const& table) { return http::openapi_document(table, api_info); }

std::string openapi_text() { return openapi_text(api::make_endpoints(nullptr, 0)); }

std::string endpoints_text() { return api::list_endpoints(api::make_endpoints(nullptr, 0)); }

std::string permissions_text() { return api::list_permissions(); }

}  // namespace clinikk::app
