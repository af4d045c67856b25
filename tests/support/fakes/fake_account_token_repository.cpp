#include <algorithm>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

class FakeAccountTokens final : public AccountTokenRepository, Repository {
public:
    using Repository::Repository;

    Task<> insert(AccountToken const& token) override {
        return write("account_tokens.insert", [token](Tables& tables) {
            require(tables.users.contains(token.user_id), "account_tokens_user_id_fkey");
            require(tables.account_tokens.emplace(token.token_hash, token).second, "account_tokens_pkey");
        });
    }

    Task<std::optional<AccountToken>> find(Sha256Digest const& token_hash) override {
        return read("account_tokens.find", [token_hash](Tables const& tables) -> std::optional<AccountToken> {
            auto const place = tables.account_tokens.find(token_hash);
            return place == tables.account_tokens.end() ? std::nullopt : std::optional(place->second);
        });
    }

    Task<bool> use(Sha256Digest const& token_hash, Timestamp at) override {
        return write("account_tokens.use", [token_hash, at](Tables& tables) -> bool {
            auto const place = tables.account_tokens.find(token_hash);
            if (place == tables.account_tokens.end() || place->second.used_at) return false;
            place->second.used_at = at;
            return true;
        });
    }

    Task<> withdraw_all(Uuid user_id, TokenPurpose purpose, Timestamp at) override {
        return write("account_tokens.withdraw_all", [user_id, purpose, at](Tables& tables) {
            for (auto& [hash, token] : tables.account_tokens) {
                bool const is_meant = token.user_id == user_id && token.purpose == purpose;
                if (is_meant && !token.used_at) token.used_at = at;
            }
        });
    }

    Task<std::int64_t> count_issued(Uuid user_id, TokenPurpose purpose, Timestamp since) override {
        return read("account_tokens.count_issued", [user_id, purpose, since](Tables const& tables) -> std::int64_t {
            return std::ranges::count_if(tables.account_tokens, [&](auto const& row) {
                auto const& token = row.second;
                return token.user_id == user_id && token.purpose == purpose && token.issued_at > since;
            });
        });
    }

    Task<std::uint64_t> remove_expired(Timestamp before) override {
        return write("account_tokens.remove_expired", [before](Tables& tables) -> std::uint64_t {
            return std::erase_if(tables.account_tokens,
                                 [&](auto const& row) { return row.second.expires_at < before; });
        });
    }
};

}  // namespace

std::unique_ptr<AccountTokenRepository> make_fake_account_token_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeAccountTokens>(access, calls);
}

}  // namespace clinikk::testing
