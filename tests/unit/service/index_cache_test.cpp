#include "service/index_cache.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/run_task.hpp"

namespace clinikk {
namespace {

using testing::run_task;

class SizedMedia final : public PackagedMedia {
public:
    explicit SizedMedia(std::size_t memory) : memory_(memory) {}
    std::string const& digest() const noexcept override { return digest_; }
    std::size_t memory() const noexcept override { return memory_; }
    bool has_video() const noexcept override { return false; }
    Result<std::string> master_playlist() const override { return std::string(); }
    Result<std::string> media_playlist(std::uint32_t) const override { return std::string(); }
    Result<std::string> key_frame_playlist(std::uint32_t) const override { return std::string(); }
    std::string dash_manifest() const override { return {}; }
    Result<PackagedBytes> segment(std::uint32_t, SegmentName) const override { return PackagedBytes{}; }
    Result<std::string_view> segment_type(std::uint32_t) const override { return std::string_view(); }
    RearrangedFile const* fast_start() const noexcept override { return nullptr; }

private:
    std::string digest_;
    std::size_t memory_;
};

class IndexCacheTest : public ::testing::Test {
protected:
    /// A load that takes a few turns of the loop.
    IndexCache::Load load(std::size_t memory) {
        return [this, memory]() -> Task<Result<IndexCache::Media>> {
            ++loads;
            auto const executor = co_await boost::asio::this_coro::executor;
            for (int i = 0; i < 5; ++i) co_await boost::asio::post(executor, boost::asio::use_awaitable);
            IndexCache::Media media = std::make_shared<SizedMedia>(memory);
            co_return media;
        };
    }

    void get(IndexCache& cache, Uuid id, std::size_t memory) { ASSERT_TRUE(run_task(cache.get(id, load(memory)))); }

    Log log{LogLevel::error, LogFormat::text};
    std::atomic<int> loads = 0;
};

TEST_F(IndexCacheTest, KeepsWhatWasUsedLastWithinItsBound) {
    IndexCache cache(100, log);
    auto const a = new_uuid();
    auto const b = new_uuid();
    auto const c = new_uuid();
    get(cache, a, 40);
    get(cache, b, 40);
    EXPECT_TRUE(cache.find(a));
    get(cache, c, 40);
    EXPECT_TRUE(cache.find(a)) << "used after b";
    EXPECT_FALSE(cache.find(b));
    EXPECT_TRUE(cache.find(c));
    get(cache, b, 101);
    EXPECT_FALSE(cache.find(b)) << "larger than the bound: used and not kept";
    EXPECT_TRUE(cache.find(a)) << "and it has pushed nothing out";
    EXPECT_EQ(loads, 4);
}

TEST_F(IndexCacheTest, LoadsOnceForAllWhoAskMeanwhile) {
    IndexCache cache(100, log);
    auto const id = new_uuid();
    std::atomic<int> answers = 0;
    auto const ask = [&]() -> Task<> {
        auto const found = co_await cache.get(id, load(10));
        if (found) ++answers;
    };
    std::vector<boost::asio::io_context> loops(4);
    std::vector<std::thread> threads;
    for (auto& loop : loops) {
        threads.emplace_back([&] {
            auto const guard = boost::asio::make_work_guard(loop);
            for (int j = 0; j < 25; ++j) boost::asio::co_spawn(loop, ask(), boost::asio::detached);
            while (answers < 100) loop.run_for(std::chrono::milliseconds(1));
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(answers, 100);
    EXPECT_EQ(loads, 1);
}

TEST_F(IndexCacheTest, TriesAgainAfterAFailure) {
    IndexCache cache(100, log);
    auto const id = new_uuid();
    IndexCache::Load const fails = []() -> Task<Result<IndexCache::Media>> {
        co_return Error(ErrorCode::source_unavailable);
    };
    IndexCache::Load const breaks = []() -> Task<Result<IndexCache::Media>> {
        throw Unavailable("no store (expected here)");
        co_return Error(ErrorCode::internal);
    };
    EXPECT_EQ(run_task(cache.get(id, fails)).error().code, ErrorCode::source_unavailable);
    EXPECT_EQ(run_task(cache.get(id, breaks)).error().code, ErrorCode::unavailable);
    get(cache, id, 10);
    EXPECT_TRUE(cache.find(id));
}

}  // namespace
}  // namespace clinikk
