#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {

// `clinikk::Session` is a login; `db::Session` is where statements run.
using Login = clinikk::Session;

namespace {

constexpr auto insert_sql = insert_into<Login>("sessions");
constexpr Statement insert_session{"session_insert", insert_sql};

constexpr auto find_active_user_sql =
    sql_text("SELECT ", columns<User>,
             " FROM users WHERE is_active AND id ="
             " (SELECT user_id FROM sessions WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2)");
constexpr Statement find_active_session_user{"session_find_active_user", find_active_user_sql, Sharing::pipelined};

constexpr auto find_sql = sql_text("SELECT ", columns<Login>, " FROM sessions WHERE id = $1");
constexpr Statement find_session{"session_find", find_sql, Sharing::pipelined};

constexpr auto list_active_sql = sql_text("SELECT ", columns<Login>,
                                          " FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2"
                                          " ORDER BY COALESCE(last_used_at, created_at) DESC, id LIMIT $3");
constexpr Statement list_active_sessions{"session_list_active", list_active_sql};

constexpr Statement prolong_session{"session_prolong",
                                    "UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1"};
constexpr Statement revoke_session{
    "session_revoke",
    "UPDATE sessions SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3"};
constexpr Statement revoke_sessions{"session_revoke_all",
                                    "UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL"};
constexpr Statement revoke_other_sessions{
    "session_revoke_others",
    "UPDATE sessions SET revoked_at = $3 WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL"};
constexpr Statement remove_sign_in_codes{"sign_in_code_remove_all", "DELETE FROM sign_in_codes WHERE user_id = $1"};
constexpr Statement remove_expired_sessions{"session_remove_expired", "DELETE FROM sessions WHERE expires_at < $1"};

constexpr auto insert_token_sql = insert_into<RefreshToken>("refresh_tokens");
constexpr Statement insert_token{"refresh_token_insert", insert_token_sql};

constexpr auto find_token_sql =
    sql_text("SELECT ", columns<RefreshToken>, " FROM refresh_tokens WHERE token_hash = $1");
constexpr Statement find_token{"refresh_token_find", find_token_sql};

constexpr Statement use_token{
    "refresh_token_use",
    "UPDATE refresh_tokens SET used_at = $2, successor_hash = $3 WHERE token_hash = $1 AND used_at IS NULL"};
constexpr Statement remove_expired_tokens{"refresh_token_remove_expired",
                                          "DELETE FROM refresh_tokens WHERE expires_at < $1"};

constexpr std::array statements{insert_session,
                                find_active_session_user,
                                list_active_sessions,
                                prolong_session,
                                revoke_session,
                                revoke_sessions,
                                revoke_other_sessions,
                                insert_token,
                                remove_expired_sessions,
                                find_token,
                                use_token,
                                remove_expired_tokens,
                                remove_sign_in_codes,
                                find_session};

class SqlSessionRepository final : public SessionRepository {
public:
    explicit SqlSessionRepository(db::Session& session) : session_(session) {}

    Task<> insert(Login const& login) override { co_await execute(session_, insert_session, to_values(login)); }

    Task<std::optional<User>> find_active_user(Uuid session_id, Timestamp at) override {
        return find_one<User>(session_, find_active_session_user, std::array{to_value(session_id), to_value(at)});
    }

    Task<std::optional<Login>> find(Uuid session_id) override {
        return find_one<Login>(session_, find_session, std::array{to_value(session_id)});
    }

    Task<std::vector<Login>> list_active(Uuid user_id, Timestamp at, std::size_t limit) override {
        std::array const parameters{to_value(user_id), to_value(at), to_value(std::uint64_t{limit})};
        return find_all<Login>(session_, list_active_sessions, parameters);
    }

    Task<> prolong(Uuid session_id, Timestamp used_at, Timestamp expires_at) override {
        std::array const parameters{to_value(session_id), to_value(used_at), to_value(expires_at)};
        co_await execute(session_, prolong_session, parameters);
    }

    Task<bool> revoke(Uuid session_id, Uuid user_id, Timestamp at) override {
        std::array const parameters{to_value(session_id), to_value(user_id), to_value(at)};
        co_return co_await execute(session_, revoke_session, parameters) > 0;
    }

    Task<> revoke_all(Uuid user_id, Timestamp at) override {
        co_await execute(session_, remove_sign_in_codes, std::array{to_value(user_id)});
        co_await execute(session_, revoke_sessions, std::array{to_value(user_id), to_value(at)});
    }

    Task<> revoke_others(Uuid user_id, Uuid kept_session_id, Timestamp at) override {
        co_await execute(session_, remove_sign_in_codes, std::array{to_value(user_id)});
        std::array const parameters{to_value(user_id), to_value(kept_session_id), to_value(at)};
        co_await execute(session_, revoke_other_sessions, parameters);
    }

    Task<std::uint64_t> remove_expired(Timestamp before) override {
        return execute(session_, remove_expired_sessions, std::array{to_value(before)});
    }

    Task<> insert_refresh_token(RefreshToken const& token) override {
        co_await execute(session_, insert_token, to_values(token));
    }

    Task<std::optional<RefreshToken>> find_refresh_token(Sha256Digest const& token_hash) override {
        return find_one<RefreshToken>(session_, find_token, std::array{to_value(token_hash)});
    }

    Task<bool> use_refresh_token(Sha256Digest const& token_hash, Timestamp at,
                                 Sha256Digest const& successor_hash) override {
        std::array const parameters{to_value(token_hash), to_value(at), to_value(successor_hash)};
        co_return co_await execute(session_, use_token, parameters) > 0;
    }

    Task<std::uint64_t> remove_expired_refresh_tokens(Timestamp before) override {
        return execute(session_, remove_expired_tokens, std::array{to_value(before)});
    }

private:
    db::Session& session_;
};

}  // namespace

std::unique_ptr<SessionRepository> make_session_repository(db::Session& session) {
    return std::make_unique<SqlSessionRepository>(session);
}

std::span<Statement const> session_statements() { return statements; }

}  // namespace clinikk::db
