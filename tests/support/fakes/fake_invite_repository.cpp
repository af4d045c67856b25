#include <algorithm>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

class FakeInvites final : public InviteRepository, Repository {
public:
    using Repository::Repository;

    Task<> insert(Invite const& invite) override {
        return write("invites.insert", [invite](Tables& tables) {
            require(tables.invites.emplace(invite.id, invite).second, "invites_pkey");
        });
    }

    Task<std::int64_t> count_open(Timestamp at) override {
        return read("invites.count_open",
                    [at](Tables const& tables) { return static_cast<std::int64_t>(open(tables, at).size()); });
    }

    Task<std::vector<Invite>> list_open(Timestamp at, std::size_t limit) override {
        return read("invites.list_open", [at, limit](Tables const& tables) {
            auto all = open(tables, at);
            std::ranges::sort(all, std::ranges::greater(),
                              [](Invite const& invite) { return std::pair(invite.created_at, invite.id); });
            all.resize(std::min(all.size(), limit));
            return all;
        });
    }

    Task<std::optional<Invite>> find_open(Sha256Digest const& token_hash, Timestamp at) override {
        return read("invites.find_open", [token_hash, at](Tables const& tables) -> std::optional<Invite> {
            auto const all = open(tables, at);
            auto const place = std::ranges::find(all, token_hash, &Invite::token_hash);
            return place == all.end() ? std::nullopt : std::optional(*place);
        });
    }

    Task<bool> remove(Uuid id) override {
        return write("invites.remove", [id](Tables& tables) { return tables.invites.erase(id) > 0; });
    }

    Task<std::uint64_t> remove_expired(Timestamp before) override {
        return write("invites.remove_expired", [before](Tables& tables) -> std::uint64_t {
            return std::erase_if(tables.invites, [&](auto const& row) { return row.second.expires_at < before; });
        });
    }

private:
    static std::vector<Invite> open(Tables const& tables, Timestamp at) {
        std::vector<Invite> all;
        for (auto const& [id, invite] : tables.invites) {
            if (invite.expires_at > at) all.push_back(invite);
        }
        return all;
    }
};

}  // namespace

std::unique_ptr<InviteRepository> make_fake_invite_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeInvites>(access, calls);
}

}  // namespace clinikk::testing
