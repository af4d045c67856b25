#include "base/backoff.hpp"

#include <algorithm>
#include <cstdint>
#include <random>

namespace clinikk {

Backoff::Milliseconds Backoff::next() {
    auto const bound = std::min(bound_, longest_);
    bound_ = std::min(2 * bound, longest_);
    static thread_local std::minstd_rand random{std::random_device{}()};
    return Milliseconds(std::uniform_int_distribution<std::int64_t>(bound.count() / 2, bound.count())(random));
}

}  // namespace clinikk
