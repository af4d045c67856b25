#include <algorithm>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

std::pair<Timestamp, Uuid> place_of(AuditEvent const& event) { return {event.at, event.id}; }

bool is_wanted(AuditEvent const& event, AuditQuery const& query) {
    bool const is_behind = !query.after || place_of(event) < std::pair(query.after->at, query.after->id);
    bool const is_in_time = (!query.since || event.at >= *query.since) && (!query.until || event.at < *query.until);
    bool const has_actor = (!query.actor_kind || event.actor_kind == *query.actor_kind) &&
                           (!query.actor_id || event.actor_id == query.actor_id);
    bool const has_target = !query.target_id || event.target_id == query.target_id;
    bool const has_action = !query.action || event.action == to_string(*query.action);
    return is_behind && is_in_time && has_actor && has_target && has_action;
}

class FakeAudit final : public AuditRepository, Repository {
public:
    using Repository::Repository;

    Task<> insert(AuditEvent event) override {
        return write("audit.insert", [event](Tables& tables) {
            require(tables.audit.emplace(event.id, event).second, "audit_events_pkey");
        });
    }

    Task<std::vector<AuditEvent>> list(AuditQuery const& query) override {
        return read("audit.list", [query](Tables const& tables) {
            std::vector<AuditEvent> page;
            for (auto const& [id, event] : tables.audit) {
                if (is_wanted(event, query)) page.push_back(event);
            }
            std::ranges::sort(page, std::ranges::greater(), place_of);
            page.resize(std::min(page.size(), static_cast<std::size_t>(query.limit)));
            return page;
        });
    }

    Task<std::uint64_t> remove_before(Timestamp before, std::size_t limit) override {
        return write("audit.remove_before", [before, limit](Tables& tables) -> std::uint64_t {
            std::vector<Timestamp> times;
            for (auto const& [id, event] : tables.audit) times.push_back(event.at);
            std::ranges::sort(times);
            auto const is_old = [&](auto const& row) {
                return row.second.at < before && (times.size() < limit || row.second.at <= times[limit - 1]);
            };
            return std::erase_if(tables.audit, is_old);
        });
    }
};

}  // namespace

std::unique_ptr<AuditRepository> make_fake_audit_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeAudit>(access, calls);
}

}  // namespace clinikk::testing
