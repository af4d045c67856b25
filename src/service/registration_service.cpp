#include "service/registration_service.hpp"

#include "base/random.hpp"
#include "domain/link_page.hpp"
#include "service/audit.hpp"
#include "service/permission.hpp"

namespace clinikk {
namespace {

constexpr std::size_t listed_invites = 100;

}  // namespace

RegistrationService::RegistrationService(UnitOfWork& work, UserService& users, Throttle& throttle, Clock& clock,
                                         RegistrationOptions options)
    : work_(work), users_(users), throttle_(throttle), clock_(clock), options_(std::move(options)) {}

Task<Result<User>> RegistrationService::add(Email const& email, Password const& password, std::string_view invite_token,
                                            std::string network, Origin origin) {
    if (options_.mode == RegistrationMode::closed) co_return Error(ErrorCode::registration_closed);
    if (invite_token.empty()) {
        if (options_.mode == RegistrationMode::invite) co_return Error(ErrorCode::registration_closed);
        auto const allowed = co_await take_attempt(email, network);
        if (!allowed) co_return allowed.error();
        co_return co_await users_.add(email, password, options_.role, std::move(network), {}, std::move(origin));
    }
    auto const hash = Sha256::of(invite_token);
    // The invite is looked at before the password is hashed, which is expensive, and used up when the account is made.
    auto const invite = co_await work_.repositories().invites().find_open(hash, clock_.now());
    if (!invite) co_return co_await throttle_.refuse_token(ErrorCode::invite_invalid, network);
    auto const allowed = co_await take_attempt(email, network);
    if (!allowed) co_return allowed.error();
    UserService::WithAccount const use = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const open = co_await repositories.invites().find_open(hash, clock_.now());
        bool const used = open && co_await repositories.invites().remove(open->id);
        if (!used) co_return Error(ErrorCode::invite_invalid);
        co_return Result<void>{};
    };
    co_return co_await users_.add(email, password, invite->role, std::move(network), use, std::move(origin));
}

/// Each costs the hash of a password, and may cost a mail.
Task<Result<void>> RegistrationService::take_attempt(Email const& email, std::string_view network) {
    auto standing = co_await throttle_.look(Attempt::registration, email.key(), network);
    co_return co_await throttle_.take(standing);
}

Task<Result<IssuedInvite>> RegistrationService::invite(Caller const& caller, Role role, std::chrono::seconds life) {
    if (options_.mode == RegistrationMode::closed) co_return Error(ErrorCode::registration_closed);
    auto const at = clock_.now();
    IssuedInvite issued{.invite = {}, .token = make_secret()};
    issued.invite = {.id = new_uuid(),
                     .token_hash = Sha256::of(issued.token),
                     .role = role,
                     .invited_by = caller.user.id,
                     .created_at = at,
                     .expires_at = at + life};
    if (!options_.invite_url.empty()) issued.url = link_with_token(options_.invite_url, issued.token);
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const admin = co_await current_admin(repositories, caller);
        if (!admin) co_return admin.error();
        auto const open = co_await repositories.invites().count_open(at);
        if (open >= max_open_invites) co_return Error(ErrorCode::too_many_invites);
        co_await repositories.invites().insert(issued.invite);
        auto const details = audit_details({{"role", enumerator_name(role)}});
        AuditTarget const target{TargetKind::invite, issued.invite.id};
        co_await record(repositories, caller, AuditAction::invite_created, target, at, details);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return std::move(issued);
}

Task<std::vector<Invite>> RegistrationService::list() {
    co_return co_await work_.repositories().invites().list_open(clock_.now(), listed_invites);
}

Task<Result<void>> RegistrationService::withdraw(Caller const& caller, Uuid invite_id) {
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const admin = co_await current_admin(repositories, caller);
        if (!admin) co_return admin.error();
        bool const removed = co_await repositories.invites().remove(invite_id);
        if (!removed) co_return Error(ErrorCode::invite_not_found);
        AuditTarget const target{TargetKind::invite, invite_id};
        co_await record(repositories, caller, AuditAction::invite_deleted, target, clock_.now());
        co_return Result<void>{};
    };
    co_return co_await work_.transaction(steps);
}

}  // namespace clinikk
