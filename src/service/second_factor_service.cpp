#include "service/second_factor_service.hpp"

#include <array>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "domain/totp.hpp"
#include "service/audit.hpp"

namespace clinikk {
namespace {

constexpr std::string_view issuer = "Clinikk TV";
constexpr std::size_t secret_bytes = 20;  // RFC 4226 section 4: 160 bits
constexpr std::size_t code_bytes = 15;    // 120 bits, so that a plain hash suffices
constexpr std::size_t code_group = 4;     // characters between hyphens
constexpr std::size_t recovery_codes = 10;

template <std::size_t Size>
std::string random_bytes() {
    std::array<std::uint8_t, Size> bytes;
    fill_random(bytes);
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

/// 24 characters of base32 in groups, for people to write down.
std::string make_recovery_code() {
    auto code = to_base32(random_bytes<code_bytes>());
    for (auto at = code_group; at < code.size(); at += code_group + 1) code.insert(at, 1, '-');
    return code;
}

}  // namespace

Task<Result<NewTotp>> SecondFactorService::begin(Caller const& caller, std::optional<std::string_view> password,
                                                 std::string network) {
    HashingClient client{std::move(network)};
    auto const confirmed = co_await sessions_.confirm_owner(caller, password, client);
    if (!confirmed) co_return confirmed.error();
    auto const secret = random_bytes<secret_bytes>();
    Totp const totp{caller.user.id, box_.seal(secret, caller.user.id.to_string()), clock_.now()};
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const present = co_await repositories.second_factors().find(totp.user_id);
        if (present && present->confirmed_at) co_return Error(ErrorCode::totp_active);
        co_await repositories.second_factors().replace(totp);
        AuditTarget const target{TargetKind::account, totp.user_id};
        co_await record(repositories, caller, AuditAction::totp_begun, target, clock_.now());
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    auto const text = to_base32(secret);
    co_return NewTotp{text, totp_address(issuer, caller.user.email, text)};
}

Task<Result<std::vector<std::string>>> SecondFactorService::confirm(Caller const& caller, std::string_view code,
                                                                    std::string_view network) {
    std::vector<std::string> codes;
    for (std::size_t i = 0; i < recovery_codes; ++i) codes.push_back(make_recovery_code());
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto& factors = repositories.second_factors();
        auto const totp = co_await factors.find(caller.user.id);
        if (!totp || totp->confirmed_at) co_return Error(ErrorCode::totp_not_found);
        auto const used = co_await second_factor_.use_code(repositories, *totp, code, clock_.now());
        if (!used) co_return used.error();
        co_await factors.confirm(totp->user_id, clock_.now());
        for (auto const& each : codes) {
            RecoveryCode const row{hash_recovery_code(each), totp->user_id};
            co_await factors.insert_recovery_code(row);
        }
        AuditTarget const target{TargetKind::account, totp->user_id};
        co_await record(repositories, caller, AuditAction::totp_confirmed, target, clock_.now());
        co_return Result<void>{};
    };
    auto const done = co_await limited(caller, network, steps);
    if (!done) co_return done.error();
    co_return codes;
}

Task<Result<void>> SecondFactorService::remove(Caller const& caller, std::string_view code, std::string_view network) {
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto& factors = repositories.second_factors();
        auto const totp = co_await factors.find(caller.user.id);
        if (!totp || !totp->confirmed_at) co_return Error(ErrorCode::totp_not_found);
        auto const passed = co_await second_factor_.check(repositories, totp->user_id, code, clock_.now());
        if (!passed) co_return passed.error();
        co_await factors.remove(totp->user_id);
        AuditTarget const target{TargetKind::account, totp->user_id};
        co_await record(repositories, caller, AuditAction::totp_removed, target, clock_.now());
        co_return Result<void>{};
    };
    co_return co_await limited(caller, network, steps);
}

Task<Result<void>> SecondFactorService::limited(Caller const& caller, std::string_view network,
                                                UnitOfWork::Steps const& steps) {
    auto standing = co_await throttle_.look(Attempt::login, caller.user.email_key, network);
    auto const allowed = co_await throttle_.take(standing);
    if (!allowed) co_return allowed.error();
    auto const done = co_await work_.transaction(steps);
    bool const is_wrong = !done && done.error().code == ErrorCode::totp_wrong;
    if (is_wrong) co_return throttle_.explain(done.error(), standing);
    if (!done) co_return done.error();
    co_await throttle_.succeeded(standing);
    co_return Result<void>{};
}

}  // namespace clinikk
