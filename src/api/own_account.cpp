#include "api/own_account.hpp"

#include "api/api_key.hpp"
#include "api/content_view.hpp"
#include "api/no_content.hpp"
#include "api/routes.hpp"
#include "api/session.hpp"
#include "domain/client_network.hpp"
#include "http/endpoint/json_writer.hpp"

namespace clinikk::api {
namespace {

constexpr std::size_t contents_at_once = 100;
constexpr std::chrono::seconds export_wait{5};

template <class T>
std::string to_json(T const& value) {
    std::string text;
    write_json(text, value);
    return text;
}

template <class T>
void add_file(Archive& archive, std::string_view name, T const& value) {
    archive.begin_file(name);
    archive.write(to_json(value));
}

}  // namespace

void add_own_account_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<export_own_data>(
        {.method = Method::get,
         .path = "/users/me/export",
         .tag = "users",
         .summary = "All data of the own account",
         .description = "A ZIP archive of JSON: `account.json`, `sessions.json`, `keys.json` (without the keys "
                        "themselves) and `contents.json` (what is said of each content; its bytes are at its "
                        "`storage_url`). An account can fetch one at a time; 503 says when to try again.",
         .access = Access::signed_in,
         .answers = {{200,
                      "application/zip",
                      "The archive",
                      {answer_header::cache_control, answer_header::content_disposition}}}});
    routes.add<delete_own_account>(
        {.method = Method::del,
         .path = "/users/me",
         .tag = "users",
         .summary = "Delete the own account",
         .description = "Needs the password; of an account without one, a sign-in within the last five minutes. "
                        "`contents` says what becomes of the own contents: `delete`, or `keep` "
                        "without an owner, so that only administrators may change them.",
         .access = Access::signed_in,
         .body = {BodyForm::json},
         .errors = {password_wrong, fresh_sign_in_required, rate_limited, last_admin, account_has_contents},
         .answers = {no_content_answer("The account has gone")},
         .keyed = false});  // the body has a password, of which no fast hash may be kept
}

namespace {

/// Writes the contents page by page, so that no more than a page of them is in memory.
Task<> add_contents(Archive& archive, Services& services, Request& request) {
    archive.begin_file("contents.json");
    archive.write("[");
    Uuid last{};
    bool is_first = true;
    while (true) {
        auto page = co_await services.contents.list_owned(request.caller->user.id, last, contents_at_once);
        for (auto& content : page) {
            last = content.id;
            if (!is_first) archive.write(",\n");
            is_first = false;
            archive.write(to_json(view_content(std::move(content), request.base_url)));
        }
        if (page.size() < contents_at_once) break;
    }
    archive.write("]");
}

}  // namespace

Task<Result<Response>> export_own_data(Services& services, Request& request, NoInput) {
    auto const& caller = *request.caller;
    auto place = services.exports.enter(caller.user.id);
    if (!place) co_return Error::passing(ErrorCode::unavailable, export_wait);
    auto const archive = services.make_archive();
    add_file(*archive, "account.json", from_members<UserView>(caller.user));
    std::vector<SessionView> sessions;
    auto const active = co_await services.sessions.list(caller);
    for (auto const& session : active) sessions.push_back(view_session(session, caller.credential.id()));
    add_file(*archive, "sessions.json", sessions);
    std::vector<ApiKeyView> keys;
    auto const owned = co_await services.api_keys.list(caller);
    for (auto const& key : owned) keys.push_back(from_members<ApiKeyView>(key));
    add_file(*archive, "keys.json", keys);
    co_await add_contents(*archive, services, request);
    co_await services.audit.record_export(caller);
    auto response = text_response(200, "application/zip", archive->finish());
    response.holds = std::move(place);
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("Content-Disposition", "attachment; filename=\"clinikk-tv-account.zip\"");
    co_return response;
}

Task<Result<Response>> delete_own_account(Services& services, Request& request, DeleteOwnAccountRequest wanted) {
    auto const& caller = *request.caller;
    HashingClient client{client_network(request.remote_address)};
    std::optional<std::string_view> password;
    if (wanted.password) password = wanted.password->value();
    auto const confirmed = co_await services.sessions.confirm_owner(caller, password, client);
    if (!confirmed) co_return confirmed.error();
    std::optional<ContentsPlan> plan;
    if (wanted.contents) plan = ContentsPlan{wanted.contents->value(), {}};
    auto const removed = co_await services.remover.remove_own(caller, plan);
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace clinikk::api
