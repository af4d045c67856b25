#pragma once

#include <boost/describe/class.hpp>

#include "api/services.hpp"
#include "domain/values.hpp"

/// One-time links that are mailed to accounts: for a new password, and to verify an e-mail address.
namespace clinikk::api {

using OneTimeToken = Text<1, 200>;

struct LinkRequest {
    FormField<Email> email;
};
BOOST_DESCRIBE_STRUCT(LinkRequest, (), (email))

struct ConfirmPasswordResetRequest {
    FormField<OneTimeToken> token;
    FormField<Password> new_password;
};
BOOST_DESCRIBE_STRUCT(ConfirmPasswordResetRequest, (), (token, new_password))

struct VerifyEmailRequest {
    FormField<OneTimeToken> token;
};
BOOST_DESCRIBE_STRUCT(VerifyEmailRequest, (), (token))

Task<Result<Response>> request_password_reset(Services& services, Request& request, LinkRequest wanted);
Task<Result<Response>> confirm_password_reset(Services& services, Request& request, ConfirmPasswordResetRequest wanted);
Task<Result<Response>> verify_email(Services& services, Request& request, VerifyEmailRequest wanted);
Task<Result<Response>> resend_verification(Services& services, Request& request, LinkRequest wanted);

}  // namespace clinikk::api
