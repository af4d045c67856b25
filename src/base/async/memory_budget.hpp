#pragma once

#include <cstddef>
#include <memory>

#include "base/async/task.hpp"

namespace clinikk {

/// Memory from which many coroutines may borrow. A coroutine that finds too little waits for its turn. One for the
/// whole process.
class MemoryBudget {
public:
    /// A loan of bytes. Its destructor returns them, on any thread.
    class Loan {
    public:
        Loan() = default;
        Loan(MemoryBudget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}
        Loan(Loan&& other) noexcept;
        Loan& operator=(Loan&& other) noexcept;
        ~Loan();

    private:
        MemoryBudget* budget_ = nullptr;
        std::size_t bytes_ = 0;
    };

    /// `bytes` is the total. The budget must outlive its loans.
    explicit MemoryBudget(std::size_t bytes);
    MemoryBudget(MemoryBudget const&) = delete;
    MemoryBudget& operator=(MemoryBudget const&) = delete;
    ~MemoryBudget();

    std::size_t total() const noexcept { return total_; }

    /// Waits until that many bytes are free, first come, first served. At most `total()`.
    Task<Loan> borrow(std::size_t bytes);

private:
    struct Queue;
    void give_back(std::size_t bytes);

    std::size_t total_;
    std::unique_ptr<Queue> queue_;
};

}  // namespace clinikk
