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

// One statement for all filters: it walks along the index by creation, as a listing without filters does.
constexpr auto list_sql = sql_text("SELECT ", columns<User>,
                                   " FROM users WHERE (created_at, id) > ($1, $2)"
                                   " AND (role = $4 OR $4 IS NULL) AND (is_active = $5 OR $5 IS NULL)"
                                   " AND email_key LIKE $6 ESCAPE '\\' ORDER BY created_at, id LIMIT $3");
constexpr Statement list_users{"user_list", list_sql};

constexpr Statement find_other_admin{"user_has_other_admin",
                                     "SELECT id FROM users WHERE role = 'admin' AND is_active AND id <> $1 LIMIT 1"};

constexpr Statement set_user_password_hash{"user_set_password_hash",
                                           "UPDATE users SET password_hash = $2 WHERE id = $1"};
constexpr Statement replace_user_password_hash{
    "user_replace_password_hash", "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2"};
constexpr Statement set_user_role{"user_set_role", "UPDATE users SET role = $2 WHERE id = $1"};
constexpr Statement set_user_active{"user_set_active", "UPDATE users SET is_active = $2 WHERE id = $1"};
constexpr Statement set_user_email_verified{
    "user_set_email_verified",
    "UPDATE users SET email_verified_at = $2"
    " WHERE id = $1 AND (email_verified_at IS NULL OR email_verified_at <= created_at)"};

constexpr Statement remove_user{"user_remove", "DELETE FROM users WHERE id = $1"};

constexpr auto note_removal_sql =
    sql_text(insert_into<AccountRemoval>("account_removals"),
             " ON CONFLICT (user_id) DO UPDATE SET contents = excluded.contents, heir_id = excluded.heir_id,"
             " requested_at = excluded.requested_at");
constexpr Statement note_account_removal{"account_removal_note", note_removal_sql};

constexpr auto find_removal_sql =
    sql_text("SELECT ", columns<AccountRemoval>, " FROM account_removals WHERE user_id = $1");
constexpr Statement find_account_removal{"account_removal_find", find_removal_sql};

constexpr auto list_removals_sql =
    sql_text("SELECT ", columns<AccountRemoval>, " FROM account_removals ORDER BY user_id LIMIT $1");
constexpr Statement list_account_removals{"account_removal_list", list_removals_sql};

constexpr Statement redirect_account_removals{
    "account_removal_redirect", "UPDATE account_removals SET contents = $2, heir_id = $3 WHERE heir_id = $1"};

/// A LIKE pattern for text that contains `part`.
std::string containing(std::string_view part) {
    std::string pattern = "%";
    for (char const c : part) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + '%';
}

/// A position before all rows, so that the first page needs no statement of its own.
constexpr UserCursor before_all{.created_at = std::chrono::sys_days{std::chrono::year{1} / 1 / 1}, .id = {}};

constexpr std::array statements{insert_user,
                                find_user,
                                find_user_by_email_key,
                                list_users,
                                find_other_admin,
                                set_user_password_hash,
                                replace_user_password_hash,
                                set_user_role,
                                set_user_active,
                                remove_user,
                                note_account_removal,
                                find_account_removal,
                                list_account_removals,
                                redirect_account_removals,
                                set_user_email_verified};

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

    Task<std::vector<User>> list(UserQuery const& query) override {
        auto const from = query.after.value_or(before_all);
        auto const pattern = containing(query.email_key_part);
        std::array const parameters{to_value(from.created_at), to_value(from.id),         to_value(query.limit),
                                    to_value(query.role),      to_value(query.is_active), to_value(pattern)};
        co_return co_await find_all<User>(session_, list_users, parameters);
    }

    Task<bool> has_other_admin(Uuid id) override {
        auto const found = co_await find_one<Uuid>(session_, find_other_admin, std::array{to_value(id)});
        co_return found.has_value();
    }

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

    Task<bool> remove(Uuid id) override {
        co_return co_await execute(session_, remove_user, std::array{to_value(id)}) > 0;
    }

    Task<> note_removal(AccountRemoval const& removal) override {
        co_await execute(session_, note_account_removal, to_values(removal));
    }

    Task<std::optional<AccountRemoval>> find_removal(Uuid user_id) override {
        return find_one<AccountRemoval>(session_, find_account_removal, std::array{to_value(user_id)});
    }

    Task<std::vector<AccountRemoval>> list_removals(std::size_t limit) override {
        return find_all<AccountRemoval>(session_, list_account_removals, std::array{to_value(std::uint64_t{limit})});
    }

    Task<bool> redirect_removals(Uuid heir_id, ContentsFate fate, std::optional<Uuid> next_heir_id) override {
        std::array const parameters{to_value(heir_id), to_value(fate), to_value(next_heir_id)};
        co_return co_await execute(session_, redirect_account_removals, parameters) > 0;
    }

    Task<> set_email_verified(Uuid id, Timestamp at) override {
        co_await execute(session_, set_user_email_verified, std::array{to_value(id), to_value(at)});
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
