#pragma once

#include <cstddef>
#include <memory>

#include "domain/credentials.hpp"

namespace clinikk {

/// Returns access tokens that remember which tokens `tokens` has found right, so that each costs one signature check
/// and then a digest. It holds at most `entries`, whatever comes: the one of a few that ends first gives way to another
/// token, and each counts until the `exp` of its token. It answers for the token alone; whether the session goes on is
/// asked from the database at each request, and keys change with the process only, so nothing has to be withdrawn here.
/// Wrong tokens leave no trace. Thread-safe if `tokens` is. Throws `std::invalid_argument` for less than four entries.
std::unique_ptr<AccessTokens> remember_verified(std::unique_ptr<AccessTokens> tokens, std::size_t entries);

}  // namespace clinikk
