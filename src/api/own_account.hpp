#pragma once

#include <boost/describe/class.hpp>

#include <optional>

#include "api/user_admin.hpp"

/// `/users/me`: what an account may do with itself as a whole.
namespace clinikk::api {

struct DeleteOwnAccountRequest {
    FormField<std::optional<LoginPassword>> password;
    FormField<std::optional<FateOf<2>>> contents;
};
BOOST_DESCRIBE_STRUCT(DeleteOwnAccountRequest, (), (password, contents))

Task<Result<Response>> export_own_data(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> delete_own_account(Services& services, Request& request, DeleteOwnAccountRequest wanted);

}  // namespace clinikk::api
