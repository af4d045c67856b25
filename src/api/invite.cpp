#include "api/invite.hpp"

#include "api/no_content.hpp"
#include "api/routes.hpp"

namespace clinikk::api {
namespace {

constexpr std::chrono::seconds usual_life = std::chrono::days{7};

}  // namespace

void add_invite_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<create_invite>(
        {.method = Method::post,
         .path = "/invites",
         .tag = "users",
         .summary = "Invite somebody",
         .description = "Returns a token with which one account can be made, with that role: `invite` at "
                        "`/auth/register`. The answer is the only one with the token. It works for `expires_in` "
                        "seconds, or a week.",
         .access = Access::admin,
         .scope = Scope::users_admin,
         .body = {BodyForm::json},
         .success = 201,
         .headers = {answer_header::cache_control},
         .errors = {registration_closed, too_many_invites}});
    routes.add<list_invites>({.method = Method::get,
                              .path = "/invites",
                              .tag = "users",
                              .summary = "The open invites",
                              .description = "Those that are neither used nor expired, the newest first, at most 100.",
                              .access = Access::admin,
                              .scope = Scope::users_admin,
                              .headers = {answer_header::cache_control}});
    routes.add<delete_invite>({.method = Method::del,
                               .path = "/invites/{invite_id}",
                               .tag = "users",
                               .summary = "Withdraw an invite",
                               .access = Access::admin,
                               .scope = Scope::users_admin,
                               .errors = {invite_not_found},
                               .answers = {no_content_answer("No account can be made with it")}});
}

Task<Result<Reply<NewInviteView>>> create_invite(Services& services, Request& request, CreateInviteRequest wanted) {
    auto const life = wanted.expires_in ? wanted.expires_in->value() : usual_life;
    auto issued = co_await services.registration.invite(*request.caller, wanted.role->value(), life);
    if (!issued) co_return issued.error();
    Reply<NewInviteView> reply{
        {from_members<InviteView>(issued->invite), std::move(issued->token), std::move(issued->url)}};
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Reply<std::vector<InviteView>>>> list_invites(Services& services, Request&, NoInput) {
    auto const invites = co_await services.registration.list();
    Reply<std::vector<InviteView>> reply;
    for (auto const& invite : invites) reply.value.push_back(from_members<InviteView>(invite));
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Response>> delete_invite(Services& services, Request& request, InviteRequest wanted) {
    auto const withdrawn = co_await services.registration.withdraw(*request.caller, wanted.invite_id->value());
    if (!withdrawn) co_return withdrawn.error();
    co_return no_content();
}

}  // namespace clinikk::api
