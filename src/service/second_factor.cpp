#include "service/second_factor.hpp"

#include "domain/totp.hpp"

namespace clinikk {

Sha256Digest hash_recovery_code(std::string_view code) {
    std::string plain;
    for (char const c : code) {
        if (c == ' ' || c == '-') continue;
        plain += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return Sha256::of(plain);
}

Task<Result<void>> SecondFactor::check(Repositories& repositories, Uuid user_id, std::string_view code, Timestamp at) {
    auto const totp = co_await repositories.second_factors().find(user_id);
    if (!totp || !totp->confirmed_at) co_return Result<void>{};
    if (code.empty()) co_return Error(ErrorCode::totp_required);
    auto const used = co_await use_code(repositories, *totp, code, at);
    if (used) co_return Result<void>{};
    co_return co_await use_recovery_code(repositories, user_id, code);
}

Task<Result<void>> SecondFactor::use_code(Repositories& repositories, Totp const& totp, std::string_view code,
                                          Timestamp at) {
    auto const context = totp.user_id.to_string();
    auto const secret = box_.open(totp.sealed_secret, context);
    if (!secret) {
        log_.error("totp.secret_read_failed", {{"user", context}, {"reason", "it was sealed with another SECRET_KEY"}});
        co_return Error(ErrorCode::totp_wrong);
    }
    auto const step = match_totp(*secret, code, at, totp.last_step);
    if (!step) co_return Error(ErrorCode::totp_wrong);
    // Sealed anew, so that the previous key is not needed for ever.
    auto const sealed = box_.seal(*secret, context);
    bool const accepted = co_await repositories.second_factors().accept_step(totp.user_id, *step, sealed);
    if (!accepted) co_return Error(ErrorCode::totp_wrong);
    co_return Result<void>{};
}

Task<Result<void>> SecondFactor::use_recovery_code(Repositories& repositories, Uuid user_id, std::string_view code) {
    auto const hash = hash_recovery_code(code);
    bool const used = co_await repositories.second_factors().use_recovery_code(user_id, hash);
    if (!used) co_return Error(ErrorCode::totp_wrong);
    log_.warning("recovery_code.used", {{"user", user_id.to_string()}});
    co_return Result<void>{};
}

}  // namespace clinikk
