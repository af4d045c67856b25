#include "service/playback_service.hpp"

#include <functional>
#include <memory>
#include <utility>
#include <variant>

#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;

constexpr auto disk = FakeStorage::Kind::disk;
constexpr auto bucket = FakeStorage::Kind::bucket;
constexpr std::string_view video = "video bytes";
constexpr std::uint64_t half = 5;

/// What the body of an answer holds. The fake stores give all bodies as sources.
Task<Result<std::string>> read_to_end(Body body) {
    auto& source = *std::get<std::unique_ptr<ByteSource>>(body);
    std::string all;
    while (true) {
        auto const piece = co_await source.next();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return all;
        all += *piece;
    }
}

/// Plays a content in all ways, one after the other, and gives its bytes: half of them at once, half as a stream.
Task<Result<std::string>> play(PlaybackService& service, Uuid content_id) {
    auto playback = co_await service.find(nullptr, content_id);
    if (!playback) co_return playback.error();
    co_await service.direct_address(*playback, "inline");
    auto const resolved = co_await service.resolve(*playback);
    if (!resolved) co_return resolved.error();
    auto const confirmed = co_await service.confirm(*playback);
    if (!confirmed) co_return confirmed.error();
    ByteRange const first{0, half};
    auto const bytes = co_await service.read(*playback, first);
    if (!bytes) co_return bytes.error();
    ByteRange const second{half, playback->size() - half};
    auto body = co_await service.open(*playback, second);
    if (!body) co_return body.error();
    auto const rest = co_await read_to_end(std::move(*body));
    if (!rest) co_return rest.error();
    co_return *bytes + *rest;
}

/// A content whose object has been read, or, as one that was taken over, has not.
Uuid add_content(World& world, FakeStorage::Kind kind, bool is_read) {
    auto const id = world.add_content(kind, std::string(video)).id;
    if (!is_read) world.forget_facts();
    return id;
}

class PlaybackServiceTest : public ::testing::TestWithParam<FakeStorage::Kind> {
protected:
    using Meanwhile = std::function<void(World&, Uuid content_id)>;

    /// Something happens before, or after, call number N of a playback, for every N: the playback gives the right
    /// bytes, or fails with that error. Each of them occurs.
    void expect_bytes_or(ErrorCode expected, Meanwhile const& meanwhile) {
        for (bool const is_read : {true, false}) {
            for (bool const is_before : {true, false}) {
                int played = 0;
                int const calls = for_every_call([&](int number) {
                    SCOPED_TRACE((is_before ? "before call " : "after call ") + std::to_string(number));
                    World world;
                    auto const id = add_content(world, GetParam(), is_read);
                    Process process(world, GetParam());
                    Calls::Hook const step_in = [&](int at, std::string_view) {
                        if (at == number) meanwhile(world, id);
                    };
                    (is_before ? process.calls.before : process.calls.after) = step_in;
                    auto const outcome = run_task(play(process.playback, id));
                    if (outcome) ++played;
                    if (outcome) EXPECT_EQ(*outcome, video);
                    if (!outcome) EXPECT_EQ(outcome.error().code, expected);
                    return process.calls.count() >= number;
                });
                EXPECT_GE(played, 2) << "the bytes of an open body stay, and the last run is not disturbed";
                EXPECT_GE(calls + 1 - played, 4);
            }
        }
    }
};
INSTANTIATE_TEST_SUITE_P(Stores, PlaybackServiceTest, ::testing::Values(disk, bucket));

TEST_P(PlaybackServiceTest, AnAddressLastsAsLongAsItSays) {
    World world;
    auto const id = add_content(world, GetParam(), true);
    Process process(world, GetParam());
    PlaybackService service(process.work, process.stores, {.address_life = std::chrono::minutes(5)}, world.log);
    auto const playback = run_task(service.find(nullptr, id)).value();
    auto const address = run_task(service.direct_address(playback, "inline"));
    ASSERT_EQ(address.has_value(), GetParam() == bucket) << "a disk has no addresses";
    if (!address) return;
    EXPECT_EQ(address->life, std::chrono::minutes(5));
    EXPECT_EQ(address->url, "https://bucket.example.org/" + playback.source.key +
                                "?expires=" + format_rfc3339(world.clock.now() + std::chrono::minutes(5)));
}

/// A store or a database that cannot be asked says nothing about a content: the caller gets the breakage itself, never
/// an error that tells of a loss.
TEST_P(PlaybackServiceTest, WhateverCallFailsNothingChangesAndTheNextPlays) {
    for (auto const fault : all_faults) {
        for (bool const is_read : {true, false}) {
            int const calls = for_every_call([&](int number) {
                SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
                World world;
                auto const id = add_content(world, GetParam(), is_read);
                auto const version = world.database.version();
                Process process(world, GetParam());
                break_call(process.calls, number, fault);
                auto const outcome = outcome_of(play(process.playback, id));
                bool const is_reached = process.calls.count() >= number;
                // Once the row has been read, the database is not needed any more.
                bool const breaks = is_reached && (fault != Fault::database_away || number == 1);
                EXPECT_EQ(outcome.has_value(), !breaks);
                if (outcome) EXPECT_EQ(outcome->value(), video);
                Process next(world, GetParam());
                EXPECT_EQ(run_task(play(next.playback, id)).value(), video);
                EXPECT_EQ(world.database.version(), version);
                return is_reached;
            });
            EXPECT_GE(calls, is_read ? 7 : 8) << name_of(fault);
        }
    }
}

TEST_P(PlaybackServiceTest, WhereverItIsDeletedItPlaysOrIsNotFound) {
    expect_bytes_or(ErrorCode::content_not_found, [](World& world, Uuid id) {
        auto const admin = world.add_caller("ada", Role::admin);
        Process other(world, GetParam());
        ASSERT_TRUE(run_task(other.contents.remove(admin, id)));
    });
}

/// The bytes have gone, and the row of the object tells that it is being deleted.
TEST_P(PlaybackServiceTest, WhereverItIsHalfDeletedItPlaysOrIsNotFound) {
    expect_bytes_or(ErrorCode::content_not_found, [](World& world, Uuid id) {
        auto const admin = world.add_caller("ada", Role::admin);
        Process other(world, GetParam());
        other.calls.before = [](int, std::string_view name) {
            if (name == "objects.remove") throw Unavailable("no database (expected here)");
        };
        ASSERT_TRUE(run_task(other.contents.remove(admin, id)));
        ASSERT_EQ(world.tables().objects.begin()->second.state, ObjectState::deleting);
    });
}

TEST_P(PlaybackServiceTest, WhereverItsBytesAreLostItPlaysOrIsUnavailable) {
    expect_bytes_or(ErrorCode::source_unavailable,
                    [](World& world, Uuid) { world.disk.objects.clear(), world.bucket.objects.clear(); });
}

/// The object moves to the other store, and the old bytes are removed at once.
TEST_P(PlaybackServiceTest, WhereverItIsMovedItPlaysOrIsUnavailable) {
    expect_bytes_or(ErrorCode::source_unavailable, [](World& world, Uuid id) {
        bool const to_bucket = GetParam() == disk;
        Process other(world, GetParam());
        auto const moved = run_task(other.mover.copy(
            to_bucket ? "local" : "s3", to_bucket ? "s3" : "local", [](auto, auto) {}, [](Movement const&) {}));
        ASSERT_EQ(moved.objects, 1U);
        world.storage(to_bucket ? "local" : "s3").objects.clear();
        EXPECT_EQ(run_task(play(other.playback, id)).value(), video);
    });
}

}  // namespace
}  // namespace clinikk
