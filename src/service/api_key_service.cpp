#include "service/api_key_service.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "service/audit.hpp"
#include "service/permission.hpp"

namespace clinikk {
namespace {

constexpr std::string_view mark = "ctv_";
constexpr std::size_t secret_size = 43;   // 256 bits in base64url
constexpr std::size_t checksum_size = 4;  // 24 bits in base64url
constexpr std::size_t key_size = mark.size() + secret_size + checksum_size;
constexpr std::size_t prefix_size = mark.size() + 6;
constexpr std::chrono::minutes use_interval{1};

std::string checksum(std::string_view text) {
    auto const digest = Sha256::of(text);
    return to_base64url({reinterpret_cast<char const*>(digest.data()), 3});
}

std::string make_key() {
    auto text = std::string(mark) + make_secret();
    return text + checksum(text);
}

}  // namespace

ApiKeyService::ApiKeyService(UnitOfWork& work, Clock& clock, Log& log) : work_(work), clock_(clock), log_(log) {}

bool ApiKeyService::is_key(std::string_view token) noexcept { return token.starts_with(mark); }

bool ApiKeyService::is_well_formed(std::string_view key) {
    if (!is_key(key) || key.size() != key_size) return false;
    auto const checked = key.size() - checksum_size;
    return checksum(key.substr(0, checked)) == key.substr(checked);
}

Task<Result<IssuedApiKey>> ApiKeyService::create(Caller const& caller, NewApiKey wanted) {
    auto const at = clock_.now();
    IssuedApiKey issued{.key = {}, .text = make_key()};
    issued.key.id = new_uuid();
    issued.key.user_id = caller.user.id;
    issued.key.name = std::move(wanted.name);
    issued.key.prefix = issued.text.substr(0, prefix_size);
    issued.key.key_hash = Sha256::of(issued.text);
    issued.key.scopes = wanted.scopes.to_string();
    issued.key.created_at = at;
    if (wanted.life) issued.key.expires_at = at + *wanted.life;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await current_user(repositories, caller);
        if (!user) co_return user.error();
        bool const is_for_admins =
            wanted.scopes.contains(Scope::users_admin) || wanted.scopes.contains(Scope::audit_read);
        bool const is_too_much = is_for_admins && !may_administer(user->role);
        if (is_too_much) {
            co_return Error(ErrorCode::forbidden, "Only administrators have keys with users:admin or audit:read");
        }
        auto const count = co_await repositories.api_keys().count(user->id);
        if (count >= max_keys) co_return Error(ErrorCode::too_many_api_keys);
        co_await repositories.api_keys().insert(issued.key);
        AuditTarget const target{TargetKind::api_key, issued.key.id};
        auto const details = audit_details({{"name", issued.key.name}, {"scopes", issued.key.scopes}});
        co_await record(repositories, caller, AuditAction::api_key_created, target, at, details);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return std::move(issued);
}

Task<std::vector<ApiKey>> ApiKeyService::list(Caller const& caller) {
    co_return co_await work_.repositories().api_keys().list(caller.user.id, max_keys);
}

Task<Result<void>> ApiKeyService::remove(Caller const& caller, Uuid key_id) {
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        bool const removed = co_await repositories.api_keys().remove(key_id, caller.user.id);
        if (!removed) co_return Error(ErrorCode::api_key_not_found);
        AuditTarget const target{TargetKind::api_key, key_id};
        co_await record(repositories, caller, AuditAction::api_key_deleted, target, clock_.now());
        co_return Result<void>{};
    };
    co_return co_await work_.transaction(steps);
}

Task<Result<Caller>> ApiKeyService::authenticate(std::string_view key) {
    if (!is_well_formed(key)) co_return Error(ErrorCode::not_authenticated);
    auto const at = clock_.now();
    auto owner = co_await work_.repositories().api_keys().find_owner(Sha256::of(key), at);
    if (!owner) co_return Error(ErrorCode::not_authenticated);
    auto const scopes = Scopes::parse(owner->key_scopes);
    if (!scopes) throw std::runtime_error("the database has an API key with unknown scopes");
    bool const is_noted = owner->key_used_at && at - *owner->key_used_at < use_interval;
    if (!is_noted) co_await note_use(*owner, at);
    auto const credential = Credential::api_key(owner->key_id, *scopes, owner->key_name);
    User& user = *owner;
    Caller caller{std::move(user), credential, at};
    co_return caller;
}

/// The time is for people: where it cannot be noted, the request goes on.
Task<> ApiKeyService::note_use(ApiKeyOwner const& owner, Timestamp at) {
    try {
        co_await work_.repositories().api_keys().note_use(owner.key_id, at, at - use_interval);
    } catch (std::exception const& failure) {
        log_.warning("api_key.use_dropped", {{"key", owner.key_id.to_string()}, {"error", failure.what()}});
    }
}

}  // namespace clinikk
