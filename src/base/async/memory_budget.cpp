#include "base/async/memory_budget.hpp"

#include <boost/asio/this_coro.hpp>

#include <deque>
#include <mutex>
#include <utility>

#include "base/async/wakeup.hpp"

namespace clinikk {

struct MemoryBudget::Queue {
    struct Turn {
        std::size_t bytes;
        Wakeup wakeup;
        bool is_granted = false;
    };

    std::mutex mutex;
    std::size_t left = 0;
    std::deque<std::shared_ptr<Turn>> turns;

    /// Grants what fits, in order. The caller holds the mutex.
    void serve() {
        while (!turns.empty() && turns.front()->bytes <= left) {
            left -= turns.front()->bytes;
            turns.front()->is_granted = true;
            turns.front()->wakeup.wake();
            turns.pop_front();
        }
    }

    bool is_granted(Turn const& turn) {
        std::lock_guard const lock(mutex);
        return turn.is_granted;
    }

    /// Removes a waiter from the queue, or returns its grant, when its coroutine ends before it could use it.
    void withdraw(std::shared_ptr<Turn> const& turn) {
        std::lock_guard const lock(mutex);
        if (turn->is_granted) left += turn->bytes;
        std::erase(turns, turn);
        serve();
    }
};

MemoryBudget::Loan::Loan(Loan&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

MemoryBudget::Loan& MemoryBudget::Loan::operator=(Loan&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

MemoryBudget::Loan::~Loan() {
    if (budget_ != nullptr) budget_->give_back(bytes_);
}

MemoryBudget::MemoryBudget(std::size_t bytes) : total_(bytes), queue_(std::make_unique<Queue>()) {
    queue_->left = bytes;
}

MemoryBudget::~MemoryBudget() = default;

Task<MemoryBudget::Loan> MemoryBudget::borrow(std::size_t bytes) {
    struct Withdrawal {
        Queue& queue;
        std::shared_ptr<Queue::Turn> turn;
        ~Withdrawal() {
            if (turn) queue.withdraw(turn);
        }
    };
    auto const executor = co_await boost::asio::this_coro::executor;
    bytes = std::min(bytes, total_);
    Withdrawal waiting{*queue_, std::make_shared<Queue::Turn>(Queue::Turn{bytes, Wakeup(executor)})};
    {
        std::lock_guard const lock(queue_->mutex);
        queue_->turns.push_back(waiting.turn);
        queue_->serve();
    }
    while (!queue_->is_granted(*waiting.turn)) co_await waiting.turn->wakeup.wait();
    waiting.turn.reset();
    co_return Loan(*this, bytes);
}

void MemoryBudget::give_back(std::size_t bytes) {
    std::lock_guard const lock(queue_->mutex);
    queue_->left += bytes;
    queue_->serve();
}

}  // namespace clinikk
