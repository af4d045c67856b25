#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

namespace clinikk {

/// A person as an identity provider knows them, and their account here. Issuer and subject together are unique for ever
/// (OpenID Connect Core 1.0 section 5.7); an e-mail address is not.
struct Identity {
    std::string issuer;
    std::string subject;
    Uuid user_id;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Identity, (), (issuer, subject, user_id, created_at))

/// A sign-in under way at an identity provider. Any process takes the browser back.
struct SignIn {
    Sha256Digest state_hash{};    ///< of `state`, which the provider hands back
    Sha256Digest browser_hash{};  ///< of the cookie of the browser that began it
    std::string nonce;            ///< which the ID token must have
    std::string code_verifier;    ///< of the provider's code (RFC 7636)
    std::string callback_url;     ///< the address of this service that the provider was told
    std::string redirect_url;     ///< of the app
    std::string code_challenge;   ///< of the app's code (RFC 7636, S256)
    std::string app_state;        ///< which the app gets back
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(SignIn, (),
                      (state_hash, browser_hash, nonce, code_verifier, callback_url, redirect_url, code_challenge,
                       app_state, expires_at))

/// A sign-in that has succeeded: the app turns the code into a session, once.
struct SignInCode {
    Sha256Digest code_hash{};
    Uuid user_id;
    std::string code_challenge;  ///< of the app
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(SignInCode, (), (code_hash, user_id, code_challenge, expires_at))

class IdentityRepository {
public:
    virtual ~IdentityRepository() = default;

    virtual Task<std::optional<Identity>> find(std::string_view issuer, std::string_view subject) = 0;
    /// Returns false when the identity has an account, or the account another identity of that issuer.
    virtual Task<bool> insert(Identity const& identity) = 0;

    virtual Task<> insert_sign_in(SignIn const& sign_in) = 0;
    /// Removes and returns the sign-in with that state that the browser began.
    virtual Task<std::optional<SignIn>> take_sign_in(Sha256Digest const& state_hash,
                                                     Sha256Digest const& browser_hash) = 0;
    virtual Task<> insert_code(SignInCode const& code) = 0;
    virtual Task<std::optional<SignInCode>> find_code(Sha256Digest const& code_hash) = 0;
    /// Removes and returns a code.
    virtual Task<std::optional<SignInCode>> take_code(Sha256Digest const& code_hash) = 0;
    /// Removes sign-ins and codes that expired before `before`.
    virtual Task<> remove_expired(Timestamp before) = 0;
};

}  // namespace clinikk
