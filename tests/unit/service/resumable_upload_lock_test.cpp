#include "service/upload_lock.hpp"
#include "unit/service/resumable_upload_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;
using End = RequestBody::End;
using Outcome = Result<UploadStatus>;

constexpr auto head = film.substr(0, 10);

class ResumableUploadLockTest : public ::testing::TestWithParam<FakeStorage::Kind> {
protected:
    ResumableUpload row_of(Client const& client) { return world_.tables().resumable_uploads.at(client.reference.id); }

    /// The first request stalls behind ten bytes; then the second comes. Time passes, and with it signals, until the
    /// second has its answer. Returns how long that took.
    milliseconds race(Client const& client, RequestBody& stalled, Task<Outcome> second) {
        milliseconds waited{0};
        auto const run = [&]() -> Task<> {
            auto const holder = co_await Beside<Outcome>::start(client.append(stalled, 0));
            co_await world_.clock.advance(seconds(3));
            EXPECT_FALSE(holder->outcome);
            auto const newcomer = co_await Beside<Outcome>::start(std::move(second));
            for (; !newcomer->outcome && waited < seconds(20); waited += milliseconds(50)) {
                process_.signals.deliver();
                other_.signals.deliver();
                co_await world_.clock.advance(milliseconds(50));
            }
            first_ = holder->outcome;
            second_ = newcomer->outcome;
            stalled.is_stubborn = false;
            stalled.interrupt();
            co_await world_.clock.advance(seconds(3));
            last_ = holder->outcome;
        };
        run_task(run());
        return waited;
    }

    World world_;
    Caller ada_ = world_.add_caller("ada");
    Process process_{world_, GetParam()};
    Process other_{world_, GetParam(), "other"};
    std::optional<Outcome> first_;   ///< of the holder, when the newcomer has its answer
    std::optional<Outcome> second_;  ///< of the newcomer
    std::optional<Outcome> last_;    ///< of the holder, in the end
};
INSTANTIATE_TEST_SUITE_P(Stores, ResumableUploadLockTest,
                         ::testing::Values(FakeStorage::Kind::disk, FakeStorage::Kind::bucket));

TEST_P(ResumableUploadLockTest, ANewRequestToTheSameProcessEndsTheOneBefore) {
    auto const client = begin(process_, ada_);
    RequestBody stalled(head, End::stalled);
    RequestBody rest(film.substr(10));
    auto const waited = race(client, stalled, client.append(rest, 10));
    EXPECT_LE(waited, milliseconds(200));
    ASSERT_TRUE(second_->has_value()) << second_->error().detail;
    EXPECT_EQ(first_->error().code, ErrorCode::upload_interrupted);
    EXPECT_EQ(world_.tables().contents.at(client.reference.id).sha256, Sha256::of(film));
    auto const wanted = [](Event const& event) { return event.type == UploadLocks::wanted_event; };
    EXPECT_TRUE(std::ranges::none_of(world_.tables().outbox, wanted)) << "nobody else needs to know";
}

TEST_P(ResumableUploadLockTest, ANewRequestToAnotherProcessEndsTheOneBefore) {
    auto const client = begin(process_, ada_);
    RequestBody stalled(head, End::stalled);
    auto const waited = race(client, stalled, other_.resumable_uploads.find(client.reference));
    EXPECT_LE(waited, seconds(1));
    ASSERT_TRUE(second_->has_value()) << second_->error().detail;
    EXPECT_EQ((*second_)->upload.offset, 10) << "what the holder had is told";
    EXPECT_EQ(first_->error().code, ErrorCode::upload_interrupted);
    ASSERT_TRUE(client.by(other_).send(film.substr(10), 10));
}

TEST_P(ResumableUploadLockTest, AnUploadIsCancelledWhileItsBytesArrive) {
    auto const client = begin(process_, ada_);
    RequestBody stalled(head, End::stalled);
    auto const cancel = [&]() -> Task<Outcome> {
        auto const cancelled = co_await other_.resumable_uploads.cancel(client.reference);
        if (!cancelled) co_return cancelled.error();
        co_return UploadStatus{};
    };
    race(client, stalled, cancel());
    EXPECT_TRUE(second_->has_value());
    EXPECT_EQ(row_of(client).state, ResumableState::cancelled);
    world_.expect_nothing_left();
}

TEST_P(ResumableUploadLockTest, AProcessThatEndsKeepsWhatHasArrived) {
    auto const client = begin(process_, ada_);
    auto const late = begin(process_, ada_);
    auto const nobodys = begin(process_, ada_);
    RequestBody stalled(head, End::stalled);
    RequestBody late_body(head, End::stalled);
    RequestBody unknown(head, End::stalled);
    std::optional<Outcome> of_late;
    std::optional<Outcome> of_unknown;
    auto const run = [&]() -> Task<> {
        auto const holder = co_await Beside<Outcome>::start(client.append(stalled, 0));
        Chunk chunk{unknown};
        chunk.interrupt = [&unknown] { unknown.interrupt(); };
        auto first = process_.resumable_uploads.append_first(nobodys.reference, std::move(chunk));
        auto const first_holder = co_await Beside<Outcome>::start(std::move(first));
        co_await world_.clock.advance(milliseconds(50));
        process_.resumable_uploads.drain();
        co_await world_.clock.advance(milliseconds(50));
        first_ = holder->outcome;
        auto const late_holder = co_await Beside<Outcome>::start(late.append(late_body, 0));
        co_await world_.clock.advance(milliseconds(50));
        of_late = late_holder->outcome;
        of_unknown = first_holder->outcome;
        unknown.interrupt();
        co_await world_.clock.advance(milliseconds(50));
    };
    run_task(run());
    ASSERT_TRUE(first_ && of_late);
    EXPECT_EQ(first_->error().code, ErrorCode::upload_interrupted);
    EXPECT_EQ(of_late->error().code, ErrorCode::upload_interrupted) << "also one that comes when the end has begun";
    EXPECT_FALSE(of_unknown) << "nobody could go on with it";
    EXPECT_EQ(row_of(client).offset, 10);
    ASSERT_TRUE(client.by(other_).send(film.substr(10), 10));
}

TEST_P(ResumableUploadLockTest, AHolderThatDoesNotLetGoKeepsTheUpload) {
    auto const client = begin(process_, ada_);
    RequestBody stalled(head, End::stalled);
    stalled.is_stubborn = true;
    auto const waited = race(client, stalled, other_.resumable_uploads.find(client.reference));
    EXPECT_GE(waited, seconds(6));
    EXPECT_LE(waited, seconds(8));
    EXPECT_EQ(second_->error().code, ErrorCode::upload_locked);
    EXPECT_EQ(second_->error().retry_after, seconds(1));
    EXPECT_EQ(last_->error().code, ErrorCode::upload_interrupted);
    EXPECT_EQ(row_of(client).offset, 10);
}

TEST_P(ResumableUploadLockTest, AHolderThatDiedLetsGoWhenItsLeaseRunsOut) {
    auto const client = begin(process_, ada_);
    RequestBody body(film);
    body.before_piece = [&]() -> Task<> {
        if (body.left() < 10) process_.calls.kill();
        co_return;
    };
    EXPECT_FALSE(outcome_of(client.append(body, 0)));
    milliseconds waited{0};
    std::optional<Outcome> found;
    auto const run = [&]() -> Task<> {
        auto const newcomer = co_await Beside<Outcome>::start(other_.resumable_uploads.find(client.reference));
        for (; !newcomer->outcome && waited < seconds(20); waited += milliseconds(50)) {
            co_await world_.clock.advance(milliseconds(50));
        }
        found = newcomer->outcome;
    };
    run_task(run());
    EXPECT_LE(waited, seconds(6));
    ASSERT_TRUE(found && found->has_value());
    EXPECT_EQ((*found)->upload.offset, 0) << "nothing was acknowledged";
    ASSERT_TRUE(client.by(other_).send(film, 0));
    world_.expect_nothing_left();
}

TEST_P(ResumableUploadLockTest, AHolderThatLostItsLeaseRecordsNothing) {
    auto const client = begin(process_, ada_);
    RequestBody body(film);
    body.before_piece = [&]() -> Task<> {
        if (body.left() != 7) co_return;
        world_.change([](Tables& tables) { tables.uploads.begin()->second.holder = "another"; });
        co_await world_.clock.advance(seconds(2));
    };
    EXPECT_EQ(code_of(run_task(client.append(body, 0))), ErrorCode::upload_interrupted);
    EXPECT_EQ(row_of(client).offset, 0);
    EXPECT_EQ(world_.tables().uploads.begin()->second.holder, "another");
}

TEST_P(ResumableUploadLockTest, TheLeaseIsShortAndRenewed) {
    auto const client = begin(process_, ada_);
    RequestBody body(film);
    std::vector<std::uint64_t> told;
    body.before_piece = [&]() -> Task<> {
        co_await world_.clock.advance(seconds(60));
        auto const write = world_.tables().uploads.at(client.reference.id);
        EXPECT_TRUE(write.holder.starts_with("process/"));
        EXPECT_GT(write.lease_until - world_.clock.now(), seconds(2));
        EXPECT_LE(write.lease_until - world_.clock.now(), resumable_lease_length);
        EXPECT_EQ(write.offset, told.empty() ? 0 : static_cast<std::int64_t>(told.back())) << "renewals keep it";
    };
    Chunk chunk{body};
    chunk.progress = [&](std::uint64_t offset) -> Task<> {
        told.push_back(offset);
        EXPECT_EQ(row_of(client).offset, static_cast<std::int64_t>(offset)) << "what is told is durable";
        co_return;
    };
    ASSERT_TRUE(run_task(process_.resumable_uploads.append(client.reference, std::move(chunk))));
    EXPECT_EQ(told, (std::vector<std::uint64_t>{4, 8, 12, 16, 19}));
}

}  // namespace
}  // namespace clinikk
