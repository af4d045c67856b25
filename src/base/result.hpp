#pragma once

#include <boost/system/result.hpp>

#include "base/error.hpp"

namespace clinikk {

/// A value or an expected failure. Breakage (database gone, disk full) is an exception instead.
template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace clinikk
