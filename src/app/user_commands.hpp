#pragma once

#include <functional>
#include <string>

#include "app/settings.hpp"
#include "service/user_service.hpp"

namespace clinikk::app {

/// A password from standard input, without echo when that is a terminal.
std::string read_password();

/// Runs one operation on an account and prints the account it gives. 1 when it was refused.
int change_user(Settings const& settings, std::function<Task<Result<User>>(UserService&)> operation);

/// `clinikk-tv user list`: a line for each account.
int list_users(Settings const& settings);

}  // namespace clinikk::app
