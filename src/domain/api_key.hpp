#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/async/task.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// A key with which a program acts for an account. Of the key itself only the hash is stored.
struct ApiKey {
    Uuid id{};
    Uuid user_id{};
    std::string name{};       ///< for people
    std::string prefix{};     ///< the first characters of the key, by which its owner recognises it
    Sha256Digest key_hash{};  ///< of the whole text
    std::string scopes{};     ///< as `Scopes` writes them
    Timestamp created_at{};
    std::optional<Timestamp> expires_at{};    ///< never, if empty
    std::optional<Timestamp> last_used_at{};  ///< to the minute
};
BOOST_DESCRIBE_STRUCT(ApiKey, (), (id, user_id, name, prefix, key_hash, scopes, created_at, expires_at, last_used_at))

/// The account for which a key acts, with what a request needs to know of the key.
struct ApiKeyOwner : User {
    Uuid key_id;
    std::string key_name;
    std::string key_scopes;
    std::optional<Timestamp> key_used_at;
};
BOOST_DESCRIBE_STRUCT(ApiKeyOwner, (User), (key_id, key_name, key_scopes, key_used_at))

class ApiKeyRepository {
public:
    virtual ~ApiKeyRepository() = default;

    virtual Task<> insert(ApiKey const& key) = 0;
    /// The active owner of the key with that hash, unless the key has expired. One point read.
    virtual Task<std::optional<ApiKeyOwner>> find_owner(Sha256Digest const& key_hash, Timestamp at) = 0;
    /// The active owner of a key that is there and has not expired; else empty. One point read.
    virtual Task<std::optional<User>> find_active_user(Uuid key_id, Timestamp at) = 0;
    /// At most `limit` keys of a user, the newest first. Expired ones are among them.
    virtual Task<std::vector<ApiKey>> list(Uuid user_id, std::size_t limit) = 0;
    /// The number of keys of a user, with expired ones.
    virtual Task<std::uint64_t> count(Uuid user_id) = 0;
    /// Notes a use at `at`, unless a use after `noted_since` is noted.
    virtual Task<> note_use(Uuid key_id, Timestamp at, Timestamp noted_since) = 0;
    /// Removes a key of a user. Returns false when the user has no such key.
    virtual Task<bool> remove(Uuid key_id, Uuid user_id) = 0;
    /// Removes all keys of a user.
    virtual Task<> remove_all(Uuid user_id) = 0;
};

}  // namespace clinikk
