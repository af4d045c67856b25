#pragma once

#include <boost/asio/awaitable.hpp>

namespace clinikk {

/// The coroutine type of all asynchronous functions: lazy, started by `co_await`, resumed on the executor it was
/// started on.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace clinikk
