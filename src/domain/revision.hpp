#pragma once

#include <array>
#include <cstdint>

namespace clinikk {

/// A state of the database, opaque: two that are equal are the same state, whichever process committed last.
struct Revision {
    std::array<std::uint64_t, 6> mark{};
    bool operator==(Revision const&) const = default;
};

}  // namespace clinikk
