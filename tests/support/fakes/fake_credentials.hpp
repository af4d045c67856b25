#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "domain/credentials.hpp"
#include "support/fakes/calls.hpp"

namespace clinikk::testing {

/// Hashes without a cost. A hash that begins with `old:` is of a kind that is no longer made.
class FakePasswordHasher final : public PasswordHasher {
public:
    explicit FakePasswordHasher(Calls& calls) : calls_(calls) {}

    Task<Result<std::string>> hash(std::string_view password, HashingClient) override {
        return calls_.make("hasher.hash",
                           [password]() -> Result<std::string> { return "new:" + std::string(password); });
    }

    Task<Result<bool>> verify(std::string_view password, std::string_view hash, HashingClient) override {
        return calls_.make("hasher.verify", [password, hash]() -> Result<bool> {
            return hash.size() == password.size() + 4 && hash.substr(4) == password;
        });
    }

    bool is_outdated(std::string_view hash) const override { return hash.starts_with("old:"); }

private:
    Calls& calls_;
};

/// Tokens that anybody could make: both ids and when they expire.
class FakeAccessTokens final : public AccessTokens {
public:
    explicit FakeAccessTokens(std::chrono::seconds lifetime) : lifetime_(lifetime) {}

    std::string issue(AccessClaims const& claims, Timestamp at) override {
        auto const until = (at + lifetime_).time_since_epoch().count();
        return claims.user_id.to_string() + claims.session_id.to_string() + std::to_string(until);
    }

    std::chrono::seconds lifetime() const noexcept override { return lifetime_; }

    std::string public_keys() const override { return R"({"keys":[]})"; }

    Result<AccessClaims> verify(std::string_view token, Timestamp at) override {
        constexpr std::size_t id_length = 36;
        if (token.size() <= 2 * id_length) return Error(ErrorCode::not_authenticated);
        auto const user = Uuid::from_string(token.substr(0, id_length));
        auto const session = Uuid::from_string(token.substr(id_length, id_length));
        std::int64_t until = 0;
        auto const [end, failure] = std::from_chars(token.data() + 2 * id_length, token.data() + token.size(), until);
        bool const is_good = user && session && failure == std::errc{} && end == token.data() + token.size() &&
                             at < Timestamp(std::chrono::microseconds(until));
        if (!is_good) return Error(ErrorCode::not_authenticated);
        return AccessClaims{*user, *session};
    }

private:
    std::chrono::seconds lifetime_;
};

/// Hides nothing, but opens in the right context only.
class FakeSecretBox final : public SecretBox {
public:
    std::string seal(std::string_view secret, std::string_view context) override {
        return "sealed:" + std::string(context) + ':' + std::string(secret);
    }

    std::optional<std::string> open(std::string_view sealed, std::string_view context) override {
        auto const mark = seal("", context);
        return sealed.starts_with(mark) ? std::optional(std::string(sealed.substr(mark.size()))) : std::nullopt;
    }
};

}  // namespace clinikk::testing
