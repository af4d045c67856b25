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

constexpr Statement revoke_sessions{"session_revoke_all",
                                    "UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL"};
constexpr Statement remove_expired_sessions{"session_remove_expired", "DELETE FROM sessions WHERE expires_at < $1"};

constexpr std::array statements{insert_session, find_active_session_user, revoke_sessions, remove_expired_sessions};

class SqlSessionRepository final : public SessionRepository {
public:
    explicit SqlSessionRepository(db::Session& session) : session_(session) {}

    Task<> insert(Login const& login) override { co_await execute(session_, insert_session, to_values(login)); }

    Task<std::optional<User>> find_active_user(Uuid session_id, Timestamp at) override {
        return find_one<User>(session_, find_active_session_user, std::array{to_value(session_id), to_value(at)});
    }

    Task<> revoke_all(Uuid user_id, Timestamp at) override {
        co_await execute(session_, revoke_sessions, std::array{to_value(user_id), to_value(at)});
    }

    Task<std::uint64_t> remove_expired(Timestamp before) override {
        return execute(session_, remove_expired_sessions, std::array{to_value(before)});
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
