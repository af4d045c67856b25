#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "contract/database_contract.hpp"
#include "db/polling_signals.hpp"

namespace clinikk::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class OutboxContract : public DriverContract {
protected:
    static Event make_event(std::string type, Timestamp created_at = at(0)) {
        return {.id = new_uuid(),
                .type = std::move(type),
                .subject = new_uuid(),
                .payload = R"({"title":"ü"})",
                .created_at = created_at};
    }

    void publish(Event const& event) { run(repositories().outbox().publish(event)); }

    /// Calls `listener` for all events but the probes of `listen`.
    static void subscribe(db::PollingSignals& signals, std::function<void(Event const&)> listener) {
        signals.subscribe([listener = std::move(listener)](Event const& event) {
            if (event.type != probe) listener(event);
        });
    }

    /// Runs signals on this thread. Calls `when_settled` as soon as they have found the end of the outbox, from which
    /// on they miss nothing; then goes on until `done` says so, for a minute at most.
    void listen(db::PollingSignals& signals, std::function<void()> const& when_settled,
                std::function<bool()> const& done) {
        auto const is_settled = std::make_shared<bool>(false);
        signals.subscribe([is_settled](Event const& event) { *is_settled = *is_settled || event.type == probe; });
        asio::cancellation_signal stop;
        asio::co_spawn(loop_, signals.run(), asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr defect) {
                           if (defect) std::rethrow_exception(defect);
                       }));
        auto const give_up_at = std::chrono::steady_clock::now() + 60s;
        auto const run_until = [&](auto const& condition) {
            while (!condition() && std::chrono::steady_clock::now() < give_up_at) loop_.run_one_for(20ms);
        };
        run_until([&] {
            if (!*is_settled) publish(make_event(probe, at(1'000'000)));
            return *is_settled;
        });
        when_settled();
        run_until(done);
        stop.emit(asio::cancellation_type::terminal);
        loop_.run();
        loop_.restart();
    }

    static constexpr auto probe = "probe";
    Log log_{LogLevel::error, LogFormat::text};
    asio::io_context loop_;
};
INSTANTIATE_TEST_SUITE_P(Drivers, OutboxContract, ::testing::ValuesIn(all_database_drivers()));

TEST_P(OutboxContract, TellsOfEventsInOrderWithAllMembers) {
    db::PollingSignals signals(database(), log_, 5ms);
    std::vector<Event> told;
    subscribe(signals, [&told](Event const& event) { told.push_back(event); });

    publish(make_event("before.start"));
    std::vector<Event> published;
    auto const publish_many = [&] {
        auto const other_work = open_another();
        for (int i = 0; i < 600; ++i) {
            published.push_back(make_event("content.created." + std::to_string(i), at(i)));
            auto& way_in = i % 2 == 0 ? work() : *other_work;
            run(way_in.repositories().outbox().publish(published.back()));
        }
    };
    listen(signals, publish_many, [&] { return told.size() >= 600; });
    ASSERT_EQ(told.size(), 600U);
    for (std::size_t i = 0; i < told.size(); ++i) {
        EXPECT_EQ(told[i].id, published[i].id);
        EXPECT_EQ(told[i].type, published[i].type);
        EXPECT_EQ(told[i].subject, published[i].subject);
        EXPECT_EQ(told[i].payload, published[i].payload);
        EXPECT_EQ(told[i].created_at, published[i].created_at);
    }
}

TEST_P(OutboxContract, AnEventIsToldExactlyIfItsTransactionCommits) {
    db::PollingSignals signals(database(), log_, 5ms);
    std::vector<std::string> told;
    subscribe(signals, [&told](Event const& event) { told.push_back(event.type); });
    auto const publish_one_of_two = [&] {
        auto const failed = run(work().transaction([](Repositories& in) -> Task<Result<void>> {
            Event const event = make_event("never");
            co_await in.outbox().publish(event);
            co_return Error(ErrorCode::forbidden);
        }));
        EXPECT_TRUE(failed.has_error());
        publish(make_event("last"));
    };
    listen(signals, publish_one_of_two, [&] { return !told.empty(); });
    EXPECT_EQ(told, std::vector<std::string>{"last"});
}

TEST_P(OutboxContract, AListenerThatThrowsHarmsNoOther) {
    db::PollingSignals signals(database(), log_, 5ms);
    Log quiet(LogLevel::error, LogFormat::text);
    int told = 0;
    subscribe(signals, [](Event const&) { throw std::runtime_error("a listener's own failure (expected here)"); });
    subscribe(signals, [&told](Event const&) { ++told; });
    auto const publish_two = [&] {
        publish(make_event("one"));
        publish(make_event("two"));
    };
    listen(signals, publish_two, [&] { return told >= 2; });
    EXPECT_EQ(told, 2);
}

/// Fails as long as it is told to.
class FailingSession final : public db::Session {
public:
    explicit FailingSession(db::Session& session) : session_(session) {}

    Task<db::Outcome> run(db::Statement const& statement, std::span<db::Value const> parameters,
                          db::OnRow const& on_row) override {
        if (fails_ > 0) {
            --fails_;
            throw db::Unavailable("gone");
        }
        co_return co_await session_.run(statement, parameters, on_row);
    }

    int fails_ = 0;

private:
    db::Session& session_;
};

TEST_P(OutboxContract, NothingIsMissedWhileTheDatabaseIsAway) {
    FailingSession session(database());
    db::PollingSignals signals(session, log_, 5ms);
    std::vector<std::string> told;
    subscribe(signals, [&told](Event const& event) { told.push_back(event.type); });
    auto const fail_and_publish = [&] {
        session.fails_ = 3;
        publish(make_event("meanwhile"));
    };
    listen(signals, fail_and_publish, [&] { return !told.empty(); });
    EXPECT_EQ(session.fails_, 0);
    EXPECT_EQ(told, std::vector<std::string>{"meanwhile"});
}

TEST_P(OutboxContract, PrunesTheOldAndNeverUsesANumberAgain) {
    db::PollingSignals signals(database(), log_, 5ms);
    std::vector<std::string> told;
    subscribe(signals, [&told](Event const& event) { told.push_back(event.type); });
    publish(make_event("old", at(1)));
    publish(make_event("old", at(2)));
    auto const prune_and_publish = [&] {
        EXPECT_EQ(run(repositories().outbox().prune(at(2))), 1U);
        EXPECT_EQ(run(repositories().outbox().prune(at(100))), 1U);
        EXPECT_EQ(run(repositories().outbox().prune(at(100))), 0U);
        publish(make_event("new", at(3)));
    };
    listen(signals, prune_and_publish, [&] { return !told.empty(); });
    EXPECT_EQ(told, std::vector<std::string>{"new"});
}

class OutboxTableContract : public DatabaseContract {};
INSTANTIATE_TEST_SUITE_P(Databases, OutboxTableContract, ::testing::ValuesIn(all_databases()));

TEST_P(OutboxTableContract, PrunesWhatIsOlder) {
    for (int second = 1; second <= 3; ++second) {
        Event const event{new_uuid(), "content.created", new_uuid(), "{}", at(second)};
        run(repositories().outbox().publish(event));
    }
    EXPECT_EQ(run(repositories().outbox().prune(at(1))), 0U);
    EXPECT_EQ(run(repositories().outbox().prune(at(3))), 2U);
    EXPECT_EQ(run(repositories().outbox().prune(at(4))), 1U);
    EXPECT_EQ(run(repositories().outbox().prune(at(4))), 0U);
}

}  // namespace
}  // namespace clinikk::testing
