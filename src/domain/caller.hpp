#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/scope.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// What a request was authenticated with: the access token of a session, or an API key. Either can be withdrawn.
class Credential {
public:
    enum class Kind : std::uint8_t { session, api_key };

    static Credential session(Uuid id) noexcept { return {Kind::session, id, {}}; }
    static Credential api_key(Uuid id, Scopes scopes) noexcept { return {Kind::api_key, id, scopes}; }

    Credential() = default;

    Kind kind() const noexcept { return kind_; }
    Uuid const& id() const noexcept { return id_; }  ///< of the session or the key

    /// Returns whether it may be used for an operation that needs that scope. A session may be used for all of them, a
    /// key for none that states no scope.
    bool permits(std::optional<Scope> needed) const noexcept {
        return kind_ == Kind::session || (needed && scopes_.contains(*needed));
    }

private:
    Credential(Kind kind, Uuid id, Scopes scopes) noexcept : kind_(kind), id_(id), scopes_(scopes) {}

    Kind kind_ = Kind::session;
    Uuid id_{};
    Scopes scopes_{};  ///< of a key
};

/// The account for which a request acts. An operation that acts later asks the database again (`current_user`).
struct Caller {
    User user{};  ///< as it was when the credential was checked
    Credential credential{};
    Timestamp since{};  ///< when the credential was checked
};

}  // namespace clinikk
