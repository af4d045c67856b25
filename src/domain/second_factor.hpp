#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "base/async/task.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

namespace clinikk {

/// The authenticator of an account (RFC 6238). It protects logins once its first code has confirmed it.
struct Totp {
    Uuid user_id;
    std::string sealed_secret;  ///< by a `SecretBox`, in the context of the user's id
    Timestamp created_at;
    std::optional<Timestamp> confirmed_at{};
    std::int64_t last_step = 0;  ///< the time step of the last code that was accepted; earlier codes are refused
};
BOOST_DESCRIBE_STRUCT(Totp, (), (user_id, sealed_secret, created_at, confirmed_at, last_step))

/// A code that replaces one of the authenticator, once. Of the code itself only the hash is stored.
struct RecoveryCode {
    Sha256Digest code_hash{};
    Uuid user_id;
};
BOOST_DESCRIBE_STRUCT(RecoveryCode, (), (code_hash, user_id))

class SecondFactorRepository {
public:
    virtual ~SecondFactorRepository() = default;

    /// The authenticator of a user replaces an earlier one, whose recovery codes go.
    virtual Task<> replace(Totp const& totp) = 0;
    virtual Task<std::optional<Totp>> find(Uuid user_id) = 0;
    /// Takes note of an accepted code, and of its secret as it is sealed now. Returns false when that step or a later
    /// one was accepted before.
    virtual Task<bool> accept_step(Uuid user_id, std::int64_t step, std::string const& sealed_secret) = 0;
    virtual Task<> confirm(Uuid user_id, Timestamp at) = 0;
    /// Removes the authenticator and its recovery codes.
    virtual Task<> remove(Uuid user_id) = 0;

    virtual Task<> insert_recovery_code(RecoveryCode const& code) = 0;
    /// Uses up a recovery code of a user. Returns false when there is no such code.
    virtual Task<bool> use_recovery_code(Uuid user_id, Sha256Digest const& code_hash) = 0;
};

}  // namespace clinikk
