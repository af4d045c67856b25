#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

#include "base/async/task.hpp"

namespace clinikk::app {

/// Runs a task to its end on this thread. Its exceptions are thrown here.
template <class T>
T run_to_end(Task<T> task) {
    boost::asio::io_context context;
    std::exception_ptr breakage;
    std::optional<T> outcome;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr failure, T value) {
        breakage = failure;
        if (!failure) outcome = std::move(value);
    });
    context.run();
    if (breakage) std::rethrow_exception(breakage);
    return std::move(*outcome);
}

inline void run_to_end(Task<> task) {
    boost::asio::io_context context;
    std::exception_ptr breakage;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr failure) { breakage = failure; });
    context.run();
    if (breakage) std::rethrow_exception(breakage);
}

}  // namespace clinikk::app
