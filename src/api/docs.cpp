#include "api/docs.hpp"

#include <algorithm>
#include <array>

#include "api/routes.hpp"
#include "base/encoding.hpp"
#include "base/sha256.hpp"
#include "embedded_assets.hpp"
#include "http/endpoint/content_coding.hpp"
#include "http/message/gzip.hpp"

namespace clinikk::api {
namespace {

/// A page for people. It is not part of the API document.
Operation page_operation(std::string_view path, std::string_view summary) {
    return {.path = path, .tag = "docs", .summary = summary, .errors = {ErrorCode::not_found}, .hidden = true};
}

}  // namespace

void add_docs_routes(Routes& routes) {
    routes.add<get_home>(page_operation("/", "Leads to the documentation"));
    routes.add<get_docs>(page_operation("/docs", "Swagger UI"));
    routes.add<get_docs_asset>(page_operation("/docs/assets/{name}", "Scripts and styles of the pages"));
    routes.add<get_redoc>(page_operation("/redoc", "ReDoc"));
    routes.add<get_openapi>(page_operation("/openapi.json", "The OpenAPI document"));
    routes.add<get_problem>(page_operation("/problems/{code}", "What an error means"));
}

namespace {

constexpr std::string_view swagger_page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clinikk TV API</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
)";

constexpr std::string_view swagger_start = R"(SwaggerUIBundle({
  url: new URL("../../openapi.json", document.currentScript.src).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
)";

constexpr std::string_view redoc_page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clinikk TV API</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
</head>
<body>
<redoc spec-url="/openapi.json" disable-search="false"></redoc>
<script src="/docs/assets/redoc.standalone.js"></script>
</body>
</html>
)";

// What each page may do. ReDoc makes style elements by script and searches in a worker.
constexpr std::string_view swagger_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
constexpr std::string_view redoc_policy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
constexpr std::string_view plain_page_policy =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The path in the address of the service, without a slash at its end; empty when there is none.
std::string_view path_of(std::string_view base_url) {
    auto const authority = base_url.find("://") + 3;
    return base_url.substr(std::min(base_url.find('/', authority), base_url.size()));
}

/// Puts `path` before each link of the text. All links are written as `link` and begin with a slash.
std::string with_path(std::string_view text, std::string_view link, std::string_view path) {
    std::string out;
    for (auto at = text.find(link); !path.empty() && at != std::string_view::npos; at = text.find(link)) {
        auto const slash = at + link.size() - 1;
        out += text.substr(0, slash);
        out += path;
        out += '/';
        text.remove_prefix(slash + 1);
    }
    out += text;
    return out;
}

Response page(Request const& request, std::string_view html, std::string_view policy) {
    auto response =
        text_response(200, "text/html; charset=utf-8", with_path(html, R"(="/)", path_of(request.base_url)));
    response.headers.add("Content-Security-Policy", policy);
    response.headers.add("Cache-Control", "no-cache");
    return response;
}

std::string_view media_type_of(std::string_view name) {
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".png")) return "image/png";
    return "application/octet-stream";
}

/// Escapes text of the catalogue, which contains no other characters with a meaning in HTML.
std::string escape_html(std::string_view text) {
    std::string out;
    for (char const c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string problem_page(ErrorKind const& kind) {
    std::string const title = escape_html(kind.title);
    return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + title +
           "</title>\n<style>body{font:16px/1.5 sans-serif;max-width:40em;margin:3em auto;padding:0 1em}</style>\n"
           "</head>\n<body>\n<h1>" +
           title + "</h1>\n<p><code>" + std::string(kind.name) + "</code>, HTTP status " + std::to_string(kind.status) +
           "</p>\n<p>" + escape_html(kind.sentence) +
           "</p>\n<p><a href=\"/docs\">API documentation</a></p>\n</body>\n</html>\n";
}

Response cacheable(Response response) {
    response.headers.add("Cache-Control", "public, max-age=3600");
    return response;
}

}  // namespace

Task<Result<Response>> get_home(Services&, Request& request, NoInput) {
    Response response;
    response.status = 302;
    response.headers.add("Location", request.base_url + "/docs");
    co_return response;
}

Task<Result<Response>> get_docs(Services&, Request& request, NoInput) {
    co_return page(request, swagger_page, swagger_policy);
}

Task<Result<Response>> get_redoc(Services&, Request& request, NoInput) {
    co_return page(request, redoc_page, redoc_policy);
}

Task<Result<Response>> get_openapi(Services& services, Request& request, NoInput) {
    auto const path = path_of(request.base_url);
    auto const document = with_path(services.openapi, R"("url": "/)", path);
    auto response = json_response(200, with_path(document, R"("tokenUrl": "/)", path));
    response.headers.add("Cache-Control", "no-cache");
    co_return response;
}

Task<Result<Response>> get_docs_asset(Services&, Request& request, AssetRequest wanted) {
    auto const& name = wanted.name->value();
    if (name == "start.js") co_return cacheable(text_response(200, media_type_of(name), std::string(swagger_start)));
    auto const all = assets::all();
    auto const found = std::ranges::find(all, name, &assets::Asset::name);
    if (found == all.end()) co_return Error(ErrorCode::not_found);
    bool const compressed = accepts_gzip(request.head);
    auto bytes = compressed ? std::string(found->gzip) : gunzip(found->gzip);
    auto response = cacheable(text_response(200, media_type_of(name), std::move(bytes)));
    if (compressed) response.headers.add("Content-Encoding", "gzip");
    response.headers.add("Vary", "Accept-Encoding");
    co_return response;
}

Task<Result<Response>> get_problem(Services&, Request& request, ProblemRequest wanted) {
    auto const* kind = find_error_kind(wanted.code->value());
    if (kind == nullptr) co_return Error(ErrorCode::not_found);
    co_return page(request, problem_page(*kind), plain_page_policy);
}

}  // namespace clinikk::api
