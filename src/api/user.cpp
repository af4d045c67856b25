#include "api/user.hpp"

#include "api/routes.hpp"
#include "domain/client_network.hpp"

namespace clinikk::api {

void add_user_routes(Routes& routes) {
    routes.add<register_user>({.method = Method::post,
                               .path = "/auth/register",
                               .tag = "auth",
                               .summary = "Make an account",
                               .body = {BodyForm::json},
                               .success = 201,
                               .headers = {answer_header::location},
                               .errors = {ErrorCode::email_taken}});
    routes.add<get_me>({.method = Method::get,
                        .path = "/auth/me",
                        .tag = "auth",
                        .summary = "The account that calls",
                        .access = Access::signed_in,
                        .headers = {answer_header::cache_control}});
}

Task<Result<Reply<UserView>>> register_user(Services& services, Request& request, RegisterRequest wanted) {
    auto const user = co_await services.users.add(*wanted.email, *wanted.password, services.registration_role,
                                                  client_network(request.remote_address));
    if (!user) co_return user.error();
    co_await services.links.welcome(*user);
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
