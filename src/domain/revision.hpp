#pragma once

#include <array>
#include <cstdint>

namespace clinikk {

/// An opaque state of the database. Equal revisions are the same state, whichever process committed last.
struct Revision {
    std::array<std::uint64_t, 6> mark{};
    bool operator==(Revision const&) const = default;
};

}  // namespace clinikk
