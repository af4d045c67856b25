#include <algorithm>

#include "base/described.hpp"
#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

std::optional<User> active_owner(Tables const& tables, ApiKey const& key, Timestamp at) {
    if (key.expires_at && *key.expires_at <= at) return std::nullopt;
    auto user = find_row(tables.users, key.user_id);
    if (!user || !user->is_active) return std::nullopt;
    return user;
}

class FakeApiKeys final : public ApiKeyRepository, Repository {
public:
    using Repository::Repository;

    Task<> insert(ApiKey const& key) override {
        return write("api_keys.insert", [key](Tables& tables) {
            require(tables.users.contains(key.user_id), "api_keys_user_id_fkey");
            auto const has_hash = [&](auto const& row) { return row.second.key_hash == key.key_hash; };
            require(std::ranges::none_of(tables.api_keys, has_hash), "api_keys_key_hash_key");
            require(tables.api_keys.emplace(key.id, key).second, "api_keys_pkey");
        });
    }

    Task<std::optional<ApiKeyOwner>> find_owner(Sha256Digest const& key_hash, Timestamp at) override {
        return read("api_keys.find_owner", [key_hash, at](Tables const& tables) -> std::optional<ApiKeyOwner> {
            for (auto const& [id, key] : tables.api_keys) {
                if (key.key_hash != key_hash) continue;
                auto user = active_owner(tables, key, at);
                if (user) return ApiKeyOwner{std::move(*user), id, key.name, key.scopes, key.last_used_at};
            }
            return std::nullopt;
        });
    }

    Task<std::optional<User>> find_active_user(Uuid key_id, Timestamp at) override {
        return read("api_keys.find_active_user", [key_id, at](Tables const& tables) -> std::optional<User> {
            auto const key = find_row(tables.api_keys, key_id);
            if (!key) return std::nullopt;
            return active_owner(tables, *key, at);
        });
    }

    Task<std::vector<ApiKey>> list(Uuid user_id, std::size_t limit) override {
        return read("api_keys.list", [user_id, limit](Tables const& tables) {
            std::vector<ApiKey> keys;
            for (auto const& [id, key] : tables.api_keys) {
                if (key.user_id == user_id) keys.push_back(key);
            }
            std::ranges::sort(keys, std::ranges::greater{},
                              [](ApiKey const& key) { return std::pair(key.created_at, key.id); });
            if (keys.size() > limit) keys.resize(limit);
            return keys;
        });
    }

    Task<std::uint64_t> count(Uuid user_id) override {
        return read("api_keys.count", [user_id](Tables const& tables) -> std::uint64_t {
            auto const is_theirs = [&](auto const& row) { return row.second.user_id == user_id; };
            return static_cast<std::uint64_t>(std::ranges::count_if(tables.api_keys, is_theirs));
        });
    }

    Task<> note_use(Uuid key_id, Timestamp at, Timestamp noted_since) override {
        return write("api_keys.note_use", [key_id, at, noted_since](Tables& tables) {
            auto const place = tables.api_keys.find(key_id);
            if (place == tables.api_keys.end()) return;
            auto& last_used_at = place->second.last_used_at;
            if (!last_used_at || *last_used_at <= noted_since) last_used_at = at;
        });
    }

    Task<bool> remove(Uuid key_id, Uuid user_id) override {
        return write("api_keys.remove", [key_id, user_id](Tables& tables) -> bool {
            auto const place = tables.api_keys.find(key_id);
            if (place == tables.api_keys.end() || place->second.user_id != user_id) return false;
            tables.api_keys.erase(place);
            return true;
        });
    }

    Task<> remove_all(Uuid user_id) override {
        return write("api_keys.remove_all", [user_id](Tables& tables) {
            std::erase_if(tables.api_keys, [&](auto const& row) { return row.second.user_id == user_id; });
        });
    }
};

}  // namespace

std::unique_ptr<ApiKeyRepository> make_fake_api_key_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeApiKeys>(access, calls);
}

}  // namespace clinikk::testing
