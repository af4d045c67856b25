#include "service/account_remover.hpp"

#include "service/audit.hpp"
#include "service/permission.hpp"

namespace clinikk {
namespace {

/// Contents in one transaction, during which others may have to wait.
constexpr std::size_t removal_batch = 50;
constexpr std::size_t resumed_at_once = 100;

Error wrong_heir() {
    std::string const detail = "to must be the id of another active account";
    return {ErrorCode::validation_failed, detail, {{detail, "#/to"}}};
}

Task<Result<void>> check_plan(Repositories& repositories, Uuid user_id, std::optional<ContentsPlan> const& plan) {
    if (!plan) {
        bool const has_contents = co_await repositories.contents().has_owned(user_id);
        if (has_contents) co_return Error(ErrorCode::account_has_contents);
    } else if (plan->fate == ContentsFate::reassign) {
        auto const heir = co_await repositories.users().find(plan->heir_id.value());
        bool const may_inherit = heir && heir->is_active && heir->id != user_id;
        if (!may_inherit) co_return wrong_heir();
    }
    co_return Result<void>{};
}

/// Does to one content what the removal says.
Task<> settle(Repositories& repositories, AccountRemoval const& removal, Uuid content_id, Timestamp at) {
    bool const goes = removal.contents == ContentsFate::remove;
    if (goes) {
        co_await repositories.objects().release(content_id);
        co_await repositories.contents().remove(content_id);
    } else {
        co_await repositories.contents().set_owner(content_id, removal.heir_id);
    }
    Event const event{new_uuid(), goes ? "content.deleted" : "content.updated", content_id, "{}", at};
    co_await repositories.outbox().publish(event);
    auto const actor = Actor::service();
    auto const details = audit_details({{"removed_account", removal.user_id.to_string()}});
    auto const action = goes ? AuditAction::content_deleted : AuditAction::content_assigned;
    co_await record(repositories, actor, action, {TargetKind::content, content_id}, at, details);
}

}  // namespace

AccountRemover::AccountRemover(UnitOfWork& work, Clock& clock, Log& log) : work_(work), clock_(clock), log_(log) {}

Task<Result<void>> AccountRemover::remove(Caller const& admin, Uuid user_id, std::optional<ContentsPlan> plan) {
    auto const other = require_not_own_key(admin, user_id);
    if (!other) co_return other.error();
    Authorise const authorise = [&admin](Repositories& repositories) { return current_admin(repositories, admin); };
    co_return co_await begin(user_id, plan, admin, authorise);
}

Task<Result<void>> AccountRemover::remove_own(Caller const& caller, std::optional<ContentsPlan> plan) {
    Authorise const authorise = [&caller](Repositories& repositories) { return current_user(repositories, caller); };
    co_return co_await begin(caller.user.id, plan, caller, authorise);
}

Task<Result<void>> AccountRemover::begin(Uuid user_id, std::optional<ContentsPlan> plan, Caller const& caller,
                                         Authorise authorise) {
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const allowed = co_await authorise(repositories);
        if (!allowed) co_return allowed.error();
        auto const user = co_await repositories.users().find(user_id);
        if (!user) co_return Error(ErrorCode::user_not_found);
        auto const spared = co_await require_other_admin(repositories, *user);
        if (!spared) co_return spared.error();
        auto const checked = co_await check_plan(repositories, user_id, plan);
        if (!checked) co_return checked.error();
        auto const chosen = plan.value_or(ContentsPlan{});
        AccountRemoval const removal{user_id, chosen.fate, chosen.heir_id, clock_.now()};
        co_await repositories.users().note_removal(removal);
        // What other removals hand to this account would lose its owner with it: it goes the way of its own contents.
        // After this transaction the account is no heir of anybody's, since heirs are active.
        bool const inherits = co_await repositories.users().redirect_removals(user_id, chosen.fate, chosen.heir_id);
        if (inherits && !plan) co_return Error(ErrorCode::account_has_contents);
        co_await repositories.users().set_active(user_id, false);
        co_await repositories.sessions().revoke_all(user_id, clock_.now());
        auto const kept_until = clock_.now() + ended_resumable_upload_life;
        co_await repositories.resumable_uploads().cancel_owned(user_id, clock_.now(), kept_until);
        auto const details = audit_details({{"email", user->email}, {"contents", enumerator_name(chosen.fate)}});
        AuditTarget const target{TargetKind::account, user_id};
        co_await record(repositories, caller, AuditAction::account_removed, target, clock_.now(), details);
        co_return Result<void>{};
    };
    auto const begun = co_await work_.transaction(steps);
    if (begun) co_await finish(user_id);
    co_return begun;
}

Task<> AccountRemover::finish(Uuid user_id) {
    bool has_gone = false;
    while (!has_gone) has_gone = co_await advance(user_id);
    log_.info("account.removed", {{"user", user_id.to_string()}});
}

Task<bool> AccountRemover::advance(Uuid user_id) {
    bool has_gone = false;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const removal = co_await repositories.users().find_removal(user_id);
        has_gone = !removal;  // another process was faster
        if (has_gone) co_return Result<void>{};
        auto const contents = co_await repositories.contents().list_owned(user_id, Uuid{}, removal_batch);
        for (auto const& content : contents) co_await settle(repositories, *removal, content.id, clock_.now());
        has_gone = contents.empty();
        if (has_gone) co_await repositories.users().remove(user_id);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    done.value();
    co_return has_gone;
}

Task<> AccountRemover::resume() {
    auto const removals = co_await work_.repositories().users().list_removals(resumed_at_once);
    for (auto const& removal : removals) {
        try {
            co_await finish(removal.user_id);
        } catch (std::exception const& failure) {
            log_.warning("account.removal_failed", {{"user", removal.user_id.to_string()}, {"error", failure.what()}});
        }
    }
}

}  // namespace clinikk
