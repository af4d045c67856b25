#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <utility>

#include "base/async/task.hpp"

namespace clinikk::testing {

/// Runs a coroutine to its end on a loop of its own and returns, or throws, what it does.
template <class T>
T run_task(Task<T> task) {
    boost::asio::io_context loop;
    auto outcome = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
    loop.run();
    return outcome.get();
}

}  // namespace clinikk::testing
