#include "security/verified_tokens.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/sha256.hpp"

namespace clinikk {
namespace {

/// Threads that look at different places seldom wait for each other.
constexpr std::size_t locks = 64;
/// Tokens that share a place. With one only, two tokens of the same place would push each other out at each request.
constexpr std::size_t tokens_of_place = 4;

struct Entry {
    Sha256Digest digest{};
    AccessClaims claims{};
};

using Place = std::array<Entry, tokens_of_place>;

class VerifiedTokens final : public AccessTokens {
public:
    VerifiedTokens(std::unique_ptr<AccessTokens> tokens, std::size_t entries)
        : tokens_(std::move(tokens)), places_(entries / tokens_of_place) {
        if (places_.empty()) throw std::invalid_argument("there must be a place for tokens");
    }

    std::string issue(AccessClaims const& claims, Timestamp at) override { return tokens_->issue(claims, at); }
    std::chrono::seconds lifetime() const noexcept override { return tokens_->lifetime(); }
    std::string public_keys() const override { return tokens_->public_keys(); }

    Result<AccessClaims> verify(std::string_view token, Timestamp at) override {
        auto const digest = Sha256::of(token);
        std::uint64_t number = 0;
        std::memcpy(&number, digest.data(), sizeof number);
        auto const place = static_cast<std::size_t>(number % places_.size());
        if (auto const known = find(place, digest); known && at < known->expires_at) return *known;
        auto claims = tokens_->verify(token, at);
        if (claims) remember(place, {digest, *claims});
        return claims;
    }

private:
    std::optional<AccessClaims> find(std::size_t place, Sha256Digest const& digest) {
        std::scoped_lock const lock(locks_[place % locks]);
        // An empty entry has the digest of no token.
        auto const* const found = std::ranges::find(places_[place], digest, &Entry::digest);
        if (found == places_[place].end()) return std::nullopt;
        return found->claims;
    }

    void remember(std::size_t place, Entry const& entry) {
        std::scoped_lock const lock(locks_[place % locks]);
        auto& entries = places_[place];
        auto* given_way = std::ranges::find(entries, entry.digest, &Entry::digest);
        // Else the one that ends first, which an empty one does.
        if (given_way == entries.end()) {
            given_way = std::ranges::min_element(entries, {}, [](Entry const& each) { return each.claims.expires_at; });
        }
        *given_way = entry;
    }

    std::unique_ptr<AccessTokens> tokens_;
    std::array<std::mutex, locks> locks_;
    std::vector<Place> places_;
};

}  // namespace

std::unique_ptr<AccessTokens> remember_verified(std::unique_ptr<AccessTokens> tokens, std::size_t entries) {
    return std::make_unique<VerifiedTokens>(std::move(tokens), entries);
}

}  // namespace clinikk
