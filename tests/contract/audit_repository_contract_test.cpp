#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

/// Long ago, so that the databases let events go.
Timestamp long_ago(std::int64_t seconds) {
    return std::chrono::sys_days{std::chrono::year{2020} / 1 / 1} + std::chrono::seconds(seconds);
}

class AuditStoreContract : public DatabaseContract {
protected:
    AuditEvent add_event(Timestamp time, AuditAction action = AuditAction::content_deleted,
                         std::optional<Uuid> actor = {}, std::optional<Uuid> target = {}) {
        AuditEvent event{.id = new_uuid(), .at = time, .action = std::string(to_string(action))};
        event.actor_kind = actor ? ActorKind::account : ActorKind::nobody;
        event.actor_id = actor;
        event.target_id = target;
        event.details = "{}";
        run(audit().insert(event));
        return event;
    }

    std::vector<Uuid> ids(AuditQuery const& query) {
        std::vector<Uuid> found;
        for (auto const& event : run(audit().list(query))) found.push_back(event.id);
        return found;
    }

    AuditRepository& audit() { return repositories().audit(); }
};
INSTANTIATE_TEST_SUITE_P(Databases, AuditStoreContract, ::testing::ValuesIn(all_databases()));

TEST_P(AuditStoreContract, KeepsAllOfAnEvent) {
    AuditEvent const event{.id = new_uuid(),
                           .at = long_ago(1),
                           .action = "content.deleted",
                           .actor_kind = ActorKind::account,
                           .actor_id = new_uuid(),
                           .actor_email = "a@example.org",
                           .credential_kind = Credential::Kind::api_key,
                           .credential_id = new_uuid(),
                           .credential_name = "a key",
                           .target_kind = TargetKind::content,
                           .target_id = new_uuid(),
                           .address = "192.0.2.1",
                           .user_agent = "a client",
                           .request_id = new_uuid(),
                           .details = R"({"title":"A title"})"};
    run(audit().insert(event));
    auto const found = run(audit().list({}));
    ASSERT_EQ(found.size(), 1U);
    for_each_member<AuditEvent>(
        [&](auto member) { EXPECT_TRUE(found[0].*member.pointer == event.*member.pointer) << member.name; });
}

TEST_P(AuditStoreContract, ListsPagesTheNewestFirst) {
    // Some at the same time: their ids decide.
    std::vector<std::pair<Timestamp, Uuid>> places;
    for (int i = 0; i < 7; ++i) places.emplace_back(long_ago(i / 2), add_event(long_ago(i / 2)).id);
    std::ranges::sort(places, std::ranges::greater());
    std::vector<Uuid> newest_first;
    for (auto const& [time, id] : places) newest_first.push_back(id);
    AuditQuery query{.limit = 3};
    std::vector<Uuid> listed;
    while (true) {
        auto const page = run(audit().list(query));
        for (auto const& event : page) listed.push_back(event.id);
        if (page.size() < 3) break;
        query.after = {page.back().at, page.back().id};
    }
    EXPECT_EQ(listed, newest_first);
}

TEST_P(AuditStoreContract, ListsWhatIsAskedFor) {
    auto const ada = new_uuid();
    auto const bob = new_uuid();
    auto const thing = new_uuid();
    auto const first = add_event(long_ago(1), AuditAction::content_deleted, ada, thing).id;
    auto const second = add_event(long_ago(2), AuditAction::content_updated, ada).id;
    auto const third = add_event(long_ago(3), AuditAction::content_deleted, bob, thing).id;
    auto const fourth = add_event(long_ago(4), AuditAction::login_failed).id;
    using Ids = std::vector<Uuid>;
    EXPECT_EQ(ids({}), (Ids{fourth, third, second, first}));
    EXPECT_EQ(ids({.actor_id = ada}), (Ids{second, first}));
    EXPECT_EQ(ids({.actor_kind = ActorKind::nobody}), (Ids{fourth}));
    EXPECT_EQ(ids({.target_id = thing}), (Ids{third, first}));
    EXPECT_EQ(ids({.actor_id = ada, .target_id = thing}), (Ids{first}));
    EXPECT_EQ(ids({.action = AuditAction::content_deleted}), (Ids{third, first}));
    EXPECT_EQ(ids({.actor_id = ada, .action = AuditAction::content_updated}), (Ids{second}));
    EXPECT_EQ(ids({.since = long_ago(2), .until = long_ago(4)}), (Ids{third, second}));
    AuditCursor const behind_third{long_ago(3), third};
    EXPECT_EQ(ids({.target_id = thing, .after = behind_third}), (Ids{first}));
    EXPECT_EQ(ids({.until = long_ago(2), .after = behind_third}), (Ids{first}));
    EXPECT_EQ(ids({.actor_id = new_uuid()}), Ids{});
}

TEST_P(AuditStoreContract, RemovesTheOldestOnesABoundedNumberAtATime) {
    for (int i = 0; i < 10; ++i) add_event(long_ago(i));
    EXPECT_EQ(run(audit().remove_before(long_ago(7), 4)), 4U);
    EXPECT_EQ(run(audit().remove_before(long_ago(7), 4)), 3U);
    EXPECT_EQ(run(audit().remove_before(long_ago(7), 4)), 0U);
    EXPECT_EQ(run(audit().list({})).back().at, long_ago(7));
}

class AuditDriverContract : public DriverContract {};
INSTANTIATE_TEST_SUITE_P(Drivers, AuditDriverContract, ::testing::ValuesIn(all_database_drivers()));

TEST_P(AuditDriverContract, ChangesNoEventAndRemovesNoneThatIsYoung) {
    AuditEvent event{.id = new_uuid(), .at = now() - std::chrono::days{89}, .action = "content.deleted"};
    event.details = "{}";
    run(repositories().audit().insert(event));
    db::OnRow const ignore = [](db::Row const&) {};
    for (std::string_view const sql : {"UPDATE audit_events SET action = 'x'", "DELETE FROM audit_events"}) {
        db::Statement const statement{sql, sql};
        EXPECT_ANY_THROW(run(database().run(statement, {}, ignore)).value()) << sql;
    }
    EXPECT_ANY_THROW(run(repositories().audit().remove_before(now(), 1000)));
    EXPECT_ANY_THROW(run(repositories().audit().insert(event))) << "the same id";
    ASSERT_EQ(run(repositories().audit().list({})).size(), 1U);
    EXPECT_EQ(run(repositories().audit().list({}))[0].action, "content.deleted");
}

}  // namespace
}  // namespace clinikk::testing
