#include "domain/packaging.hpp"

#include <algorithm>

namespace clinikk {

std::uint64_t PackagedBytes::length() const noexcept {
    std::uint64_t sum = head.size();
    for (auto const& run : runs) sum += run.length;
    return sum;
}

PackagedBytes PackagedBytes::part(ByteRange range) const {
    PackagedBytes found;
    auto skip = range.offset;
    auto left = range.length;
    if (skip < head.size()) found.head = head.substr(skip, left);
    left -= found.head.size();
    skip -= std::min<std::uint64_t>(skip, head.size());
    for (auto const& run : runs) {
        if (left == 0) break;
        if (skip >= run.length) {
            skip -= run.length;
            continue;
        }
        auto const taken = std::min(run.length - skip, left);
        found.runs.push_back({run.offset + skip, taken});
        left -= taken;
        skip = 0;
    }
    return found;
}

}  // namespace clinikk
