#include <algorithm>

#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto insert_sql = insert_into<AuditEvent>("audit_events");
constexpr Statement insert_event{"audit_insert", insert_sql};

// A statement for each index that a listing can walk along; what else is asked for is compared on the way.
constexpr auto from_sql = sql_text("SELECT ", columns<AuditEvent>, " FROM audit_events WHERE ");
constexpr auto page_sql = sql_text("(at, id) < ($1, $2) AND at >= $3 AND (actor_kind = $5 OR $5 IS NULL) AND ");
constexpr auto action_sql = sql_text("(action = $4 OR $4 IS NULL)");
constexpr auto actor_sql = sql_text("(actor_id = $6 OR $6 IS NULL)");
constexpr auto target_sql = sql_text("(target_id = $7 OR $7 IS NULL)");
constexpr auto order_sql = sql_text(" ORDER BY at DESC, id DESC LIMIT $8");

constexpr auto list_sql = sql_text(from_sql, page_sql, action_sql, " AND ", actor_sql, " AND ", target_sql, order_sql);
constexpr Statement list_events{"audit_list", list_sql};
constexpr auto list_of_action_sql =
    sql_text(from_sql, "action = $4 AND ", page_sql, actor_sql, " AND ", target_sql, order_sql);
constexpr Statement list_events_of_action{"audit_list_of_action", list_of_action_sql};
constexpr auto list_of_actor_sql =
    sql_text(from_sql, "actor_id = $6 AND ", page_sql, action_sql, " AND ", target_sql, order_sql);
constexpr Statement list_events_of_actor{"audit_list_of_actor", list_of_actor_sql};
constexpr auto list_of_target_sql =
    sql_text(from_sql, "target_id = $7 AND ", page_sql, action_sql, " AND ", actor_sql, order_sql);
constexpr Statement list_events_of_target{"audit_list_of_target", list_of_target_sql};

// The rows of one removal end with the one in that place, counted from the oldest.
constexpr Statement find_place{"audit_find_place", "SELECT at FROM audit_events ORDER BY at, id LIMIT 1 OFFSET $1"};
constexpr Statement remove_events{"audit_remove_before", "DELETE FROM audit_events WHERE at >= $1 AND at <= $2"};

constexpr std::array statements{insert_event,          list_events, list_events_of_action, list_events_of_actor,
                                list_events_of_target, find_place,  remove_events};

// Positions behind and before all rows, so that what is not asked for needs no statement of its own.
constexpr Timestamp beginning = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
constexpr Timestamp end = std::chrono::sys_days{std::chrono::year{9999} / 1 / 1};

/// Where a page begins: behind the cursor, and before `until`.
AuditCursor beginning_of(AuditQuery const& query) {
    AuditCursor const limit{query.until.value_or(end), {}};
    return query.after && query.after->at < limit.at ? *query.after : limit;
}

Statement const& statement_for(AuditQuery const& query) {
    if (query.target_id) return list_events_of_target;
    if (query.actor_id) return list_events_of_actor;
    return query.action ? list_events_of_action : list_events;
}

class SqlAuditRepository final : public AuditRepository {
public:
    explicit SqlAuditRepository(Session& session) : session_(session) {}

    Task<> insert(AuditEvent event) override { co_await execute(session_, insert_event, to_values(event)); }

    Task<std::vector<AuditEvent>> list(AuditQuery const& query) override {
        auto const from = beginning_of(query);
        auto const action = query.action ? std::optional(to_string(*query.action)) : std::nullopt;
        std::array const parameters{
            to_value(from.at),         to_value(from.id),          to_value(query.since.value_or(beginning)),
            to_value(action),          to_value(query.actor_kind), to_value(query.actor_id),
            to_value(query.target_id), to_value(query.limit)};
        co_return co_await find_all<AuditEvent>(session_, statement_for(query), parameters);
    }

    Task<std::uint64_t> remove_before(Timestamp before, std::size_t limit) override {
        auto const last = std::uint64_t{limit} - 1;
        auto const place = co_await find_one<Timestamp>(session_, find_place, std::array{to_value(last)});
        auto const latest = before - std::chrono::microseconds(1);
        auto const bound = std::min(latest, place.value_or(latest));
        co_return co_await execute(session_, remove_events, std::array{to_value(beginning), to_value(bound)});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<AuditRepository> make_audit_repository(Session& session) {
    return std::make_unique<SqlAuditRepository>(session);
}

std::span<Statement const> audit_statements() { return statements; }

}  // namespace clinikk::db
