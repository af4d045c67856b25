#pragma once

#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/origin.hpp"
#include "domain/scope.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// What a request was authenticated with: the access token of a session, or an API key. Either can be withdrawn. Or the
/// right in the URL of a resumable upload, which permits to go on with that upload and nothing else, and ends with it.
class Credential {
public:
    enum class Kind : std::uint8_t { session, api_key, upload_right };
    // Those that the audit log names: an upload that goes on by its right is the account's.
    BOOST_DESCRIBE_NESTED_ENUM(Kind, session, api_key)

    static Credential session(Uuid id) { return {Kind::session, id, {}, {}}; }
    static Credential api_key(Uuid id, Scopes scopes, std::string name = {}) {
        return {Kind::api_key, id, scopes, std::move(name)};
    }

    /// `id` is that of the upload.
    static Credential upload_right(Uuid id) { return {Kind::upload_right, id, {}, {}}; }

    Credential() = default;

    Kind kind() const noexcept { return kind_; }
    Uuid const& id() const noexcept { return id_; }             ///< of the session, the key or the upload
    std::string const& name() const noexcept { return name_; }  ///< of the key, for people

    /// Returns whether it may be used for an operation that needs that scope. A session may be used for all of them, a
    /// key for none that states no scope.
    bool permits(std::optional<Scope> needed) const noexcept {
        return kind_ == Kind::session || (needed && scopes_.contains(*needed));
    }

private:
    Credential(Kind kind, Uuid id, Scopes scopes, std::string name)
        : kind_(kind), id_(id), scopes_(scopes), name_(std::move(name)) {}

    Kind kind_ = Kind::session;
    Uuid id_{};
    Scopes scopes_{};     ///< of a key
    std::string name_{};  ///< of a key
};

/// The account for which a request acts. An operation that acts later asks the database again (`current_user`).
struct Caller {
    User user{};  ///< as it was when the credential was checked
    Credential credential{};
    Timestamp since{};  ///< when the credential was checked
    Origin origin{};    ///< where the request comes from
};

}  // namespace clinikk
