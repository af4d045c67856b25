#include "service/audit.hpp"

#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;

constexpr auto disk = FakeStorage::Kind::disk;

class AuditTest : public ::testing::Test {
protected:
    std::vector<AuditEvent> events(AuditAction action) {
        return run_task(process_.work.repositories().audit().list({.action = action, .limit = 1000}));
    }

    void fail_to_log_in(int times, std::string const& email = "ada@example.org") {
        LoginClient client{.network = "192.0.2.0"};
        client.origin = {"192.0.2.1", "a client", new_uuid()};
        for (int i = 0; i < times; ++i) {
            EXPECT_FALSE(run_task(process_.sessions.log_in(email, "a wrong password", client)));
        }
    }

    World world_;
    Caller ada_ = world_.add_caller("ada@example.org");
    Process process_{world_, disk};
};

TEST_F(AuditTest, AnEventTellsWhoDidWhatToWhatAndFromWhere) {
    auto const content = world_.add_content(disk);
    world_.change([&](Tables& tables) { tables.contents.at(content.id).owner_id = ada_.user.id; });
    ada_.origin = {"192.0.2.1", "a client", new_uuid()};
    ASSERT_TRUE(run_task(process_.contents.remove(ada_, content.id)));
    auto const found = events(AuditAction::content_deleted);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].at, world_.clock.now());
    EXPECT_EQ(found[0].actor_kind, ActorKind::account);
    EXPECT_EQ(found[0].actor_id, ada_.user.id);
    EXPECT_EQ(found[0].actor_email, "ada@example.org");
    EXPECT_EQ(found[0].credential_kind, Credential::Kind::session);
    EXPECT_EQ(found[0].credential_id, ada_.credential.id());
    EXPECT_EQ(found[0].target_kind, TargetKind::content);
    EXPECT_EQ(found[0].target_id, content.id);
    EXPECT_EQ(found[0].address, "192.0.2.1");
    EXPECT_EQ(found[0].user_agent, "a client");
    EXPECT_EQ(found[0].request_id, ada_.origin.request_id);
    EXPECT_EQ(found[0].details, R"({"title":")" + content.title + R"("})");
}

TEST_F(AuditTest, ThereIsNoEventOfWhatDidNotHappen) {
    auto const content = world_.add_content(disk);  // of nobody
    EXPECT_FALSE(run_task(process_.contents.remove(ada_, content.id)));
    EXPECT_TRUE(events(AuditAction::content_deleted).empty());
}

TEST_F(AuditTest, AChangeWhoseEventCannotBeWrittenDoesNotHappen) {
    auto const content = world_.add_content(disk);
    world_.change([&](Tables& tables) { tables.contents.at(content.id).owner_id = ada_.user.id; });
    process_.calls.before = [](int, std::string_view name) {
        if (name == "audit.insert") throw Unavailable("no room for an event (expected here)");
    };
    EXPECT_FALSE(outcome_of(process_.contents.remove(ada_, content.id)));
    EXPECT_TRUE(world_.tables().contents.contains(content.id));
}

TEST_F(AuditTest, ALoginThatFailsIsRecordedForEveryAddressAlike) {
    fail_to_log_in(1);
    fail_to_log_in(1, "nobody@example.org");
    auto const found = events(AuditAction::login_failed);
    ASSERT_EQ(found.size(), 2U);
    for (auto const& event : found) {
        EXPECT_EQ(event.actor_kind, ActorKind::nobody);
        EXPECT_FALSE(event.actor_id);
        EXPECT_FALSE(event.target_id);
        EXPECT_EQ(event.address, "192.0.2.1");
        EXPECT_EQ(event.details.find("wrong password"), std::string::npos);
    }
}

TEST(FailureBudgetTest, LetsABurstPassAndThenOneASecond) {
    FailureBudget budget;
    std::chrono::steady_clock::time_point const start{std::chrono::hours(1)};
    for (std::uint64_t i = 0; i < FailureBudget::burst; ++i) EXPECT_EQ(budget.take(start), 0U);
    for (int i = 0; i < 7; ++i) EXPECT_FALSE(budget.take(start));
    EXPECT_FALSE(budget.take(start + std::chrono::milliseconds(999)));
    EXPECT_EQ(budget.take(start + std::chrono::seconds(1)), 8U);
    EXPECT_FALSE(budget.take(start + std::chrono::seconds(1)));
    EXPECT_EQ(budget.take(start + std::chrono::hours(1)), 1U);
    EXPECT_EQ(budget.take(start + std::chrono::hours(1)), 0U);
}

TEST(RecentEventsTest, IsWrittenOnceAnHourWithinABound) {
    RecentEvents recent;
    RecentEvents::What const what{new_uuid(), new_uuid()};
    Timestamp const start{std::chrono::hours(1)};
    EXPECT_TRUE(recent.add(what, start));
    EXPECT_FALSE(recent.add(what, start + std::chrono::minutes(59)));
    EXPECT_TRUE(recent.add({what.session, new_uuid()}, start)) << "another content";
    EXPECT_TRUE(recent.add({new_uuid(), what.content}, start)) << "another session";
    EXPECT_TRUE(recent.add(what, start + std::chrono::hours(1)));
    for (std::size_t i = 0; i < RecentEvents::max_events; ++i) recent.add({new_uuid(), new_uuid()}, start);
    EXPECT_TRUE(recent.add(what, start + std::chrono::hours(1))) << "forgotten: an event too many and not one too few";
}

TEST(AuditDetailsTest, AreShortTexts) {
    EXPECT_EQ(audit_details({}), "{}");
    EXPECT_EQ(audit_details({{"name", "a \"b\"\n"}, {"x", ""}}), R"({"name":"a \"b\"\n","x":""})");
    // 199 bytes and half a character.
    auto const long_text = std::string(199, 'a') + "ä";
    EXPECT_EQ(audit_details({{"name", long_text}}), R"({"name":")" + std::string(199, 'a') + R"("})");
}

TEST_F(AuditTest, TheCollectorRemovesEventsPastTheirRetention) {
    fail_to_log_in(1);
    world_.clock.jump(Collector::usual_audit_retention);
    fail_to_log_in(1);
    EXPECT_EQ(process_.collect().audited, 0U);
    world_.clock.jump(std::chrono::seconds(1));
    EXPECT_EQ(process_.collect().audited, 1U);
    EXPECT_EQ(events(AuditAction::login_failed).size(), 1U);
}

}  // namespace
}  // namespace clinikk
