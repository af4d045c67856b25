#include "api/user.hpp"

#include "api/routes.hpp"
#include "domain/client_network.hpp"

namespace clinikk::api {

void add_user_routes(Routes& routes) {
    routes.add<register_user>(
        {.method = Method::post,
         .path = "/auth/register",
         .tag = "auth",
         .summary = "Make an account",
         .description = "Where registration is by invitation, `invite` is the token of one. Registrations are slowed "
                        "down for each address and client network.",
         .body = {BodyForm::json},
         .success = 201,
         .headers = {answer_header::location},
         .errors = {ErrorCode::email_taken, ErrorCode::registration_closed, ErrorCode::invite_invalid}});
    routes.add<get_me>({.method = Method::get,
                        .path = "/auth/me",
                        .tag = "auth",
                        .summary = "The account that calls",
                        .access = Access::signed_in,
                        .headers = {answer_header::cache_control}});
}

Task<Result<Reply<UserView>>> register_user(Services& services, Request& request, RegisterRequest wanted) {
    auto const invite = wanted.invite ? wanted.invite->value() : std::string();
    auto const user = co_await services.registration.add(*wanted.email, *wanted.password, invite,
                                                         client_network(request.remote_address), origin_of(request));
    if (!user) co_return user.error();
    co_await services.links.welcome(*user, origin_of(request));
    Reply<UserView> reply{from_members<UserView>(*user)};
    reply.headers.add("Location", "/auth/me");
    co_return reply;
}

Task<Result<Reply<UserView>>> get_me(Services&, Request& request, NoInput) {
    Reply<UserView> reply{from_members<UserView>(request.caller->user)};
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

}  // namespace clinikk::api
