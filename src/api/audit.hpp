#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/content_cursor.hpp"
#include "api/services.hpp"
#include "domain/audit.hpp"
#include "domain/values.hpp"

/// `/audit`: who did what to what, for administrators.
namespace clinikk::api {

/// Who acts: the id of an account, or one of the others by name.
struct AuditActor {
    ActorKind kind = ActorKind::account;
    std::optional<Uuid> id{};
};

class AuditActorValue : public ValueOf<AuditActor> {
public:
    static Parsed<AuditActorValue> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit AuditActorValue(AuditActor actor) : ValueOf(actor) {}
};

/// The name of an action: `content.deleted`.
class AuditActionValue : public ValueOf<AuditAction> {
public:
    static Parsed<AuditActionValue> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit AuditActionValue(AuditAction action) : ValueOf(action) {}
};

/// A time of RFC 3339, or a date, which means its beginning in UTC.
class TimeValue : public ValueOf<Timestamp> {
public:
    static Parsed<TimeValue> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit TimeValue(Timestamp time) : ValueOf(time) {}
};

struct ListAuditRequest {
    Query<PageLimit> limit;
    Query<std::optional<AuditActorValue>> actor;
    Query<std::optional<UuidValue>> target;
    Query<std::optional<AuditActionValue>> action;
    Query<std::optional<TimeValue>> since;
    Query<std::optional<TimeValue>> until;
    Query<std::optional<CursorValue>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListAuditRequest, (), (limit, actor, target, action, since, until, cursor))

struct AuditEventView {
    static constexpr std::string_view schema_name = "AuditEvent";
    Uuid id;
    Timestamp at;
    std::string action;
    ActorKind actor_kind;
    std::optional<Uuid> actor_id;
    std::optional<std::string> actor_email;
    std::optional<Credential::Kind> credential_kind;
    std::optional<Uuid> credential_id;
    std::optional<std::string> credential_name;
    TargetKind target_kind;
    std::optional<Uuid> target_id;
    std::optional<std::string> address;
    std::optional<std::string> user_agent;
    std::optional<Uuid> request_id;
    JsonObject details;
};
BOOST_DESCRIBE_STRUCT(AuditEventView, (),
                      (id, at, action, actor_kind, actor_id, actor_email, credential_kind, credential_id,
                       credential_name, target_kind, target_id, address, user_agent, request_id, details))

/// An event as a JSON object, as the listing has it.
std::string audit_event_json(AuditEvent const& event);

Task<Result<Reply<std::vector<AuditEventView>>>> list_audit(Services& services, Request& request,
                                                            ListAuditRequest list);

}  // namespace clinikk::api
