#pragma once

#include <boost/describe/class.hpp>

#include "api/services.hpp"
#include "domain/values.hpp"

/// Pages for people: Swagger UI, ReDoc, the OpenAPI document, and the meaning of each error. This program serves all of
/// it; no page makes a browser ask another host.
namespace clinikk::api {

struct AssetRequest {
    Path<Text<1, 100>> name;
};
BOOST_DESCRIBE_STRUCT(AssetRequest, (), (name))

struct ProblemRequest {
    Path<Text<1, 100>> code;
};
BOOST_DESCRIBE_STRUCT(ProblemRequest, (), (code))

Task<Result<Response>> get_home(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> get_docs(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> get_docs_asset(Services& services, Request& request, AssetRequest wanted);
Task<Result<Response>> get_redoc(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> get_openapi(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> get_problem(Services& services, Request& request, ProblemRequest wanted);

}  // namespace clinikk::api
