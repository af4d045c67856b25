#include "service/upload_service.hpp"

#include "service/upload_lease.hpp"
#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::seconds;

/// A client that sends a file of several pieces, each some seconds after the one before.
class SlowClient final : public IncomingUpload, public ByteSource {
public:
    SlowClient(World& world, std::vector<std::string> pieces, seconds pause = seconds(12))
        : world_(world), pieces_(std::move(pieces)), pause_(pause) {}

    std::optional<std::uint64_t> announced{};
    ContentKind kind = ContentKind::video;
    std::function<void()> meanwhile{};  ///< happens before each piece

    std::optional<std::uint64_t> announced_size() const override { return announced; }

    Task<Result<IncomingFile>> file() override { co_return IncomingFile{this, "a.mp4", "inline"}; }

    Task<Result<ContentDescription>> description() override {
        ContentDescription description;
        description.title = "A title";
        description.content_type = kind;
        co_return description;
    }

    Task<Result<std::string_view>> next() override {
        co_await world_.clock.advance(pause_);
        if (meanwhile) meanwhile();
        if (sent_ == pieces_.size()) co_return std::string_view{};
        co_return std::string_view(pieces_[sent_++]);
    }

private:
    World& world_;
    std::vector<std::string> pieces_;
    seconds pause_;
    std::size_t sent_ = 0;
};

std::vector<std::string> video_in_pieces() { return {"video", " one", " two", " three"}; }

class UploadServiceTest : public ::testing::TestWithParam<FakeStorage::Kind> {};
INSTANTIATE_TEST_SUITE_P(Repositories, UploadServiceTest,
                         ::testing::Values(FakeStorage::Kind::disk, FakeStorage::Kind::bucket));

TEST_P(UploadServiceTest, MakesAContentOfWhatComes) {
    World world;
    auto const caller = world.add_caller("ada");
    Process process(world, GetParam());
    SlowClient client(world, video_in_pieces());
    auto const content = run_task(process.uploads.receive(caller, client));
    ASSERT_TRUE(content);
    EXPECT_EQ(content->size, 19);
    EXPECT_EQ(content->owner_id, caller.user.id);
    EXPECT_EQ(content->created_at, world.clock.now());
    EXPECT_TRUE(world.tables().uploads.empty());
    EXPECT_EQ(world.tables().outbox.size(), 1U);
    world.expect_nothing_left();
    EXPECT_EQ(world.tables().contents.size(), 1U);
}

TEST_P(UploadServiceTest, TheLeaseIsRenewedHoweverSlowlyTheClientSends) {
    World world;
    auto const caller = world.add_caller("ada");
    Process process(world, GetParam());
    SlowClient client(world, std::vector<std::string>(50, "video"), seconds(600));
    int looks = 0;
    client.meanwhile = [&] {
        ++looks;
        auto const uploads = world.tables().uploads;
        ASSERT_EQ(uploads.size(), 1U);
        auto const left = uploads.begin()->second.lease_until - world.clock.now();
        EXPECT_GT(left, seconds(15));
        EXPECT_LE(left, upload_lease_length);
        Process other(world, GetParam(), "other");
        EXPECT_EQ(other.collect().uploads, 0U);
    };
    EXPECT_TRUE(run_task(process.uploads.receive(caller, client)));
    EXPECT_EQ(looks, 51);
}

TEST_P(UploadServiceTest, AnUploadWhoseRowAnotherHasStopsWithinARenewal) {
    World world;
    auto const caller = world.add_caller("ada");
    Process process(world, GetParam());
    SlowClient client(world, std::vector<std::string>(50, "video"), seconds(4));
    int pieces = 0;
    client.meanwhile = [&] {
        if (++pieces != 10) return;
        world.change([](Tables& tables) { tables.uploads.begin()->second.holder = "another"; });
    };
    auto const content = run_task(process.uploads.receive(caller, client));
    ASSERT_TRUE(content.has_error());
    EXPECT_EQ(content.error().code, ErrorCode::upload_interrupted);
    EXPECT_LE(pieces, 14);
    world.expect_nothing_left();
}

TEST_P(UploadServiceTest, WhateverCallFailsNothingIsLostAndNothingIsLeft) {
    for (auto const fault : all_faults) {
        int acknowledged = 0;
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            auto const caller = world.add_caller("ada");
            Process process(world, GetParam());
            break_call(process.calls, number, fault);
            SlowClient client(world, video_in_pieces());
            auto const content = outcome_of(process.uploads.receive(caller, client));
            bool const is_acknowledged = content && content->has_value();
            if (is_acknowledged) ++acknowledged;
            world.expect_nothing_lost();
            world.expect_nothing_left();
            if (is_acknowledged) EXPECT_TRUE(world.tables().contents.contains((*content)->id));
            return process.calls.count() >= number;
        });
        EXPECT_GE(calls, 15) << name_of(fault);
        EXPECT_GE(acknowledged, 1) << name_of(fault) << ": the last run has no fault";
    }
}

/// The process stands still for longer than its lease, and the collector of another takes what seems abandoned.
TEST_P(UploadServiceTest, WhereverTheLeaseIsLostNothingIsLostAndNothingIsLeft) {
    for (bool const is_before : {true, false}) {
        int acknowledged = 0;
        for_every_call([&](int number) {
            SCOPED_TRACE((is_before ? "before call " : "after call ") + std::to_string(number));
            World world;
            auto const caller = world.add_caller("ada");
            Process process(world, GetParam());
            Calls::Hook const stand_still = [&](int at, std::string_view) {
                if (at != number) return;
                world.clock.jump(upload_lease_length + seconds(1));
                Process other(world, GetParam(), "other");
                other.collect();
            };
            (is_before ? process.calls.before : process.calls.after) = stand_still;
            SlowClient client(world, video_in_pieces());
            auto const content = outcome_of(process.uploads.receive(caller, client));
            bool const is_acknowledged = content && content->has_value();
            if (is_acknowledged) {
                ++acknowledged;
                EXPECT_TRUE(world.tables().contents.contains((*content)->id));
            } else if (content) {
                EXPECT_EQ(content->error().code, ErrorCode::upload_interrupted);
            }
            world.expect_nothing_lost();
            world.expect_nothing_left();
            return process.calls.count() >= number;
        });
        EXPECT_GE(acknowledged, 1);
    }
}

TEST_P(UploadServiceTest, WhatIsRefusedLeavesNothing) {
    struct Case {
        ErrorCode expected;
        std::function<void(World&, Process&, SlowClient&, Caller&)> arrange;
    };
    std::vector<Case> const cases{
        {ErrorCode::media_kind_mismatch,
         [](auto&, auto&, SlowClient& client, auto&) { client.kind = ContentKind::audio; }},
        {ErrorCode::upload_too_large, [](auto&, auto&, SlowClient& client, auto&) { client.announced = 4; }},
        {ErrorCode::insufficient_storage,
         [](auto&, Process& process, SlowClient& client, auto&) {
             process.disk.room = process.bucket.room = 10;
             client.announced = 100;
         }},
        {ErrorCode::not_authenticated,
         [](World& world, auto&, SlowClient& client, Caller& caller) {
             client.meanwhile = [&world, id = caller.user.id] {
                 world.change([id](Tables& tables) { tables.users.at(id).is_active = false; });
             };
         }},
        {ErrorCode::forbidden,
         [](World& world, auto&, SlowClient& client, Caller& caller) {
             client.meanwhile = [&world, id = caller.user.id] {
                 world.change([id](Tables& tables) { tables.users.at(id).role = Role::viewer; });
             };
         }},
        {ErrorCode::not_authenticated,
         [](World& world, auto&, SlowClient& client, Caller& caller) {
             client.meanwhile = [&world, id = caller.credential.id()] {
                 world.change([&](Tables& tables) { tables.sessions.at(id).revoked_at = world.clock.now(); });
             };
         }},
        {ErrorCode::not_authenticated,
         [](World& world, auto&, SlowClient& client, Caller& caller) {
             ApiKey key{.id = new_uuid(), .user_id = caller.user.id};
             world.change([&](Tables& tables) { tables.api_keys.emplace(key.id, key); });
             caller.credential = Credential::api_key(key.id, *Scopes::parse("content:write"));
             client.meanwhile = [&world, id = key.id] {
                 world.change([&](Tables& tables) { tables.api_keys.erase(id); });
             };
         }},
    };
    for (auto const& [expected, arrange] : cases) {
        World world;
        auto caller = world.add_caller("ada");
        Process process(world, GetParam());
        SlowClient client(world, video_in_pieces());
        arrange(world, process, client, caller);
        auto const content = run_task(process.uploads.receive(caller, client));
        ASSERT_TRUE(content.has_error()) << describe(expected).name;
        EXPECT_EQ(content.error().code, expected);
        EXPECT_TRUE(world.tables().uploads.empty());
        EXPECT_TRUE(world.tables().outbox.empty());
        world.expect_nothing_left();
    }
}

TEST_P(UploadServiceTest, AnUploadOutlivesTheSessionThatBeganIt) {
    World world;
    auto const caller = world.add_caller("ada");
    world.change([&](Tables& tables) {
        tables.sessions.at(caller.credential.id()).session.expires_at = world.clock.now() + seconds(20);
    });
    Process process(world, GetParam());
    SlowClient client(world, video_in_pieces(), std::chrono::hours(5));
    client.meanwhile = [&] { Process(world, GetParam(), "other").collect(); };
    EXPECT_TRUE(run_task(process.uploads.receive(caller, client)));
}

TEST_P(UploadServiceTest, QuotaAndNumberCountWhatIsUnderWayUntilItsLeaseEnds) {
    World world;
    auto const caller = world.add_caller("ada");
    Upload other;
    other.id = new_uuid();
    other.owner_id = caller.user.id;
    other.length = 90;
    other.store = GetParam() == FakeStorage::Kind::disk ? "local" : "s3";
    other.lease_until = world.clock.now() + seconds(30);
    world.change([&](Tables& tables) { tables.uploads.emplace(other.id, other); });
    Process process(world, GetParam());
    auto const attempt = [&](UploadLimits const& limits) {
        UploadCore core(process.work, process.stores, process.inspector, world.clock, limits, "me", world.log);
        UploadService uploads(core, process.work, process.stores, world.clock, world.log);
        SlowClient client(world, video_in_pieces(), seconds(0));
        client.announced = 19;
        auto const content = run_task(uploads.receive(caller, client));
        return content ? std::string_view("taken") : describe(content.error().code).name;
    };
    UploadLimits const quota{.max_size = 1000, .user_quota = 100};
    UploadLimits const single{.max_size = 1000, .max_per_user = 1};
    EXPECT_EQ(attempt(quota), "quota_exceeded");
    EXPECT_EQ(attempt(single), "too_many_uploads");
    world.clock.jump(seconds(31));
    EXPECT_EQ(attempt(single), "taken");
    EXPECT_EQ(attempt(quota), "taken");
}

}  // namespace
}  // namespace clinikk
