#pragma once

#include <functional>
#include <string>

#include "app/settings.hpp"
#include "service/user_service.hpp"

namespace clinikk::app {

/// Reads a password from standard input, without echo on a terminal.
std::string read_password();

/// Runs one operation on an account and prints the resulting account. Returns 1 when the operation was refused.
int change_user(Settings const& settings, std::function<Task<Result<User>>(UserService&)> operation);

/// `clinikk-tv user list`: prints a line for each account.
int list_users(Settings const& settings);

}  // namespace clinikk::app
