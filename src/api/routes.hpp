#pragma once

#include <cstdint>

#include "api/services.hpp"

/// The API: each resource adds its operations, which are at the top of its file.
namespace clinikk::api {

void add_user_routes(Routes& routes);
void add_session_routes(Routes& routes);
void add_api_key_routes(Routes& routes);
void add_user_admin_routes(Routes& routes);
void add_own_account_routes(Routes& routes);
void add_invite_routes(Routes& routes);
void add_account_link_routes(Routes& routes);
void add_second_factor_routes(Routes& routes);
void add_sign_in_routes(Routes& routes);
void add_audit_routes(Routes& routes);
void add_content_routes(Routes& routes);
void add_file_body_routes(Routes& routes);
void add_resumable_upload_routes(Routes& routes);
void add_playback_routes(Routes& routes);
void add_packaging_routes(Routes& routes);
void add_upload_routes(Routes& routes);
void add_tus_routes(Routes& routes);
void add_health_routes(Routes& routes);
void add_docs_routes(Routes& routes);

/// All operations. Without `services`, which must outlive the table, they are only described. The file of a form may
/// have `max_upload_size` bytes.
http::EndpointTable make_endpoints(Services* services, std::uint64_t max_upload_size);

/// The operations in the API document as a table for people, one line each: method, path, id, who may call, the scope
/// that an API key needs, and the header field or media type that chooses the operation among those of its path and
/// method.
std::string list_endpoints(http::EndpointTable const& table);

/// The policy for contents (`content_policy`) as a table for people.
std::string list_permissions();

}  // namespace clinikk::api
