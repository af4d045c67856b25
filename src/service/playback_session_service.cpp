#include "service/playback_session_service.hpp"

#include <algorithm>

#include "domain/permission.hpp"
#include "service/audit.hpp"

namespace clinikk {

using std::chrono::seconds;

PlaybackSessionService::PlaybackSessionService(UnitOfWork& work, PlaybackGrants& grants, Clock& clock, seconds longest)
    : work_(work), grants_(grants), clock_(clock), longest_(longest) {}

Task<Result<PlaybackSession>> PlaybackSessionService::begin(Caller const& caller, Uuid content_id,
                                                            std::optional<seconds> wanted, std::string network) {
    auto const content = co_await work_.repositories().contents().find(content_id);
    if (!content || !may(&caller.user, ContentAction::see, access_of(*content))) {
        co_return Error(ErrorCode::content_not_found);
    }
    auto const life = std::min(wanted.value_or(longest_), longest_);
    auto const at = clock_.now();
    auto const expires_at = Timestamp(std::chrono::floor<seconds>(at) + life);
    bool const is_news = !may(nullptr, ContentAction::see, access_of(*content)) &&
                         recorded_.add({caller.credential.id(), content_id}, at);
    if (is_news) {
        AuditTarget const target{TargetKind::content, content_id};
        co_await record(work_.repositories(), caller, AuditAction::playback_session_begun, target, at);
    }
    co_return PlaybackSession{grants_.issue({content_id, caller.credential.id(), expires_at, std::move(network)}),
                              expires_at};
}

Task<Result<GrantedPlayback>> PlaybackSessionService::redeem(Uuid content_id, std::string_view grant,
                                                             std::string_view network) {
    auto const at = clock_.now();
    auto const granted = grants_.verify(grant, network, at);
    if (!granted || granted->content_id != content_id) co_return Error(ErrorCode::playback_session_ended);
    auto user = co_await work_.repositories().sessions().find_active_user(granted->session_id, at);
    if (!user) co_return Error(ErrorCode::playback_session_ended);
    co_return GrantedPlayback{std::move(*user), std::chrono::floor<seconds>(granted->expires_at - at)};
}

}  // namespace clinikk
