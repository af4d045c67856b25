#include "api/user_admin.hpp"

#include "api/no_content.hpp"
#include "api/routes.hpp"
#include "base/encoding.hpp"
#include "domain/unicode.hpp"

namespace clinikk::api {

static_assert(static_cast<int>(ContentsFate::remove) == 0 && static_cast<int>(ContentsFate::keep) == 1 &&
                  static_cast<int>(ContentsFate::reassign) == 2,
              "the words of `fate_names` are in the order of the enumerators");

void add_user_admin_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<list_users>({.method = Method::get,
                            .path = "/users",
                            .tag = "users",
                            .summary = "The accounts",
                            .description = "The oldest first. `search` is a part of the e-mail address, in any case. "
                                           "Where there is more, `Link` with `rel=\"next\"` leads on.",
                            .access = Access::admin,
                            .scope = Scope::users_admin,
                            .headers = {answer_header::cache_control, optional(answer_header::link)}});
    routes.add<get_user>({.method = Method::get,
                          .path = "/users/{user_id}",
                          .tag = "users",
                          .summary = "One account",
                          .access = Access::admin,
                          .scope = Scope::users_admin,
                          .headers = {answer_header::cache_control},
                          .errors = {user_not_found}});
    routes.add<update_user>({.method = Method::patch,
                             .path = "/users/{user_id}",
                             .tag = "users",
                             .summary = "Change the role of an account, disable it or let it in again",
                             .description = "Ends the sessions of the account. API keys go on with the new role; those "
                                            "of a disabled account are refused. One active administrator always stays.",
                             .access = Access::admin,
                             .scope = Scope::users_admin,
                             .body = {BodyForm::json},
                             .headers = {answer_header::cache_control},
                             .errors = {user_not_found, last_admin}});
    routes.add<delete_user>(
        {.method = Method::del,
         .path = "/users/{user_id}",
         .tag = "users",
         .summary = "Delete an account",
         .description =
             "`contents` says what becomes of its contents: `delete`, `keep` without an owner, or `reassign` "
             "to the account `to`. The account is locked out at once. If the service ends on the way, it "
             "goes on when it runs again.",
         .access = Access::admin,
         .scope = Scope::users_admin,
         .errors = {user_not_found, last_admin, account_has_contents},
         .answers = {no_content_answer("The account has gone")}});
}

Parsed<Truth> Truth::parse(std::string_view text) {
    if (text == "true") return Truth(true);
    if (text == "false") return Truth(false);
    return std::string("must be true or false");
}

ValueSchema Truth::schema() { return {.type = ValueSchema::Type::boolean}; }

Parsed<EmailPart> EmailPart::parse(std::string_view text) {
    auto const line = parse_line(text, 1, 320);
    if (!line) return line.error();
    auto key = to_nfkc_casefold(*line);
    if (!key || key->empty()) return std::string("must be a part of an e-mail address");
    return EmailPart(std::move(*key));
}

ValueSchema EmailPart::schema() {
    return {
        .min_length = 1, .max_length = 320, .description = "A part of the e-mail address", .example = "@example.com"};
}

void DeleteUserRequest::check(std::vector<FieldError>& errors) const {
    bool const reassigns = contents && contents->value() == ContentsFate::reassign;
    if (reassigns && !to) errors.push_back(field_error("to", "is required to reassign contents"));
    if (!reassigns && to) errors.push_back(field_error("to", "is only for contents=reassign"));
}

namespace {

/// The URL of the next page: the same query with another cursor.
std::string next_page(std::string_view base, ListUsersRequest const& list, User const& last) {
    std::string url = std::string(base) + "/users?limit=" + std::to_string(list.limit->value());
    if (list.search) url += "&search=" + percent_encode(list.search->value());
    if (list.role) url.append("&role=").append(enumerator_name(list.role->value()));
    if (list.is_active) url += list.is_active->value() ? "&is_active=true" : "&is_active=false";
    return url + "&cursor=" + format_cursor({last.created_at, last.id});
}

Reply<UserView> user_reply(User const& user) {
    Reply<UserView> reply{from_members<UserView>(user)};
    reply.headers.add("Cache-Control", "no-store");
    return reply;
}

}  // namespace

Task<Result<Reply<std::vector<UserView>>>> list_users(Services& services, Request& request, ListUsersRequest list) {
    // One item more than requested shows whether there is a next page.
    auto const limit = list.limit->value();
    UserQuery query{.email_key_part = list.search.plain().value_or(""),
                    .role = list.role.plain(),
                    .is_active = list.is_active.plain(),
                    .after = {},
                    .limit = limit + 1};
    if (list.cursor) query.after = {list.cursor->value().created_at, list.cursor->value().id};
    auto users = co_await services.users.list(std::move(query));
    Reply<std::vector<UserView>> reply;
    reply.headers.add("Cache-Control", "no-store");
    if (users.size() > static_cast<std::size_t>(limit)) {
        users.pop_back();
        reply.headers.add("Link", "<" + next_page(request.base_url, list, users.back()) + ">; rel=\"next\"");
    }
    for (auto const& user : users) reply.value.push_back(from_members<UserView>(user));
    co_return reply;
}

Task<Result<Reply<UserView>>> get_user(Services& services, Request&, UserRequest wanted) {
    auto const user = co_await services.users.get(wanted.user_id->value());
    if (!user) co_return user.error();
    co_return user_reply(*user);
}

Task<Result<Reply<UserView>>> update_user(Services& services, Request& request, UpdateUserRequest update) {
    UserChanges const changes{update.role.plain(), update.is_active.plain()};
    auto const user = co_await services.users.update(*request.caller, update.user_id->value(), changes);
    if (!user) co_return user.error();
    co_return user_reply(*user);
}

Task<Result<Response>> delete_user(Services& services, Request& request, DeleteUserRequest wanted) {
    std::optional<ContentsPlan> plan;
    if (wanted.contents) plan = {wanted.contents->value(), wanted.to.plain()};
    auto const removed = co_await services.remover.remove(*request.caller, wanted.user_id->value(), plan);
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace clinikk::api
