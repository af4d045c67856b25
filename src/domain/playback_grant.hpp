#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "base/uuid.hpp"

namespace clinikk {

/// The right to play one content without an `Authorization` field, as a part of an address: players, and what they load
/// by relative addresses, send no such field. It ends with the session that it was issued to.
struct PlaybackGrant {
    Uuid content_id;
    Uuid session_id;
    Timestamp expires_at;   ///< whole seconds
    std::string network{};  ///< of the clients that may use it, as `client_network` returns it; empty: any
};

/// Writes and checks grants. Thread-safe.
class PlaybackGrants {
public:
    virtual ~PlaybackGrants() = default;

    /// The grant as text for a path segment: base64url, signed.
    virtual std::string issue(PlaybackGrant const& grant) = 0;

    /// Reads a grant that a client from `network` presents at `at`. Empty unless its signature is right, it has not
    /// expired, and it may be used from that network.
    virtual std::optional<PlaybackGrant> verify(std::string_view text, std::string_view network, Timestamp at) = 0;
};

}  // namespace clinikk
