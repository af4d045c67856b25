#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "api/services.hpp"
#include "domain/values.hpp"

/// Accounts: the requests and handlers for registration and for the own account.
namespace clinikk::api {

struct RegisterRequest {
    FormField<Email> email;
    FormField<Password> password;
    FormField<std::optional<Text<1, 200>>> invite;
};
BOOST_DESCRIBE_STRUCT(RegisterRequest, (), (email, password, invite))

struct UserView {
    static constexpr std::string_view schema_name = "User";
    Uuid id;
    std::string email;
    bool is_active;
    Role role;
    Timestamp created_at;
    std::optional<Timestamp> email_verified_at;
};
BOOST_DESCRIBE_STRUCT(UserView, (), (id, email, is_active, role, created_at, email_verified_at))

Task<Result<Reply<UserView>>> register_user(Services& services, Request& request, RegisterRequest wanted);
Task<Result<Reply<UserView>>> get_me(Services& services, Request& request, NoInput nothing);

}  // namespace clinikk::api
