#include <algorithm>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

class FakeUsers final : public UserRepository, Repository {
public:
    using Repository::Repository;

    Task<Result<void>> insert(User const& user) override {
        return write("users.insert", [user](Tables& tables) -> Result<void> {
            require(!tables.users.contains(user.id), "users_pkey");
            auto const has_key = [&](auto const& row) { return row.second.email_key == user.email_key; };
            if (std::ranges::any_of(tables.users, has_key)) return Error(ErrorCode::email_taken);
            tables.users.emplace(user.id, user);
            return {};
        });
    }

    Task<std::optional<User>> find(Uuid id) override {
        return read("users.find", [id](Tables const& tables) { return find_row(tables.users, id); });
    }

    Task<std::optional<User>> find_by_email_key(std::string_view email_key) override {
        return read("users.find_by_email_key", [email_key](Tables const& tables) -> std::optional<User> {
            for (auto const& [id, user] : tables.users) {
                if (user.email_key == email_key) return user;
            }
            return std::nullopt;
        });
    }

    Task<std::vector<User>> list(UserQuery const& query) override {
        return read("users.list", [query](Tables const& tables) {
            auto const place = [](User const& user) { return std::pair(user.created_at, user.id); };
            std::vector<User> page;
            for (auto const& [id, user] : tables.users) {
                bool const is_behind =
                    !query.after || place(user) > std::pair(query.after->created_at, query.after->id);
                bool const has_role = !query.role || user.role == *query.role;
                bool const has_state = !query.is_active || user.is_active == *query.is_active;
                bool const has_part = user.email_key.find(query.email_key_part) != std::string::npos;
                if (is_behind && has_role && has_state && has_part) page.push_back(user);
            }
            std::ranges::sort(page, {}, place);
            if (page.size() > static_cast<std::size_t>(query.limit)) page.resize(static_cast<std::size_t>(query.limit));
            return page;
        });
    }

    Task<bool> has_other_admin(Uuid id) override {
        return read("users.has_other_admin", [id](Tables const& tables) {
            return std::ranges::any_of(tables.users, [&](auto const& row) {
                return row.first != id && row.second.is_active && row.second.role == Role::admin;
            });
        });
    }

    Task<bool> remove(Uuid id) override {
        return write("users.remove", [id](Tables& tables) -> bool {
            if (tables.users.erase(id) == 0) return false;
            tables.account_removals.erase(id);
            for (auto& [user_id, removal] : tables.account_removals) {
                if (removal.heir_id == id) removal.heir_id.reset();
            }
            std::erase_if(tables.idempotency_keys, [&](auto const& row) { return row.second.owner_id == id; });
            std::erase_if(tables.api_keys, [&](auto const& row) { return row.second.user_id == id; });
            std::erase_if(tables.sessions, [&](auto const& row) { return row.second.session.user_id == id; });
            std::erase_if(tables.refresh_tokens,
                          [&](auto const& row) { return !tables.sessions.contains(row.second.session_id); });
            for (auto& [key, content] : tables.contents) {
                if (content.owner_id == id) content.owner_id.reset();
            }
            for (auto& [key, upload] : tables.uploads) {
                if (upload.owner_id == id) upload.owner_id.reset();
            }
            for (auto& [key, upload] : tables.resumable_uploads) {
                if (upload.owner_id == id) upload.owner_id.reset();
            }
            for (auto& [key, invite] : tables.invites) {
                if (invite.invited_by == id) invite.invited_by.reset();
            }
            return true;
        });
    }

    Task<> note_removal(AccountRemoval const& removal) override {
        return write("users.note_removal", [removal](Tables& tables) {
            require(tables.users.contains(removal.user_id), "account_removals_user_id_fkey");
            require_owner(tables, removal.heir_id);
            tables.account_removals.insert_or_assign(removal.user_id, removal);
        });
    }

    Task<std::optional<AccountRemoval>> find_removal(Uuid user_id) override {
        return read("users.find_removal",
                    [user_id](Tables const& tables) { return find_row(tables.account_removals, user_id); });
    }

    Task<std::vector<AccountRemoval>> list_removals(std::size_t limit) override {
        return read("users.list_removals", [limit](Tables const& tables) {
            std::vector<AccountRemoval> removals;
            for (auto const& [id, removal] : tables.account_removals) {
                if (removals.size() < limit) removals.push_back(removal);
            }
            return removals;
        });
    }

    Task<bool> redirect_removals(Uuid heir_id, ContentsFate fate, std::optional<Uuid> next_heir_id) override {
        return write("users.redirect_removals", [heir_id, fate, next_heir_id](Tables& tables) -> bool {
            require_owner(tables, next_heir_id);
            bool is_any = false;
            for (auto& [user_id, removal] : tables.account_removals) {
                if (removal.heir_id != heir_id) continue;
                removal.contents = fate;
                removal.heir_id = next_heir_id;
                is_any = true;
            }
            return is_any;
        });
    }

    Task<> set_password_hash(Uuid id, std::string_view password_hash) override {
        return change("users.set_password_hash", id,
                      [password_hash](User& user) { user.password_hash = password_hash; });
    }

    Task<> replace_password_hash(Uuid id, std::string_view expected, std::string_view password_hash) override {
        return change("users.replace_password_hash", id, [expected, password_hash](User& user) {
            if (user.password_hash == expected) user.password_hash = password_hash;
        });
    }

    Task<> set_role(Uuid id, Role role) override {
        return change("users.set_role", id, [role](User& user) { user.role = role; });
    }

    Task<> set_active(Uuid id, bool is_active) override {
        return change("users.set_active", id, [is_active](User& user) { user.is_active = is_active; });
    }

    Task<> set_email_verified(Uuid id, Timestamp at) override {
        return change("users.set_email_verified", id, [at](User& user) {
            if (!is_address_proven(user)) user.email_verified_at = at;
        });
    }

private:
    template <class Change>
    Task<> change(std::string_view name, Uuid id, Change change) {
        return write(name, [id, change](Tables& tables) {
            auto const place = tables.users.find(id);
            if (place != tables.users.end()) change(place->second);
        });
    }
};

class FakeSessions final : public SessionRepository, Repository {
public:
    using Repository::Repository;

    Task<> insert(Session const& session) override {
        return write("sessions.insert", [session](Tables& tables) {
            require(tables.users.contains(session.user_id), "sessions_user_id_fkey");
            require(!tables.sessions.contains(session.id), "sessions_pkey");
            tables.sessions.emplace(session.id, Tables::Login{session});
        });
    }

    Task<std::optional<Session>> find(Uuid session_id) override {
        return read("sessions.find", [session_id](Tables const& tables) -> std::optional<Session> {
            auto const login = find_row(tables.sessions, session_id);
            if (!login) return std::nullopt;
            return login->session;
        });
    }

    Task<std::vector<Session>> list_active(Uuid user_id, Timestamp at, std::size_t limit) override {
        return read("sessions.list_active", [user_id, at, limit](Tables const& tables) {
            std::vector<Session> active;
            for (auto const& [id, login] : tables.sessions) {
                bool const is_active = !login.revoked_at && login.session.expires_at > at;
                if (login.session.user_id == user_id && is_active) active.push_back(login.session);
            }
            auto const last_use = [](Session const& session) {
                return session.last_used_at.value_or(session.created_at);
            };
            std::ranges::stable_sort(active, std::ranges::greater{}, last_use);
            if (active.size() > limit) active.resize(limit);
            return active;
        });
    }

    Task<> prolong(Uuid session_id, Timestamp used_at, Timestamp expires_at) override {
        return write("sessions.prolong", [session_id, used_at, expires_at](Tables& tables) {
            auto const place = tables.sessions.find(session_id);
            if (place == tables.sessions.end()) return;
            place->second.session.last_used_at = used_at;
            place->second.session.expires_at = expires_at;
        });
    }

    Task<bool> revoke(Uuid session_id, Uuid user_id, Timestamp at) override {
        return write("sessions.revoke", [session_id, user_id, at](Tables& tables) -> bool {
            auto const place = tables.sessions.find(session_id);
            bool const is_active = place != tables.sessions.end() && place->second.session.user_id == user_id &&
                                   !place->second.revoked_at && place->second.session.expires_at > at;
            if (is_active) place->second.revoked_at = at;
            return is_active;
        });
    }

    Task<std::optional<User>> find_active_user(Uuid session_id, Timestamp at) override {
        return read("sessions.find_active_user", [session_id, at](Tables const& tables) -> std::optional<User> {
            auto const login = find_row(tables.sessions, session_id);
            if (!login || login->revoked_at || login->session.expires_at <= at) return std::nullopt;
            auto user = find_row(tables.users, login->session.user_id);
            if (!user || !user->is_active) return std::nullopt;
            return user;
        });
    }

    Task<> revoke_all(Uuid user_id, Timestamp at) override {
        return write("sessions.revoke_all", [user_id, at](Tables& tables) {
            std::erase_if(tables.sign_in_codes, [&](auto const& row) { return row.second.user_id == user_id; });
            for (auto& [id, login] : tables.sessions) {
                if (login.session.user_id == user_id && !login.revoked_at) login.revoked_at = at;
            }
        });
    }

    Task<> revoke_others(Uuid user_id, Uuid kept_session_id, Timestamp at) override {
        return write("sessions.revoke_others", [user_id, kept_session_id, at](Tables& tables) {
            std::erase_if(tables.sign_in_codes, [&](auto const& row) { return row.second.user_id == user_id; });
            for (auto& [id, login] : tables.sessions) {
                bool const is_other = login.session.user_id == user_id && id != kept_session_id;
                if (is_other && !login.revoked_at) login.revoked_at = at;
            }
        });
    }

    Task<std::uint64_t> remove_expired(Timestamp before) override {
        return write("sessions.remove_expired", [before](Tables& tables) -> std::uint64_t {
            auto const removed =
                std::erase_if(tables.sessions, [&](auto const& row) { return row.second.session.expires_at < before; });
            std::erase_if(tables.refresh_tokens,
                          [&](auto const& row) { return !tables.sessions.contains(row.second.session_id); });
            return removed;
        });
    }

    Task<> insert_refresh_token(RefreshToken const& token) override {
        return write("sessions.insert_refresh_token", [token](Tables& tables) {
            require(tables.sessions.contains(token.session_id), "refresh_tokens_session_id_fkey");
            require(tables.refresh_tokens.emplace(token.token_hash, token).second, "refresh_tokens_pkey");
        });
    }

    Task<std::optional<RefreshToken>> find_refresh_token(Sha256Digest const& token_hash) override {
        return read("sessions.find_refresh_token", [token_hash](Tables const& tables) -> std::optional<RefreshToken> {
            auto const place = tables.refresh_tokens.find(token_hash);
            return place == tables.refresh_tokens.end() ? std::nullopt : std::optional(place->second);
        });
    }

    Task<bool> use_refresh_token(Sha256Digest const& token_hash, Timestamp at,
                                 Sha256Digest const& successor_hash) override {
        return write("sessions.use_refresh_token", [token_hash, at, successor_hash](Tables& tables) -> bool {
            auto const place = tables.refresh_tokens.find(token_hash);
            if (place == tables.refresh_tokens.end() || place->second.used_at) return false;
            place->second.used_at = at;
            place->second.successor_hash = successor_hash;
            return true;
        });
    }

    Task<std::uint64_t> remove_expired_refresh_tokens(Timestamp before) override {
        return write("sessions.remove_expired_refresh_tokens", [before](Tables& tables) -> std::uint64_t {
            return std::erase_if(tables.refresh_tokens,
                                 [&](auto const& row) { return row.second.expires_at < before; });
        });
    }
};

}  // namespace

std::unique_ptr<UserRepository> make_fake_user_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeUsers>(access, calls);
}

std::unique_ptr<SessionRepository> make_fake_session_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeSessions>(access, calls);
}

}  // namespace clinikk::testing
