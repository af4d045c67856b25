#include <algorithm>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

class FakeIdempotencyKeys final : public IdempotencyRepository, Repository {
public:
    using Repository::Repository;

    Task<bool> insert(IdempotencyKey const& key) override {
        return write("idempotency.insert", [key](Tables& tables) {
            require(tables.users.contains(key.owner_id), "the owner is no user");
            return tables.idempotency_keys.emplace(std::pair(key.owner_id, key.key_hash), key).second;
        });
    }

    Task<std::optional<IdempotencyKey>> find(Uuid owner_id, Sha256Digest const& key_hash) override {
        return read("idempotency.find", [owner_id, key_hash](Tables const& tables) -> std::optional<IdempotencyKey> {
            auto const place = tables.idempotency_keys.find({owner_id, key_hash});
            return place == tables.idempotency_keys.end() ? std::nullopt : std::optional(place->second);
        });
    }

    Task<std::int64_t> count(Uuid owner_id) override {
        return read("idempotency.count", [owner_id](Tables const& tables) -> std::int64_t {
            return std::ranges::count_if(tables.idempotency_keys,
                                         [&](auto const& row) { return row.second.owner_id == owner_id; });
        });
    }

    Task<bool> take_over(IdempotencyKey const& key, Uuid former) override {
        return write("idempotency.take_over", [key, former](Tables& tables) {
            return change(tables, former, [&](IdempotencyKey& row) { row = key; });
        });
    }

    Task<bool> renew(Uuid claim, Timestamp until) override {
        return write("idempotency.renew", [claim, until](Tables& tables) {
            return change(tables, claim, [&](IdempotencyKey& row) { row.lease_until = until; });
        });
    }

    Task<bool> note_effect(Uuid claim, std::optional<Uuid> target_id) override {
        return write("idempotency.note_effect", [claim, target_id](Tables& tables) {
            bool is_noted = false;
            change(tables, claim, [&](IdempotencyKey& row) {
                is_noted = row.state != IdempotencyState::answered;
                if (!is_noted) return;
                row.state = IdempotencyState::applied;
                if (target_id) row.target_id = target_id;
            });
            return is_noted;
        });
    }

    Task<bool> answer(Uuid claim, std::string_view sealed_answer) override {
        return write("idempotency.answer", [claim, answer = std::string(sealed_answer)](Tables& tables) {
            return change(tables, claim, [&](IdempotencyKey& row) {
                row.state = IdempotencyState::answered;
                row.sealed_answer = answer;
            });
        });
    }

    Task<> release(Uuid claim, Timestamp at) override {
        return write("idempotency.release", [claim, at](Tables& tables) {
            std::erase_if(tables.idempotency_keys, [&](auto const& row) {
                return row.second.claim == claim && row.second.state == IdempotencyState::running;
            });
            change(tables, claim, [&](IdempotencyKey& row) { row.lease_until = at; });
        });
    }

    Task<std::uint64_t> remove_expired(Timestamp before, std::size_t limit) override {
        return write("idempotency.remove_expired", [before, limit](Tables& tables) -> std::uint64_t {
            std::uint64_t removed = 0;
            return std::erase_if(tables.idempotency_keys,
                                 [&](auto const& row) { return row.second.expires_at < before && removed++ < limit; });
        });
    }

private:
    template <class Change>
    static bool change(Tables& tables, Uuid claim, Change const& work) {
        for (auto& [id, row] : tables.idempotency_keys) {
            if (row.claim != claim) continue;
            work(row);
            return true;
        }
        return false;
    }
};

}  // namespace

std::unique_ptr<IdempotencyRepository> make_fake_idempotency_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeIdempotencyKeys>(access, calls);
}

}  // namespace clinikk::testing
