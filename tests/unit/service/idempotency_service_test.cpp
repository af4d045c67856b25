#include "service/idempotency_service.hpp"

#include "service/audit.hpp"
#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::hours;
using std::chrono::seconds;

constexpr auto disk = FakeStorage::Kind::disk;

/// A process with the service.
struct KeyedProcess : Process {
    using Process::Process;
    IdempotencyService keys{work, box, world.clock, world.log};
};

class IdempotencyTest : public ::testing::Test {
protected:
    IdempotentRequest request(std::string const& key = "a key", std::string const& what = "what") const {
        return {ada_.user.id, Sha256::of(key), Sha256::of(what), new_uuid()};
    }

    /// Runs it on a loop that goes on: leases are renewed there.
    template <class T>
    T on_loop(Task<T> task) {
        loop_.restart();
        auto outcome = boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future);
        while (outcome.wait_for(seconds(0)) != std::future_status::ready) loop_.run_one();
        return outcome.get();
    }

    Result<BegunRequest> begin(KeyedProcess& process, IdempotentRequest const& wanted) {
        return on_loop(process.keys.begin(wanted));
    }

    std::unique_ptr<IdempotentRun> run(KeyedProcess& process, IdempotentRequest const& wanted) {
        auto begun = begin(process, wanted);
        EXPECT_TRUE(begun);
        return begun ? std::move(std::get<std::unique_ptr<IdempotentRun>>(*begun)) : nullptr;
    }

    /// Does something under a claim, as a service does.
    bool apply(KeyedProcess& process, Uuid claim, Uuid target) {
        auto caller = ada_;
        caller.origin = Origin("192.0.2.1", "a client", claim);
        caller.origin.is_keyed = true;
        UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
            Event const event{new_uuid(), "content.created", target, "{}", world_.clock.now()};
            co_await repositories.outbox().publish(event);
            AuditTarget const what{TargetKind::content, target};
            co_await record(repositories, caller, AuditAction::content_created, what, world_.clock.now());
            co_return Result<void>{};
        };
        auto const done = outcome_of(process.work.transaction(steps));
        return done && *done;
    }

    std::size_t effects() const { return world_.tables().outbox.size(); }

    World world_;
    Caller ada_ = world_.add_caller("ada@example.org");
    KeyedProcess one_{world_, disk, "one"};
    KeyedProcess two_{world_, disk, "two"};
    boost::asio::io_context loop_;
};

TEST_F(IdempotencyTest, AnAnswerIsGivenAgainByEveryProcess) {
    auto const held = run(one_, request());
    on_loop(held->finish({201, "Location: /x\r\n", "body\n 1 2"}));
    auto const again = begin(two_, request());
    auto const& kept = std::get<KeptAnswer>(*again);
    EXPECT_EQ(kept.status, 201);
    EXPECT_EQ(kept.fields, "Location: /x\r\n");
    EXPECT_EQ(kept.body, "body\n 1 2");
}

TEST_F(IdempotencyTest, AKeyIsOneRequestsOfOneAccount) {
    auto const held = run(one_, request());
    EXPECT_EQ(begin(two_, request()).error().code, ErrorCode::idempotency_key_in_use);
    EXPECT_EQ(begin(two_, request("a key", "another")).error().code, ErrorCode::idempotency_key_reused);
    EXPECT_TRUE(run(two_, request("another key")));
    auto const bob = world_.add_caller("bob@example.org");
    EXPECT_TRUE(run(two_, {bob.user.id, request().key_hash, request().fingerprint, new_uuid()}));
}

TEST_F(IdempotencyTest, WhatWasNotDoneCanRunAgain) {
    on_loop(run(one_, request())->release());
    EXPECT_TRUE(run(two_, request("a key", "another")));
}

TEST_F(IdempotencyTest, AKilledProcessLosesItsClaimWithItsLease) {
    auto const held = run(one_, request());
    one_.calls.kill();
    world_.clock.jump(IdempotencyService::lease_length - seconds(1));
    EXPECT_EQ(begin(two_, request()).error().code, ErrorCode::idempotency_key_in_use);
    world_.clock.jump(seconds(1));
    EXPECT_TRUE(run(two_, request()));
}

TEST_F(IdempotencyTest, WhoHasLostTheClaimDoesNothing) {
    auto const first = request();
    auto const second = request();
    auto const late = run(one_, first);
    world_.clock.jump(IdempotencyService::lease_length);
    auto const next = run(two_, second);
    EXPECT_FALSE(apply(one_, first.id, new_uuid()));
    EXPECT_EQ(effects(), 0U);
    EXPECT_TRUE(apply(two_, second.id, new_uuid()));
    EXPECT_EQ(effects(), 1U);
    on_loop(late->finish({200, "", "late"}));
    on_loop(next->finish({200, "", "next"}));
    EXPECT_EQ(std::get<KeptAnswer>(*begin(one_, request())).body, "next");
}

TEST_F(IdempotencyTest, WhatWasDoneBeforeAKillIsNotDoneAgain) {
    auto const asked = request();
    auto const held = run(one_, asked);
    auto const target = new_uuid();
    EXPECT_TRUE(apply(one_, asked.id, target));
    one_.calls.kill();
    EXPECT_EQ(begin(two_, request()).error().code, ErrorCode::idempotency_key_in_use);
    world_.clock.jump(IdempotencyService::lease_length);
    EXPECT_EQ(std::get<LostAnswer>(*begin(two_, request())).target_id, target);
    EXPECT_EQ(begin(two_, request("a key", "another")).error().code, ErrorCode::idempotency_key_reused);
}

TEST_F(IdempotencyTest, AReleaseAfterTheEffectTellsAtOnceThatTheAnswerIsLost) {
    auto const asked = request();
    auto const held = run(one_, asked);
    EXPECT_TRUE(apply(one_, asked.id, new_uuid()));
    on_loop(held->release());
    EXPECT_TRUE(std::holds_alternative<LostAnswer>(*begin(two_, request())));
}

TEST_F(IdempotencyTest, TheLeaseIsRenewedWhileTheRequestRuns) {
    auto const held = run(one_, request());
    on_loop(world_.clock.advance(hours(2)));
    EXPECT_EQ(begin(two_, request()).error().code, ErrorCode::idempotency_key_in_use);
    on_loop(held->finish({200, "", "late"}));
    on_loop(world_.clock.advance(seconds(60)));
    EXPECT_EQ(std::get<KeptAnswer>(*begin(two_, request())).body, "late");
}

TEST_F(IdempotencyTest, AKeyIsGoodForADay) {
    on_loop(run(one_, request())->finish({200, "", "body"}));
    world_.clock.jump(IdempotencyService::key_life - seconds(1));
    EXPECT_TRUE(std::holds_alternative<KeptAnswer>(*begin(two_, request())));
    world_.clock.jump(seconds(1));
    EXPECT_TRUE(run(two_, request("a key", "another")))
        << "an expired key is like a new one, also before it is collected";
    world_.clock.jump(IdempotencyService::key_life + seconds(1));
    one_.collect();
    EXPECT_TRUE(world_.tables().idempotency_keys.empty());
}

TEST_F(IdempotencyTest, AnAccountHasABoundedNumberOfKeys) {
    for (std::int64_t i = 0; i < IdempotencyService::max_keys; ++i) run(one_, request(std::to_string(i)));
    EXPECT_EQ(begin(one_, request("one more")).error().code, ErrorCode::too_many_idempotency_keys);
    EXPECT_EQ(begin(one_, request("7")).error().code, ErrorCode::idempotency_key_in_use);
}

TEST_F(IdempotencyTest, ALargeAnswerIsNotKept) {
    on_loop(run(one_, request("fits"))->finish({200, "", std::string(IdempotencyService::max_answer, 'x')}));
    EXPECT_EQ(std::get<KeptAnswer>(*begin(two_, request("fits"))).body.size(), IdempotencyService::max_answer);
    on_loop(run(one_, request())->finish({200, "", std::string(IdempotencyService::max_answer + 1, 'x')}));
    EXPECT_TRUE(std::holds_alternative<LostAnswer>(*begin(two_, request())));
}

TEST_F(IdempotencyTest, AnAnswerThatCannotBeKeptIsAnAnswerAllTheSame) {
    auto const asked = request();
    auto const held = run(one_, asked);
    EXPECT_TRUE(apply(one_, asked.id, new_uuid()));
    one_.calls.before = [](int, std::string_view name) {
        if (name == "idempotency.answer") throw Unavailable("the database is away (expected here)");
    };
    KeptAnswer answer{200, "", "body"};
    EXPECT_NO_THROW(on_loop(held->finish(std::move(answer))));
}

}  // namespace
}  // namespace clinikk
