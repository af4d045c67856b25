#include <algorithm>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

class FakeThrottles final : public ThrottleRepository, Repository {
public:
    using Repository::Repository;

    Task<std::vector<ThrottleRow>> find(std::array<Sha256Digest, 4> key_hashes, Timestamp at) override {
        return read("throttles.find", [key_hashes, at](Tables const& tables) {
            std::vector<ThrottleRow> found;
            for (auto const& [key, row] : tables.throttles) {
                if (std::ranges::find(key_hashes, key) != key_hashes.end() && row.expires_at > at) found.push_back(row);
            }
            return found;
        });
    }

    Task<bool> charge(ThrottleCharge charge) override {
        return write("throttles.charge", [charge](Tables& tables) -> bool {
            auto& row = tables.throttles[charge.key_hash];
            bool const waits = !charge.even_if_waiting && wait_left(row, charge.rule, charge.at).count() > 0;
            if (waits) return false;
            row = after_attempt(row, charge.rule, charge.at);
            row.key_hash = charge.key_hash;
            row.expires_at = expiry_of_attempt(charge.at);
            return true;
        });
    }

    Task<> remember(Sha256Digest key_hash, Timestamp expires_at) override {
        return write("throttles.remember", [key_hash, expires_at](Tables& tables) {
            auto& row = tables.throttles[key_hash];
            row.key_hash = key_hash;
            row.expires_at = expires_at;
        });
    }

    Task<> forget(Sha256Digest key_hash) override {
        return write("throttles.forget", [key_hash](Tables& tables) { tables.throttles.erase(key_hash); });
    }

    Task<std::uint64_t> remove_expired(Timestamp before, std::size_t limit) override {
        return write("throttles.remove_expired", [before, limit](Tables& tables) -> std::uint64_t {
            std::vector<ThrottleRow> expired;
            for (auto const& [key, row] : tables.throttles) {
                if (row.expires_at < before) expired.push_back(row);
            }
            std::ranges::sort(expired, {}, &ThrottleRow::expires_at);
            expired.resize(std::min(expired.size(), limit));
            for (auto const& row : expired) tables.throttles.erase(row.key_hash);
            return expired.size();
        });
    }
};

}  // namespace

std::unique_ptr<ThrottleRepository> make_fake_throttle_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeThrottles>(access, calls);
}

}  // namespace clinikk::testing
