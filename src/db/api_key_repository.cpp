#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto insert_sql = insert_into<ApiKey>("api_keys");
constexpr Statement insert_key{"api_key_insert", insert_sql};

constexpr auto find_owner_sql = sql_text("SELECT ", columns<ApiKeyOwner>,
                                         " FROM (SELECT id AS key_id, user_id, name AS key_name, scopes AS key_scopes,"
                                         " last_used_at AS key_used_at FROM api_keys"
                                         " WHERE key_hash = $1 AND (expires_at IS NULL OR expires_at > $2)) k"
                                         " JOIN users ON users.id = k.user_id WHERE is_active");
constexpr Statement find_key_owner{"api_key_find_owner", find_owner_sql, Sharing::pipelined};

constexpr auto find_active_user_sql =
    sql_text("SELECT ", columns<User>,
             " FROM users WHERE is_active AND id ="
             " (SELECT user_id FROM api_keys WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2))");
constexpr Statement find_active_key_user{"api_key_find_active_user", find_active_user_sql, Sharing::pipelined};

constexpr auto list_sql = sql_text("SELECT ", columns<ApiKey>,
                                   " FROM api_keys WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2");
constexpr Statement list_keys{"api_key_list", list_sql};

constexpr Statement count_keys{"api_key_count", "SELECT COUNT(*) FROM api_keys WHERE user_id = $1"};

constexpr Statement note_key_use{
    "api_key_note_use",
    "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)"};

constexpr Statement remove_key{"api_key_remove", "DELETE FROM api_keys WHERE id = $1 AND user_id = $2"};

constexpr Statement remove_all_keys{"api_key_remove_all", "DELETE FROM api_keys WHERE user_id = $1"};

constexpr std::array statements{insert_key, find_key_owner, find_active_key_user, list_keys,
                                count_keys, note_key_use,   remove_key,           remove_all_keys};

class SqlApiKeyRepository final : public ApiKeyRepository {
public:
    explicit SqlApiKeyRepository(Session& session) : session_(session) {}

    Task<> insert(ApiKey const& key) override { co_await execute(session_, insert_key, to_values(key)); }

    Task<std::optional<ApiKeyOwner>> find_owner(Sha256Digest const& key_hash, Timestamp at) override {
        return find_one<ApiKeyOwner>(session_, find_key_owner, std::array{to_value(key_hash), to_value(at)});
    }

    Task<std::optional<User>> find_active_user(Uuid key_id, Timestamp at) override {
        return find_one<User>(session_, find_active_key_user, std::array{to_value(key_id), to_value(at)});
    }

    Task<std::vector<ApiKey>> list(Uuid user_id, std::size_t limit) override {
        return find_all<ApiKey>(session_, list_keys, std::array{to_value(user_id), to_value(std::uint64_t{limit})});
    }

    Task<std::uint64_t> count(Uuid user_id) override {
        auto const number = co_await get_number(session_, count_keys, std::array{to_value(user_id)});
        co_return static_cast<std::uint64_t>(number);
    }

    Task<> note_use(Uuid key_id, Timestamp at, Timestamp noted_since) override {
        std::array const parameters{to_value(key_id), to_value(at), to_value(noted_since)};
        co_await execute(session_, note_key_use, parameters);
    }

    Task<bool> remove(Uuid key_id, Uuid user_id) override {
        co_return co_await execute(session_, remove_key, std::array{to_value(key_id), to_value(user_id)}) > 0;
    }

    Task<> remove_all(Uuid user_id) override {
        co_await execute(session_, remove_all_keys, std::array{to_value(user_id)});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<ApiKeyRepository> make_api_key_repository(Session& session) {
    return std::make_unique<SqlApiKeyRepository>(session);
}

std::span<Statement const> api_key_statements() { return statements; }

}  // namespace clinikk::db
