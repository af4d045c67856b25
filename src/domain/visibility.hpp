#pragma once

#include <boost/describe/enum.hpp>

#include <cstdint>

namespace clinikk {

/// Who may see a content besides its owner and admins: everybody; every account; everybody who knows its address, which
/// no listing shows; nobody. `permission.hpp` has the rules.
enum class Visibility : std::uint8_t { public_, members, unlisted, private_ };
BOOST_DESCRIBE_ENUM(Visibility, public_, members, unlisted, private_)

}  // namespace clinikk
