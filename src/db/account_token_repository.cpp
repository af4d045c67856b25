#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto insert_sql = insert_into<AccountToken>("account_tokens");
constexpr Statement insert_account_token{"account_token_insert", insert_sql};

constexpr auto find_sql = sql_text("SELECT ", columns<AccountToken>, " FROM account_tokens WHERE token_hash = $1");
constexpr Statement find_account_token{"account_token_find", find_sql};

constexpr Statement use_account_token{
    "account_token_use", "UPDATE account_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL"};
constexpr Statement withdraw_account_tokens{
    "account_token_withdraw_all",
    "UPDATE account_tokens SET used_at = $3 WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL"};
constexpr Statement count_account_tokens{
    "account_token_count_issued",
    "SELECT COUNT(*) FROM account_tokens WHERE user_id = $1 AND purpose = $2 AND issued_at > $3"};
constexpr Statement remove_expired_account_tokens{"account_token_remove_expired",
                                                  "DELETE FROM account_tokens WHERE expires_at < $1"};

constexpr std::array statements{insert_account_token,    find_account_token,   use_account_token,
                                withdraw_account_tokens, count_account_tokens, remove_expired_account_tokens};

class SqlAccountTokenRepository final : public AccountTokenRepository {
public:
    explicit SqlAccountTokenRepository(Session& session) : session_(session) {}

    Task<> insert(AccountToken const& token) override {
        co_await execute(session_, insert_account_token, to_values(token));
    }

    Task<std::optional<AccountToken>> find(Sha256Digest const& token_hash) override {
        return find_one<AccountToken>(session_, find_account_token, std::array{to_value(token_hash)});
    }

    Task<bool> use(Sha256Digest const& token_hash, Timestamp at) override {
        std::array const parameters{to_value(token_hash), to_value(at)};
        co_return co_await execute(session_, use_account_token, parameters) > 0;
    }

    Task<> withdraw_all(Uuid user_id, TokenPurpose purpose, Timestamp at) override {
        std::array const parameters{to_value(user_id), to_value(purpose), to_value(at)};
        co_await execute(session_, withdraw_account_tokens, parameters);
    }

    Task<std::int64_t> count_issued(Uuid user_id, TokenPurpose purpose, Timestamp since) override {
        return get_number(session_, count_account_tokens,
                          std::array{to_value(user_id), to_value(purpose), to_value(since)});
    }

    Task<std::uint64_t> remove_expired(Timestamp before) override {
        return execute(session_, remove_expired_account_tokens, std::array{to_value(before)});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<AccountTokenRepository> make_account_token_repository(Session& session) {
    return std::make_unique<SqlAccountTokenRepository>(session);
}

std::span<Statement const> account_token_statements() { return statements; }

}  // namespace clinikk::db
