#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto insert_sql = insert_into<Event>("outbox");
constexpr Statement insert_event{"outbox_insert", insert_sql};

constexpr Statement prune_events{"outbox_prune", "DELETE FROM outbox WHERE created_at < $1"};

constexpr std::array statements{insert_event, prune_events};

class SqlOutbox final : public Outbox {
public:
    explicit SqlOutbox(Session& session) : session_(session) {}

    Task<> publish(Event const& event) override { co_await execute(session_, insert_event, to_values(event)); }

    Task<std::uint64_t> prune(Timestamp before) override {
        return execute(session_, prune_events, std::array{to_value(before)});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<Outbox> make_outbox(Session& session) { return std::make_unique<SqlOutbox>(session); }

std::span<Statement const> outbox_statements() { return statements; }

}  // namespace clinikk::db
