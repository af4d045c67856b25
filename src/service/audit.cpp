#include "service/audit.hpp"

#include <algorithm>

namespace clinikk {
namespace {

std::optional<std::string> unless_empty(std::string const& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

Task<> record(Repositories& repositories, Actor const& actor, AuditAction action, AuditTarget target, Timestamp at,
              std::string_view details) {
    AuditEvent event;
    event.id = new_uuid();
    event.at = at;
    event.action = to_string(action);
    event.actor_kind = actor.kind();
    event.actor_id = actor.id();
    event.actor_email = unless_empty(actor.email());
    if (auto const& credential = actor.credential()) {
        event.credential_kind = credential->kind();
        event.credential_id = credential->id();
        event.credential_name = unless_empty(credential->name());
    }
    event.target_kind = target.kind;
    event.target_id = target.id;
    event.address = unless_empty(actor.origin().address);
    event.user_agent = unless_empty(actor.origin().user_agent);
    event.request_id = actor.origin().request_id;
    event.details = details;
    co_await repositories.audit().insert(std::move(event));
    auto const& origin = actor.origin();
    if (!origin.is_keyed) co_return;
    bool const is_ours = co_await repositories.idempotency().note_effect(origin.request_id.value(), target.id);
    if (!is_ours) throw Unavailable("another request has taken over the Idempotency-Key");
}

std::optional<std::uint64_t> FailureBudget::take(std::chrono::steady_clock::time_point at) {
    std::lock_guard const lock(mutex_);
    auto const paid_until = std::max(paid_until_, at) + price;
    if (paid_until - at > price * burst) {
        ++left_out_;
        return std::nullopt;
    }
    paid_until_ = paid_until;
    return std::exchange(left_out_, 0);
}

bool RecentEvents::add(What what, Timestamp at) {
    std::lock_guard const lock(mutex_);
    if (written_.size() >= max_events) {
        std::erase_if(written_, [at](auto const& event) { return at - event.second >= window; });
        if (written_.size() >= max_events) written_.clear();
    }
    auto const [place, is_new] = written_.try_emplace(what, at);
    if (is_new) return true;
    if (at - place->second < window) return false;
    place->second = at;
    return true;
}

}  // namespace clinikk
