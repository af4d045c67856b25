#pragma once

#include <boost/describe/enum.hpp>

#include <cstdint>

namespace clinikk {

/// Who may see a content besides its owner and admins. `public_`: everybody. `members`: every account. `unlisted`:
/// everybody who knows its address, which no listing shows. `private_`: nobody. `permission.hpp` has the rules.
enum class Visibility : std::uint8_t { public_, members, unlisted, private_ };
BOOST_DESCRIBE_ENUM(Visibility, public_, members, unlisted, private_)

}  // namespace clinikk
