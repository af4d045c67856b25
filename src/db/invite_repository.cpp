#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto insert_sql = insert_into<Invite>("invites");
constexpr Statement insert_invite{"invite_insert", insert_sql};

constexpr Statement count_invites{"invite_count_open", "SELECT COUNT(*) FROM invites WHERE expires_at > $1"};

constexpr auto list_sql = sql_text("SELECT ", columns<Invite>,
                                   " FROM invites WHERE expires_at > $1 ORDER BY created_at DESC, id DESC LIMIT $2");
constexpr Statement list_invites{"invite_list_open", list_sql};

constexpr auto find_sql =
    sql_text("SELECT ", columns<Invite>, " FROM invites WHERE token_hash = $1 AND expires_at > $2");
constexpr Statement find_invite{"invite_find_open", find_sql};

constexpr Statement remove_invite{"invite_remove", "DELETE FROM invites WHERE id = $1"};
constexpr Statement remove_expired_invites{"invite_remove_expired", "DELETE FROM invites WHERE expires_at < $1"};

constexpr std::array statements{insert_invite, count_invites, list_invites,
                                find_invite,   remove_invite, remove_expired_invites};

class SqlInviteRepository final : public InviteRepository {
public:
    explicit SqlInviteRepository(Session& session) : session_(session) {}

    Task<> insert(Invite const& invite) override { co_await execute(session_, insert_invite, to_values(invite)); }

    Task<std::int64_t> count_open(Timestamp at) override {
        return get_number(session_, count_invites, std::array{to_value(at)});
    }

    Task<std::vector<Invite>> list_open(Timestamp at, std::size_t limit) override {
        return find_all<Invite>(session_, list_invites, std::array{to_value(at), to_value(std::uint64_t{limit})});
    }

    Task<std::optional<Invite>> find_open(Sha256Digest const& token_hash, Timestamp at) override {
        return find_one<Invite>(session_, find_invite, std::array{to_value(token_hash), to_value(at)});
    }

    Task<bool> remove(Uuid id) override {
        co_return co_await execute(session_, remove_invite, std::array{to_value(id)}) > 0;
    }

    Task<std::uint64_t> remove_expired(Timestamp before) override {
        return execute(session_, remove_expired_invites, std::array{to_value(before)});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<InviteRepository> make_invite_repository(Session& session) {
    return std::make_unique<SqlInviteRepository>(session);
}

std::span<Statement const> invite_statements() { return statements; }

}  // namespace clinikk::db
