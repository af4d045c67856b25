// Exceptions cross from the pool's threads to the loop's. ThreadSanitizer sees, when there are more threads than cores,
// whether one is freed by another thread than the one that reads it; the other builds see that it arrives.
#include "base/async/blocking_pool.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/run_task.hpp"

namespace clinikk {
namespace {

using testing::run_task;

Task<int> count_failures(BlockingPool& pool, int jobs) {
    int arrived = 0;
    for (int i = 0; i < jobs; ++i) {
        auto const work = [i] { throw std::runtime_error("job " + std::to_string(i)); };
        try {
            co_await pool.run(work);
        } catch (std::runtime_error const& failure) {
            if (failure.what() == "job " + std::to_string(i)) ++arrived;
        }
    }
    co_return arrived;
}

TEST(BlockingPool, AnExceptionArrivesWhereItIsWaitedFor) {
    constexpr int jobs = 5'000;
    std::array<int, 8> arrived{};
    {
        std::vector<std::jthread> loops;
        for (auto& count : arrived) {
            loops.emplace_back([&count] {
                BlockingPool pool(1);
                count = run_task(count_failures(pool, jobs));
            });
        }
    }
    for (int const count : arrived) EXPECT_EQ(count, jobs);
}

TEST(BlockingPool, ReturnsWhatTheWorkReturns) {
    BlockingPool pool(1);
    auto const task = [](BlockingPool& threads) -> Task<std::string> {
        auto const work = [] { return std::string("done"); };
        co_return co_await threads.run(work);
    };
    EXPECT_EQ(run_task(task(pool)), "done");
}

}  // namespace
}  // namespace clinikk
