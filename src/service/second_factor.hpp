#pragma once

#include <string_view>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/credentials.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

/// Compares codes with what an account has: its authenticator and its recovery codes. Call it in the transaction of
/// what the code permits, so that the code is used up exactly when that happens.
class SecondFactor {
public:
    SecondFactor(SecretBox& box, Log& log) : box_(box), log_(log) {}

    /// Returns when the account has no second factor, or `code` is one of its codes, which is used up. Else fails with
    /// `totp_required` for an empty code, and with `totp_wrong` for any other.
    Task<Result<void>> check(Repositories& repositories, Uuid user_id, std::string_view code, Timestamp at);

    /// Uses up a code of the authenticator. Fails with `totp_wrong`.
    Task<Result<void>> use_code(Repositories& repositories, Totp const& totp, std::string_view code, Timestamp at);

    /// Uses up a recovery code. Spaces, hyphens and case do not matter. Fails with `totp_wrong`.
    Task<Result<void>> use_recovery_code(Repositories& repositories, Uuid user_id, std::string_view code);

private:
    SecretBox& box_;
    Log& log_;
};

/// The hash under which a recovery code is stored. Spaces, hyphens and case of the code do not matter.
Sha256Digest hash_recovery_code(std::string_view code);

}  // namespace clinikk
