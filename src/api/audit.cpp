#include "api/audit.hpp"

#include <algorithm>

#include "api/routes.hpp"
#include "base/encoding.hpp"

namespace clinikk::api {

void add_audit_routes(Routes& routes) {
    routes.add<list_audit>(
        {.method = Method::get,
         .path = "/audit",
         .tag = "audit",
         .summary = "The audit log",
         .description = "Who did what to what, when, and from where; the newest first. `since` is inclusive, `until` "
                        "is not. Where there is more, `Link` with `rel=\"next\"` leads on.",
         .access = Access::admin,
         .scope = Scope::audit_read,
         .headers = {answer_header::cache_control, optional(answer_header::link)}});
}

Parsed<AuditActorValue> AuditActorValue::parse(std::string_view text) {
    if (auto const id = Uuid::from_string(text)) return AuditActorValue({ActorKind::account, id});
    auto const kind = find_enumerator<ActorKind>(text);
    if (!kind) return std::string("must be the id of an account, account, nobody, operator or service");
    return AuditActorValue({*kind, std::nullopt});
}

ValueSchema AuditActorValue::schema() {
    return {.max_length = 36,
            .description = "The id of an account, or `account`, `nobody`, `operator` or `service`",
            .example = "operator"};
}

Parsed<AuditActionValue> AuditActionValue::parse(std::string_view text) {
    auto const* const found = std::ranges::find(audit_action_names, text);
    if (found == audit_action_names.end()) return std::string("must be the name of an action, such as content.deleted");
    return AuditActionValue(static_cast<AuditAction>(found - audit_action_names.begin()));
}

ValueSchema AuditActionValue::schema() { return {.choices = {audit_action_names.begin(), audit_action_names.end()}}; }

Parsed<TimeValue> TimeValue::parse(std::string_view text) {
    auto const time = parse_rfc3339(text);
    if (!time) return std::string("must be a time such as 2026-03-01T12:00:00Z, or a date");
    return TimeValue(*time);
}

ValueSchema TimeValue::schema() {
    return {.max_length = 40,
            .description = "A time of RFC 3339, or a date, which means its beginning in UTC",
            .example = "2026-03-01T12:00:00Z"};
}

namespace {

/// The URL of the next page: the same query with another cursor.
std::string next_page(std::string_view base, ListAuditRequest const& list, AuditEvent const& last) {
    std::string url = std::string(base) + "/audit?limit=" + std::to_string(list.limit->value());
    if (list.actor) {
        auto const& [kind, id] = list.actor->value();
        url.append("&actor=").append(id ? id->to_string() : std::string(enumerator_name(kind)));
    }
    if (list.target) url += "&target=" + list.target->value().to_string();
    if (list.action) url.append("&action=").append(to_string(list.action->value()));
    if (list.since) url += "&since=" + percent_encode(format_rfc3339(list.since->value()));
    if (list.until) url += "&until=" + percent_encode(format_rfc3339(list.until->value()));
    return url + "&cursor=" + format_cursor({last.at, last.id});
}

AuditQuery query_of(ListAuditRequest const& list) {
    AuditQuery query{.target_id = list.target.plain(),
                     .action = list.action.plain(),
                     .since = list.since.plain(),
                     .until = list.until.plain()};
    if (list.actor) {
        query.actor_kind = list.actor->value().kind;
        query.actor_id = list.actor->value().id;
    }
    if (list.cursor) query.after = {list.cursor->value().created_at, list.cursor->value().id};
    return query;
}

}  // namespace

std::string audit_event_json(AuditEvent const& event) {
    std::string text;
    write_json(text, from_members<AuditEventView>(event));
    return text;
}

Task<Result<Reply<std::vector<AuditEventView>>>> list_audit(Services& services, Request& request,
                                                            ListAuditRequest list) {
    // One item more than requested shows whether there is a next page.
    auto const limit = list.limit->value();
    auto query = query_of(list);
    query.limit = limit + 1;
    auto events = co_await services.audit.list(query);
    Reply<std::vector<AuditEventView>> reply;
    reply.headers.add("Cache-Control", "no-store");
    if (events.size() > static_cast<std::size_t>(limit)) {
        events.pop_back();
        reply.headers.add("Link", "<" + next_page(request.base_url, list, events.back()) + ">; rel=\"next\"");
    }
    for (auto const& event : events) reply.value.push_back(from_members<AuditEventView>(event));
    co_return reply;
}

}  // namespace clinikk::api
