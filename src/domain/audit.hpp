#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/async/task.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/caller.hpp"
#include "domain/origin.hpp"
#include "domain/user.hpp"

/// The audit log: who did what to what, when, and from where. Services write it by `record` (service/audit.hpp).
namespace clinikk {

/// Everything that is recorded. Its names are `noun.verb_past`.
enum class AuditAction : std::uint8_t {
    account_registered,
    account_added,
    account_role_changed,
    account_disabled,
    account_enabled,
    account_removed,
    account_exported,
    login_succeeded,
    login_failed,
    session_ended,
    sessions_ended,
    session_replayed,
    password_changed,
    password_set,
    password_reset_requested,
    password_reset,
    email_verification_requested,
    email_verified,
    api_key_created,
    api_key_deleted,
    invite_created,
    invite_deleted,
    totp_begun,
    totp_confirmed,
    totp_removed,
    identity_linked,
    content_created,
    content_updated,
    content_source_replaced,
    content_deleted,
    content_assigned,
    upload_begun,
    upload_aborted,
    playback_session_begun,
};

/// The names, in the order of the enumerators.
inline constexpr std::array<std::string_view, 34> audit_action_names{
    "account.registered",
    "account.added",
    "account.role_changed",
    "account.disabled",
    "account.enabled",
    "account.removed",
    "account.exported",
    "login.succeeded",
    "login.failed",
    "session.ended",
    "sessions.ended",
    "session.replayed",
    "password.changed",
    "password.set",
    "password.reset_requested",
    "password.reset",
    "email.verification_requested",
    "email.verified",
    "api_key.created",
    "api_key.deleted",
    "invite.created",
    "invite.deleted",
    "totp.begun",
    "totp.confirmed",
    "totp.removed",
    "identity.linked",
    "content.created",
    "content.updated",
    "content.source_replaced",
    "content.deleted",
    "content.assigned",
    "upload.begun",
    "upload.aborted",
    "playback_session.begun",
};
static_assert(static_cast<std::size_t>(AuditAction::playback_session_begun) + 1 == audit_action_names.size());

constexpr std::string_view to_string(AuditAction action) noexcept {
    return audit_action_names.at(static_cast<std::size_t>(action));
}

/// Who acts: an account, somebody who has not signed in, the operator by a command, or the service itself.
enum class ActorKind : std::uint8_t { account, nobody, operator_, service };
BOOST_DESCRIBE_ENUM(ActorKind, account, nobody, operator_, service)

enum class TargetKind : std::uint8_t { account, session, api_key, invite, content, upload };
BOOST_DESCRIBE_ENUM(TargetKind, account, session, api_key, invite, content, upload)

/// What something is done to. An unknown account has no id.
struct AuditTarget {
    TargetKind kind = TargetKind::account;
    std::optional<Uuid> id{};
};

/// Who acts, and from where.
class Actor {
public:
    /// The account for which a request acts.
    Actor(Caller const& caller);  // NOLINT(google-explicit-constructor): `record(repositories, caller, …)`
    /// An account that proves who it is by the request itself, which has no credential before.
    Actor(User const& user, Origin origin);

    static Actor nobody(Origin origin);
    static Actor operator_of_commands();
    static Actor service();

    ActorKind kind() const noexcept { return kind_; }
    std::optional<Uuid> const& id() const noexcept { return id_; }
    std::string const& email() const noexcept { return email_; }
    std::optional<Credential> const& credential() const noexcept { return credential_; }
    Origin const& origin() const noexcept { return origin_; }

private:
    explicit Actor(ActorKind kind, Origin origin = {}) : kind_(kind), origin_(std::move(origin)) {}

    ActorKind kind_;
    std::optional<Uuid> id_{};
    std::string email_{};
    std::optional<Credential> credential_{};
    Origin origin_{};
};

/// A row of the log. It outlives what it names: an account that is removed leaves its events.
struct AuditEvent {
    Uuid id;
    Timestamp at;
    std::string action;
    ActorKind actor_kind = ActorKind::nobody;
    std::optional<Uuid> actor_id{};
    std::optional<std::string> actor_email{};  ///< as it was then
    std::optional<Credential::Kind> credential_kind{};
    std::optional<Uuid> credential_id{};           ///< of the session or the API key
    std::optional<std::string> credential_name{};  ///< of the API key
    TargetKind target_kind = TargetKind::account;
    std::optional<Uuid> target_id{};
    std::optional<std::string> address{};
    std::optional<std::string> user_agent{};
    std::optional<Uuid> request_id{};
    std::string details{};  ///< JSON object of short texts; never a secret
};
BOOST_DESCRIBE_STRUCT(AuditEvent, (),
                      (id, at, action, actor_kind, actor_id, actor_email, credential_kind, credential_id,
                       credential_name, target_kind, target_id, address, user_agent, request_id, details))

/// Details of an event as a JSON object. Each text is cut to 200 bytes.
std::string audit_details(std::initializer_list<std::pair<std::string_view, std::string_view>> members);

/// A position in the log: the page begins behind it, with older events.
struct AuditCursor {
    Timestamp at;
    Uuid id;
};

/// Members that are empty do not filter.
struct AuditQuery {
    std::optional<ActorKind> actor_kind{};
    std::optional<Uuid> actor_id{};
    std::optional<Uuid> target_id{};
    std::optional<AuditAction> action{};
    std::optional<Timestamp> since{};  ///< at this time or later
    std::optional<Timestamp> until{};  ///< before this time
    std::optional<AuditCursor> after{};
    std::int64_t limit = 100;
};

/// The log. Rows are only added: both databases refuse to change one, and to remove one that is younger than 90 days.
class AuditRepository {
public:
    /// The youngest age at which events can be removed; the triggers of the migrations state the same.
    static constexpr std::chrono::days least_retention{90};

    virtual ~AuditRepository() = default;
    virtual Task<> insert(AuditEvent event) = 0;
    /// A page of events, the newest first.
    virtual Task<std::vector<AuditEvent>> list(AuditQuery const& query) = 0;
    /// Removes the oldest events, of those before `before`, and returns how many: `limit`, or more where others have
    /// the same time as the last of them.
    virtual Task<std::uint64_t> remove_before(Timestamp before, std::size_t limit) = 0;
};

}  // namespace clinikk
