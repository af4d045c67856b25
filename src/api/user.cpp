#include "api/user.hpp"

#include <boost/describe.hpp>

namespace clinikk::api {

using namespace http;

namespace {

struct RegisterRequest {
    FormField<Email> email;
    FormField<Password> password;
};
BOOST_DESCRIBE_STRUCT(RegisterRequest, (), (email, password))

/// JSON with `email`, or the OAuth2 password grant with `username` (RFC 6749 section 4.3.2).
struct TokenRequest {
    FormField<std::optional<Text<1, 320>>> email;
    FormField<std::optional<Text<1, 320>>> username;
    FormField<LoginPassword> password;
    FormField<std::optional<Text<0, 64>>> grant_type;
    FormField<std::optional<Text<0, 1000>>> scope;
    FormField<std::optional<Text<0, 1000>>> client_id;
    FormField<std::optional<Text<0, 1000>>> client_secret;

    void check(std::vector<FieldError>& errors) const {
        // The OAuth2 form calls it otherwise.
        if (!email && !username) errors.push_back(field_error(grant_type ? "username" : "email", "is required"));
        bool const other_grant = grant_type && !grant_type->value().empty() && grant_type->value() != "password";
        if (other_grant) errors.push_back(field_error("grant_type", "must be password"));
    }
};
BOOST_DESCRIBE_STRUCT(TokenRequest, (), (email, username, password, grant_type, scope, client_id, client_secret))

struct UserView {
    static constexpr std::string_view schema_name = "User";
    Uuid id;
    std::string email;
    bool is_active;
    Role role;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(UserView, (), (id, email, is_active, role, created_at))

struct TokenView {
    static constexpr std::string_view schema_name = "Token";
    std::string access_token;
    std::string_view token_type;
    std::int64_t expires_in;
};
BOOST_DESCRIBE_STRUCT(TokenView, (), (access_token, token_type, expires_in))

UserView view(User const& user) { return {user.id, user.email, user.is_active, user.role, user.created_at}; }

}  // namespace

class UserApi::Handlers {
public:
    Handlers(UserService& users, SessionService& sessions, Role registration_role)
        : users_(users), sessions_(sessions), registration_role_(registration_role) {}

    Task<Result<Reply<UserView>>> register_user(Request&, RegisterRequest request) {
        auto const user = co_await users_.add(*request.email, *request.password, registration_role_);
        if (!user) co_return user.error();
        Reply<UserView> reply{view(*user)};
        reply.headers.add("Location", "/auth/me");
        co_return reply;
    }

    Task<Result<Reply<TokenView>>> create_token(Request&, TokenRequest request) {
        auto const& name = request.email ? request.email->value() : request.username->value();
        auto login = co_await sessions_.log_in(name, request.password->value());
        if (!login) co_return login.error();
        Reply<TokenView> reply{{std::move(login->access_token), "bearer", login->expires_in.count()}};
        reply.headers.add("Cache-Control", "no-store");
        co_return reply;
    }

    Task<Result<Reply<UserView>>> get_me(Request& request, NoInput) {
        Reply<UserView> reply{view(*request.caller)};
        reply.headers.add("Cache-Control", "no-store");
        co_return reply;
    }

private:
    UserService& users_;
    SessionService& sessions_;
    Role registration_role_;
};

UserApi::UserApi(UserService& users, SessionService& sessions, Role registration_role)
    : handlers_(std::make_unique<Handlers>(users, sessions, registration_role)) {}

UserApi::~UserApi() = default;

void UserApi::add_to(EndpointTable& table, UserApi* api) {
    auto* const handlers = api ? api->handlers_.get() : nullptr;
    using enum ErrorCode;
    table.add({.method = Method::post,
               .path = "/auth/register",
               .id = "register_user",
               .tag = "auth",
               .summary = "Make an account",
               .body = {BodyForm::json},
               .success = 201,
               .errors = {email_taken}},
              handlers, &Handlers::register_user);
    table.add({.method = Method::post,
               .path = "/auth/token",
               .id = "create_token",
               .tag = "auth",
               .summary = "Log in",
               .description = "Takes JSON with `email` and `password`, or the form of the OAuth2 password grant with "
                              "`username` and `password`.",
               .body = {BodyForm::json, BodyForm::urlencoded},
               .errors = {credentials_invalid, rate_limited}},
              handlers, &Handlers::create_token);
    table.add({.method = Method::get,
               .path = "/auth/me",
               .id = "get_me",
               .tag = "auth",
               .summary = "The account that calls",
               .access = Access::signed_in},
              handlers, &Handlers::get_me);
}

}  // namespace clinikk::api
