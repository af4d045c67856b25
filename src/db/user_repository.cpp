#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto insert_sql = insert_into<User>("users");
constexpr Statement insert_user{"user_insert", insert_sql};

constexpr auto find_sql = sql_text("SELECT ", columns<User>, " FROM users WHERE id = $1");
constexpr Statement find_user{"user_find", find_sql, Sharing::pipelined};

constexpr auto find_by_email_key_sql = sql_text("SELECT ", columns<User>, " FROM users WHERE email_key = $1");
constexpr Statement find_user_by_email_key{"user_find_by_email_key", find_by_email_key_sql, Sharing::pipelined};

constexpr auto list_sql = sql_text("SELECT ", columns<User>, " FROM users ORDER BY created_at, id");
constexpr Statement list_users{"user_list", list_sql};

constexpr Statement set_user_password_hash{"user_set_password_hash",
                                           "UPDATE users SET password_hash = $2 WHERE id = $1"};
constexpr Statement replace_user_password_hash{
    "user_replace_password_hash", "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2"};
constexpr Statement set_user_role{"user_set_role", "UPDATE users SET role = $2 WHERE id = $1"};
constexpr Statement set_user_active{"user_set_active", "UPDATE users SET is_active = $2 WHERE id = $1"};

constexpr std::array statements{insert_user,
                                find_user,
                                find_user_by_email_key,
                                list_users,
                                set_user_password_hash,
                                replace_user_password_hash,
                                set_user_role,
                                set_user_active};

class SqlUserRepository final : public UserRepository {
public:
    explicit SqlUserRepository(Session& session) : session_(session) {}

    Task<Result<void>> insert(User const& user) override {
        auto const parameters = to_values(user);
        OnRow const ignore = [](Row const&) {};
        auto const outcome = co_await session_.run(insert_user, parameters, ignore);
        if (outcome.has_error() && outcome.error().constraint == "users_email_key_key") {
            co_return Error(ErrorCode::email_taken);
        }
        outcome.value();
        co_return Result<void>{};
    }

    Task<std::optional<User>> find(Uuid id) override {
        return find_one<User>(session_, find_user, std::array{to_value(id)});
    }

    Task<std::optional<User>> find_by_email_key(std::string_view email_key) override {
        return find_one<User>(session_, find_user_by_email_key, std::array{to_value(email_key)});
    }

    Task<std::vector<User>> list() override { return find_all<User>(session_, list_users, std::array<Value, 0>{}); }

    Task<> set_password_hash(Uuid id, std::string_view password_hash) override {
        co_await execute(session_, set_user_password_hash, std::array{to_value(id), to_value(password_hash)});
    }

    Task<> replace_password_hash(Uuid id, std::string_view expected, std::string_view password_hash) override {
        std::array const parameters{to_value(id), to_value(expected), to_value(password_hash)};
        co_await execute(session_, replace_user_password_hash, parameters);
    }

    Task<> set_role(Uuid id, Role role) override {
        co_await execute(session_, set_user_role, std::array{to_value(id), to_value(role)});
    }

    Task<> set_active(Uuid id, bool is_active) override {
        co_await execute(session_, set_user_active, std::array{to_value(id), to_value(is_active)});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<UserRepository> make_user_repository(Session& session) {
    return std::make_unique<SqlUserRepository>(session);
}

std::span<Statement const> user_statements() { return statements; }

}  // namespace clinikk::db
