#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/playback_grant.hpp"
#include "domain/unit_of_work.hpp"
#include "service/audit.hpp"

namespace clinikk {

/// A playback session that has begun.
struct PlaybackSession {
    std::string grant;  ///< for a path segment
    Timestamp expires_at;
};

/// What a client that presents a grant may play, and as whom.
struct GrantedPlayback {
    User viewer{};
    std::chrono::seconds remaining{};
};

/// Playback without an `Authorization` field: lets an account play one content by an address, as long as its session
/// lasts.
class PlaybackSessionService {
public:
    /// A grant lasts at most `longest` (PLAYBACK_SESSION_EXPIRE).
    PlaybackSessionService(UnitOfWork& work, PlaybackGrants& grants, Clock& clock, std::chrono::seconds longest);

    /// Begins a playback session of a content that the caller may see, for `wanted` or the longest time that is
    /// possible. With a `network` only clients in it may use the grant. Fails with `content_not_found`.
    Task<Result<PlaybackSession>> begin(Caller const& caller, Uuid content_id,
                                        std::optional<std::chrono::seconds> wanted, std::string network);

    /// Asks the database whether the session of the grant is still active, at each use. Whether its account may still
    /// see the content is left to `PlaybackService`. Fails with `playback_session_ended`.
    Task<Result<GrantedPlayback>> redeem(Uuid content_id, std::string_view grant, std::string_view network);

private:
    UnitOfWork& work_;
    PlaybackGrants& grants_;
    Clock& clock_;
    std::chrono::seconds longest_;
    RecentEvents recorded_;
};

}  // namespace clinikk
