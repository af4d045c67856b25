#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/async/task.hpp"
#include "base/error.hpp"

namespace clinikk::testing {

/// The calls that one process makes to its ports, numbered from 1. Every method of a fake passes through here, so that
/// a test can step in at call number N, for every N.
class Calls {
public:
    /// What happens at a call. What it throws, the caller gets. Calls that are made meanwhile have no number.
    using Hook = std::function<void(int number, std::string_view name)>;

    Hook before{};  ///< when it throws, the call is not made
    Hook after{};   ///< when it throws, the call was made and its answer is lost

    bool yields = false;  ///< whether others have their turn before a call is made, as with a real port

    /// Makes a call; `work` does it, without waiting.
    template <class Work>
    auto make(std::string_view name, Work work) -> Task<std::invoke_result_t<Work&>> {
        if (yields) {
            auto const executor = co_await boost::asio::this_coro::executor;
            co_await boost::asio::post(executor, boost::asio::use_awaitable);
        }
        require_alive();
        bool const is_numbered = !in_hook_;
        int const number = is_numbered ? ++count_ : 0;
        if (is_numbered) step_in(before, number, name);
        if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
            work();
            if (is_numbered) step_in(after, number, name);
            co_return;
        } else {
            auto answer = work();
            if (is_numbered) step_in(after, number, name);
            co_return answer;
        }
    }

    int count() const { return count_; }

    /// The process dies: it makes no call any more, and cleans nothing up.
    void kill() { is_dead_ = true; }
    bool is_dead() const { return is_dead_; }

private:
    void require_alive() const {
        if (is_dead_) throw Unavailable("the process is dead (expected here)");
    }

    void step_in(Hook const& hook, int number, std::string_view name) {
        if (!hook) return;
        in_hook_ = true;
        try {
            hook(number, name);
        } catch (...) {
            in_hook_ = false;
            throw;
        }
        in_hook_ = false;
        require_alive();
    }

    std::atomic<int> count_{0};
    bool in_hook_ = false;
    std::atomic<bool> is_dead_{false};
};

/// What can go wrong at a call.
enum class Fault {
    refused,        ///< it fails, others work
    answer_lost,    ///< it is made and its answer is lost, others work
    store_away,     ///< from it on, every call to an object store fails
    database_away,  ///< from it on, every call to the database fails
    killed_before,  ///< the process dies before it
    killed_after,   ///< the process dies when it has been made
};
inline constexpr auto all_faults = {Fault::refused,       Fault::answer_lost,   Fault::store_away,
                                    Fault::database_away, Fault::killed_before, Fault::killed_after};

std::string_view name_of(Fault fault);

/// Has call number `number` go wrong in that way.
void break_call(Calls& calls, int number, Fault fault);

/// Calls `attempt(number)` with 1, 2, 3, … until it says that it made fewer calls; how many it made at most.
template <class Attempt>
int for_every_call(Attempt const& attempt) {
    int number = 1;
    while (attempt(number)) ++number;
    return number - 1;
}

}  // namespace clinikk::testing
