#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>

#include "base/async/task.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

namespace clinikk {

/// What the holder of a one-time token may do.
enum class TokenPurpose : std::uint8_t { password_reset, email_verification };
BOOST_DESCRIBE_ENUM(TokenPurpose, password_reset, email_verification)

/// A token in a link that was mailed to an account. Of the token itself only the hash is stored. It is used once.
struct AccountToken {
    Sha256Digest token_hash{};
    Uuid user_id;
    TokenPurpose purpose = TokenPurpose::password_reset;
    Timestamp issued_at;
    Timestamp expires_at;
    std::optional<Timestamp> used_at{};  ///< by its holder, or withdrawn
};
BOOST_DESCRIBE_STRUCT(AccountToken, (), (token_hash, user_id, purpose, issued_at, expires_at, used_at))

class AccountTokenRepository {
public:
    virtual ~AccountTokenRepository() = default;

    virtual Task<> insert(AccountToken const& token) = 0;
    virtual Task<std::optional<AccountToken>> find(Sha256Digest const& token_hash) = 0;
    /// Marks an unused token as used. Returns false when it is used already, also by a transaction at the same time.
    virtual Task<bool> use(Sha256Digest const& token_hash, Timestamp at) = 0;
    /// Marks all unused tokens of a user for a purpose as used.
    virtual Task<> withdraw_all(Uuid user_id, TokenPurpose purpose, Timestamp at) = 0;
    /// The number of tokens that were issued to a user for a purpose after `since`, used ones too.
    virtual Task<std::int64_t> count_issued(Uuid user_id, TokenPurpose purpose, Timestamp since) = 0;
    /// Removes tokens that expired before `before` and returns how many.
    virtual Task<std::uint64_t> remove_expired(Timestamp before) = 0;
};

}  // namespace clinikk
