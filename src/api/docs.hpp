#pragma once

#include <memory>
#include <string>

#include "http/endpoint_table.hpp"

namespace clinikk::api {

/// Adds the pages for people: Swagger UI, ReDoc, the OpenAPI document, what each error means. All of it comes from
/// this program; no page makes a browser ask another host.
class DocsApi {
public:
    DocsApi();
    DocsApi(DocsApi const&) = delete;
    DocsApi& operator=(DocsApi const&) = delete;
    ~DocsApi();

    /// Without an `api` the operations are only described.
    static void add_to(http::EndpointTable& table, DocsApi* api);

    /// The document that `/openapi.json` gives: known once the table is whole.
    void set_document(std::string document);

private:
    class Handlers;
    std::unique_ptr<Handlers> handlers_;
};

}  // namespace clinikk::api
