#include "api/api_key.hpp"

#include "api/no_content.hpp"
#include "api/routes.hpp"

namespace clinikk::api {
void add_api_key_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<create_api_key>(
        {.method = Method::post,
         .path = "/auth/keys",
         .tag = "auth",
         .summary = "Make an API key",
         .description =
             "For programs: `Authorization: Bearer ctv_…` acts for the account, with the role that it has then, as "
             "far as the scopes of the key go. The answer is the only one with the key itself. A key opens neither "
             "sessions nor keys. `users:admin` and "
             "`audit:read` are for administrators.",
         .access = Access::signed_in,
         .body = {BodyForm::json},
         .success = 201,
         .headers = {answer_header::location, answer_header::cache_control},
         .errors = {forbidden, too_many_api_keys}});
    routes.add<list_api_keys>({.method = Method::get,
                               .path = "/auth/keys",
                               .tag = "auth",
                               .summary = "The API keys of the account",
                               .description = "The newest first, at most 100. `prefix` is the beginning of the key, "
                                              "`last_used_at` is exact to the minute.",
                               .access = Access::signed_in,
                               .headers = {answer_header::cache_control}});
    routes.add<delete_api_key>({.method = Method::del,
                                .path = "/auth/keys/{key_id}",
                                .tag = "auth",
                                .summary = "Delete an API key of the account",
                                .access = Access::signed_in,
                                .errors = {api_key_not_found},
                                .answers = {no_content_answer("The key is refused from now on")}});
}

Parsed<ScopesValue> ScopesValue::parse(std::string_view text) {
    auto const scopes = Scopes::parse(text);
    if (!scopes)
        return std::string(
            "must be content:read, content:write, users:admin or audit:read, or several with a space between");
    return ScopesValue(*scopes);
}

ValueSchema ScopesValue::schema() {
    return {.pattern =
                "^(content:read|content:write|users:admin|audit:read)"
                "( (content:read|content:write|users:admin|audit:read))*$",
            .description = "What the key may be used for, with a space between",
            .example = "content:read content:write"};
}

Task<Result<Reply<NewApiKeyView>>> create_api_key(Services& services, Request& request, CreateApiKeyRequest wanted) {
    NewApiKey key{wanted.name->value(), wanted.scopes->value(), wanted.expires_in.plain()};
    auto issued = co_await services.api_keys.create(*request.caller, std::move(key));
    if (!issued) co_return issued.error();
    Reply<NewApiKeyView> reply{{from_members<ApiKeyView>(issued->key), std::move(issued->text)}};
    reply.headers.add("Location", "/auth/keys/" + issued->key.id.to_string());
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Reply<std::vector<ApiKeyView>>>> list_api_keys(Services& services, Request& request, NoInput) {
    auto const keys = co_await services.api_keys.list(*request.caller);
    Reply<std::vector<ApiKeyView>> reply;
    for (auto const& key : keys) reply.value.push_back(from_members<ApiKeyView>(key));
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Response>> delete_api_key(Services& services, Request& request, ApiKeyRequest wanted) {
    auto const removed = co_await services.api_keys.remove(*request.caller, wanted.key_id->value());
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace clinikk::api
