#include "api/routes.hpp"

#include "domain/permission.hpp"

namespace clinikk::api {

http::EndpointTable make_endpoints(Services* services, std::uint64_t max_upload_size) {
    http::EndpointTable table;
    Routes routes(table, services, max_upload_size);
    add_user_routes(routes);
    add_session_routes(routes);
    add_api_key_routes(routes);
    add_user_admin_routes(routes);
    add_own_account_routes(routes);
    add_invite_routes(routes);
    add_account_link_routes(routes);
    add_second_factor_routes(routes);
    add_sign_in_routes(routes);
    add_audit_routes(routes);
    add_content_routes(routes);
    // A file whose client offers to resume is chosen by that field, before its media type.
    add_resumable_upload_routes(routes);
    add_file_body_routes(routes);
    add_tus_routes(routes);
    add_playback_routes(routes);
    add_packaging_routes(routes);
    add_upload_routes(routes);
    add_health_routes(routes);
    add_docs_routes(routes);
    return table;
}

namespace {

std::string_view describe(Standing standing) noexcept {
    switch (standing) {
        case Standing::anybody: return "anybody";
        case Standing::account: return "any account";
        case Standing::owner: return "its owner";
        case Standing::owning_editor: return "its owner, as an editor";
    }
    return "";
}

}  // namespace

std::string list_endpoints(http::EndpointTable const& table) {
    std::string text =
        "| method | path | operation | who may call | scope of a key | chosen by |\n|---|---|---|---|---|---|\n";
    for (auto const& endpoint : table.endpoints()) {
        auto const& operation = endpoint->operation;
        if (operation.hidden) continue;
        text += "| ";
        text += to_string(operation.method);
        text += " | `";
        text += operation.path;
        text += "` | `";
        text += operation.id;
        text += "` | ";
        text += to_string(operation.access);
        text += " | ";
        if (operation.scope) text.append("`").append(to_string(*operation.scope)).append("` ");
        text += "| ";
        for (auto const by : {operation.chosen_by, operation.chosen_by_type}) {
            if (!by.empty()) text.append("`").append(by).append("` ");
        }
        text += "|\n";
    }
    return text;
}

std::string list_permissions() {
    std::string text = "| visibility | read and play | find in a listing | change and delete |\n|---|---|---|---|\n";
    for (auto const& rule : content_policy) {
        text += "| `";
        text += enumerator_name(rule.visibility);
        text += '`';
        for (auto const least : {rule.see, rule.find, rule.change}) {
            text += " | ";
            text += describe(least);
        }
        text += " |\n";
    }
    return text;
}

}  // namespace clinikk::api
