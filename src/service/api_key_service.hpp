#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/api_key.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

/// The properties of a new key, as its account chooses them.
struct NewApiKey {
    std::string name;
    Scopes scopes{};
    std::optional<std::chrono::seconds> life{};  ///< for ever, if empty
};

struct IssuedApiKey {
    ApiKey key;
    std::string text;  ///< the key itself; it is not stored, so it cannot be shown again
};

/// Makes, lists and deletes the API keys of accounts, and tells to which account a key belongs.
///
/// The text of a key is `ctv_`, 256 random bits in base64url, and a checksum: the first 24 bits of the SHA-256 of all
/// before it, in base64url. A scanner for secrets recognises a key without asking, and a mistyped key costs no query.
class ApiKeyService {
public:
    static constexpr std::size_t max_keys = 100;  ///< of an account, with expired ones

    ApiKeyService(UnitOfWork& work, Clock& clock, Log& log);

    /// Returns whether the text is meant as a key, rather than as an access token.
    static bool is_key(std::string_view token) noexcept;
    /// Returns whether the text has the form of a key and its checksum is right.
    static bool is_well_formed(std::string_view key);

    /// Makes a key of the caller. Fails with `forbidden` when it has the scope `users:admin` or `audit:read` and the
    /// caller is no admin, with `too_many_api_keys`, or as `current_user`.
    Task<Result<IssuedApiKey>> create(Caller const& caller, NewApiKey wanted);

    /// The keys of the caller, the newest first.
    Task<std::vector<ApiKey>> list(Caller const& caller);

    /// Deletes a key of the caller: it is refused from now on. Fails with `api_key_not_found`.
    Task<Result<void>> remove(Caller const& caller, Uuid key_id);

    /// Returns the account for which a key acts, as it is now. Notes at most once a minute that the key was used. Fails
    /// with `not_authenticated` when the key is unknown or has expired, or its owner is disabled.
    Task<Result<Caller>> authenticate(std::string_view key);

private:
    Task<> note_use(ApiKeyOwner const& owner, Timestamp at);

    UnitOfWork& work_;
    Clock& clock_;
    Log& log_;
};

}  // namespace clinikk
