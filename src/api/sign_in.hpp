#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <string_view>
#include <vector>

#include "api/second_factor.hpp"
#include "api/services.hpp"
#include "api/session.hpp"
#include "domain/values.hpp"

/// Sign-in by an identity provider: the requests and the handlers.
namespace clinikk::api {

/// `code_challenge` of RFC 7636 section 4.2 for the method S256: 43 characters of base64url.
class CodeChallenge : public ValueOf<std::string> {
public:
    static Parsed<CodeChallenge> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit CodeChallenge(std::string value) : ValueOf(std::move(value)) {}
};

/// `code_verifier` of RFC 7636 section 4.1: 43 to 128 unreserved characters.
class CodeVerifier : public ValueOf<std::string> {
public:
    static Parsed<CodeVerifier> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit CodeVerifier(std::string value) : ValueOf(std::move(value)) {}
};

struct BeginSignInRequest {
    Query<Line<1, 2000>> redirect_uri;
    Query<CodeChallenge> code_challenge;
    Query<std::optional<Line<0, 500>>> state;
};
BOOST_DESCRIBE_STRUCT(BeginSignInRequest, (), (redirect_uri, code_challenge, state))

/// What a provider may send (RFC 6749 section 4.1.2, RFC 9207).
struct FinishSignInRequest {
    Query<Line<1, 200>> state;
    Query<std::optional<Line<0, 4000>>> code;
    Query<std::optional<Line<0, 2000>>> iss;
    Query<std::optional<Line<0, 2000>>> error;
};
BOOST_DESCRIBE_STRUCT(FinishSignInRequest, (), (state, code, iss, error))

struct RedeemSignInRequest {
    FormField<Line<1, 200>> code;
    FormField<CodeVerifier> code_verifier;
    FormField<std::optional<SecondFactorCode>> totp_code;
};
BOOST_DESCRIBE_STRUCT(RedeemSignInRequest, (), (code, code_verifier, totp_code))

Task<Result<Response>> begin_sign_in(Services& services, Request& request, BeginSignInRequest wanted);
Task<Result<Response>> finish_sign_in(Services& services, Request& request, FinishSignInRequest wanted);
Task<Result<Reply<TokenView>>> redeem_sign_in(Services& services, Request& request, RedeemSignInRequest wanted);

}  // namespace clinikk::api
