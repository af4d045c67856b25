#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.hpp"
#include "domain/values.hpp"

/// The second factor of an account: the requests and the handlers.
namespace clinikk::api {

/// A code of an authenticator, or a recovery code.
using SecondFactorCode = Line<1, 64>;

struct BeginTotpRequest {
    FormField<std::optional<LoginPassword>> password;
};
BOOST_DESCRIBE_STRUCT(BeginTotpRequest, (), (password))

struct TotpCodeRequest {
    FormField<SecondFactorCode> totp_code;
};
BOOST_DESCRIBE_STRUCT(TotpCodeRequest, (), (totp_code))

struct NewTotpView {
    static constexpr std::string_view schema_name = "NewTotp";
    std::string secret;       ///< base32
    std::string otpauth_url;  ///< for a QR code
};
BOOST_DESCRIBE_STRUCT(NewTotpView, (), (secret, otpauth_url))

struct RecoveryCodesView {
    static constexpr std::string_view schema_name = "RecoveryCodes";
    std::vector<std::string> recovery_codes;
};
BOOST_DESCRIBE_STRUCT(RecoveryCodesView, (), (recovery_codes))

Task<Result<Reply<NewTotpView>>> begin_totp(Services& services, Request& request, BeginTotpRequest wanted);
Task<Result<Reply<RecoveryCodesView>>> confirm_totp(Services& services, Request& request, TotpCodeRequest wanted);
Task<Result<Response>> remove_totp(Services& services, Request& request, TotpCodeRequest wanted);

}  // namespace clinikk::api
