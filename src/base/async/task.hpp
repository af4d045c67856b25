#pragma once

#include <boost/asio/awaitable.hpp>

namespace clinikk {

/// A coroutine of ours: lazy, started by `co_await`, resumed on the executor it was started on.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace clinikk
