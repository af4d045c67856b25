#include "base/async/memory_budget.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <thread>

namespace clinikk {
namespace {

namespace asio = boost::asio;

/// Borrows, notes that it did, and keeps the loan until told otherwise.
struct Borrower {
    MemoryBudget::Loan loan{};
    bool has_it = false;

    static Task<> borrow(MemoryBudget& budget, std::size_t bytes, Borrower& self) {
        self.loan = co_await budget.borrow(bytes);
        self.has_it = true;
    }
};

class MemoryBudgets : public ::testing::Test {
protected:
    void start(std::size_t bytes, Borrower& borrower) {
        asio::co_spawn(loop_, Borrower::borrow(budget_, bytes, borrower), asio::detached);
        settle();
    }
    void settle() {
        loop_.restart();
        loop_.poll();
    }

    MemoryBudget budget_{100};
    asio::io_context loop_;
};

TEST_F(MemoryBudgets, LendsNoMoreThanThereIs) {
    Borrower first, second, third;
    start(60, first);
    start(40, second);
    start(1, third);
    EXPECT_TRUE(first.has_it && second.has_it);
    EXPECT_FALSE(third.has_it);
    second.loan = {};
    settle();
    EXPECT_TRUE(third.has_it);
}

TEST_F(MemoryBudgets, ServesInTurn) {
    Borrower first, large, small;
    start(60, first);
    start(80, large);
    start(10, small);
    EXPECT_FALSE(small.has_it) << "it would go past the one that waits for more";
    first.loan = {};
    settle();
    EXPECT_TRUE(large.has_it);
    EXPECT_TRUE(small.has_it);
}

TEST_F(MemoryBudgets, MoreThanAllIsAll) {
    Borrower greedy;
    start(1000, greedy);
    EXPECT_TRUE(greedy.has_it);
}

TEST(MemoryBudget, WhoGoesAwayWhileWaitingTakesNothing) {
    MemoryBudget budget(100);
    Borrower first, never, later;
    asio::io_context loop;
    asio::co_spawn(loop, Borrower::borrow(budget, 100, first), asio::detached);
    loop.poll();
    {
        asio::io_context doomed;
        asio::co_spawn(doomed, Borrower::borrow(budget, 100, never), asio::detached);
        doomed.poll();
    }
    first.loan = {};
    asio::co_spawn(loop, Borrower::borrow(budget, 100, later), asio::detached);
    loop.restart();
    loop.poll();
    EXPECT_FALSE(never.has_it);
    EXPECT_TRUE(later.has_it);
}

}  // namespace
}  // namespace clinikk
