#include "storage/gathered_source.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "support/memory_source.hpp"
#include "support/run_task.hpp"

namespace clinikk {
namespace {

using testing::MemorySource;
using testing::run_task;

constexpr std::uint64_t gap = 256UL * 1024;

/// A bucket that counts what is fetched, and how many ranges are being opened or read at once.
struct Bucket {
    std::string bytes{};
    std::size_t piece = 1000;
    std::uint64_t fetched = 0;
    int requests = 0;
    int open = 0;
    int most_open = 0;
    int fails_at = 0;  ///< the number of a request that throws

    Task<std::optional<Body>> fetch(ByteRange range) {
        most_open = std::max(most_open, ++open);
        int const number = ++requests;
        auto const executor = co_await boost::asio::this_coro::executor;
        for (int i = 0; i < 10; ++i) co_await boost::asio::post(executor, boost::asio::use_awaitable);
        if (number == fails_at) throw std::runtime_error("no answer (expected here)");
        fetched += range.length;
        co_return Body(std::make_unique<Counted>(*this, bytes.substr(range.offset, range.length)));
    }

    class Counted : public ByteSource {
    public:
        Counted(Bucket& bucket, std::string bytes) : bucket_(bucket), source_(std::move(bytes), bucket.piece) {}
        ~Counted() override { --bucket_.open; }
        Task<Result<std::string_view>> next() override { return source_.next(); }

    private:
        Bucket& bucket_;
        MemorySource source_;
    };
};

Task<Result<std::string>> read_all(Bucket& bucket, Log& log, std::vector<ByteRange> runs) {
    GatheredBytes bytes{"head", nullptr, std::move(runs)};
    GatheredSource source(std::move(bytes), [&bucket](ByteRange range) { return bucket.fetch(range); }, log);
    bool const is_there = co_await source.open_first();
    EXPECT_TRUE(is_there);
    std::string all;
    while (true) {
        auto const piece = co_await source.next();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return all;
        all += *piece;
    }
}

class GatheredSourceTest : public ::testing::Test {
protected:
    GatheredSourceTest() {
        bucket.bytes.resize(4'000'000);
        for (std::size_t i = 0; i < bucket.bytes.size(); ++i) bucket.bytes[i] = static_cast<char>(i * 7919 >> 5U);
    }

    std::string expected(std::vector<ByteRange> const& runs) const {
        std::string all = "head";
        for (auto const& run : runs) all += bucket.bytes.substr(run.offset, run.length);
        return all;
    }

    Bucket bucket;
    Log log{LogLevel::error, LogFormat::text};
};

TEST(JoinRuns, JoinsWhatIsNear) {
    std::vector<ByteRange> const runs{{0, 10}, {20, 10}, {30 + gap, 5}, {36 + 2 * gap, 1}};
    auto const spans = join_runs(runs, gap);
    ASSERT_EQ(spans.size(), 2U) << "the last gap is a byte too long";
    EXPECT_EQ(spans[0].range.length, 35 + gap);
    EXPECT_EQ(spans[0].runs.size(), 3U);
    EXPECT_EQ(spans[1].range.offset, 36 + 2 * gap);
}

TEST_F(GatheredSourceTest, FetchesInterleavedRunsByOneRequestAndDropsTheOthers) {
    std::vector<ByteRange> runs;
    for (std::uint64_t offset = 100; offset < 400'000; offset += 4000) runs.push_back({offset, 1500});
    EXPECT_EQ(run_task(read_all(bucket, log, runs)).value(), expected(runs));
    EXPECT_EQ(bucket.requests, 1);
}

TEST_F(GatheredSourceTest, FetchesFarRunsSeparatelyFourAtOnce) {
    std::vector<ByteRange> runs;
    for (std::uint64_t offset = 0; offset < 3'600'000; offset += 300'000) runs.push_back({offset, 20'000});
    EXPECT_EQ(run_task(read_all(bucket, log, runs)).value(), expected(runs));
    EXPECT_EQ(bucket.requests, 12);
    EXPECT_EQ(bucket.most_open, 4);
    EXPECT_EQ(bucket.fetched, 12U * 20'000) << "nothing between them";
}

TEST_F(GatheredSourceTest, FailsWhereALaterSpanCannotBeHad) {
    bucket.fails_at = 2;
    auto const outcome = run_task(read_all(bucket, log, {{0, 10}, {1'000'000, 10}}));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
}

TEST_F(GatheredSourceTest, FailsWhereTheObjectIsShorter) {
    bucket.bytes.resize(1'000'005);
    auto const outcome = run_task(read_all(bucket, log, {{0, 10}, {1'000'000, 10}}));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace clinikk
