#pragma once

#include <memory>
#include <span>
#include <string>

#include "domain/playback_grant.hpp"

namespace clinikk {

/// Grants that are signed with HMAC-SHA-256 under keys derived from `keys`: the first one signs, all of them are
/// accepted. `keys` are those of the access tokens and must not be empty.
std::unique_ptr<PlaybackGrants> make_playback_grants(std::span<std::string const> keys);

}  // namespace clinikk
