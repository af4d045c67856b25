#include "security/playback_grants.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/encoding.hpp"
#include "base/hmac.hpp"

namespace clinikk {
namespace {

using std::chrono::seconds;

/// The layout of a grant before base64url: version, whether it is bound to a network, content, session, expiry in
/// seconds since 1970 (big-endian), signature. The network itself is signed but not written.
constexpr char version = 1;
constexpr std::size_t content_place = 2;
constexpr std::size_t session_place = 18;
constexpr std::size_t expiry_place = 34;
constexpr std::size_t signature_place = 42;
constexpr std::size_t signature_size = 16;  ///< 128 bits: it can only be guessed by asking this service
constexpr std::size_t grant_size = signature_place + signature_size;

std::string_view text_of(Sha256Digest const& digest) noexcept {
    return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

/// A key of its own, so that no grant can pass for anything else that is signed.
std::string derive_key(std::string const& key) { return std::string(text_of(hmac_sha256(key, "playback grant"))); }

std::string sign(std::string_view key, std::string_view fields, std::string_view network) {
    std::string message(fields);
    message += network;
    return std::string(text_of(hmac_sha256(key, message)).substr(0, signature_size));
}

Uuid read_uuid(std::string_view bytes, std::size_t place) {
    Uuid id;
    std::memcpy(id.bytes.data(), bytes.data() + place, id.bytes.size());
    return id;
}

class SignedGrants final : public PlaybackGrants {
public:
    explicit SignedGrants(std::span<std::string const> keys) {
        std::ranges::transform(keys, std::back_inserter(keys_), derive_key);
    }

    std::string issue(PlaybackGrant const& grant) override {
        std::string bytes{version, grant.network.empty() ? '\0' : '\1'};
        for (auto const& id : {grant.content_id, grant.session_id}) {
            bytes.append(reinterpret_cast<char const*>(id.bytes.data()), id.bytes.size());
        }
        auto const expiry =
            static_cast<std::uint64_t>(std::chrono::floor<seconds>(grant.expires_at).time_since_epoch().count());
        for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(expiry >> shift);
        bytes += sign(keys_.front(), bytes, grant.network);
        return to_base64url(bytes);
    }

    std::optional<PlaybackGrant> verify(std::string_view text, std::string_view network, Timestamp at) override {
        auto const bytes = from_base64url(text);
        if (!bytes || bytes->size() != grant_size || (*bytes)[0] != version) return std::nullopt;
        bool const is_bound = (*bytes)[1] != 0;
        if (!is_bound) network = {};
        if (!is_signed(*bytes, network)) return std::nullopt;
        std::uint64_t expiry = 0;
        for (auto place = expiry_place; place < signature_place; ++place) {
            expiry = expiry << 8 | static_cast<std::uint8_t>((*bytes)[place]);
        }
        PlaybackGrant grant{read_uuid(*bytes, content_place), read_uuid(*bytes, session_place),
                            Timestamp(seconds(static_cast<std::int64_t>(expiry))), std::string(network)};
        if (grant.expires_at <= at) return std::nullopt;
        return grant;
    }

private:
    bool is_signed(std::string_view bytes, std::string_view network) const {
        auto const fields = bytes.substr(0, signature_place);
        auto const signature = bytes.substr(signature_place);
        return std::ranges::any_of(keys_, [&](std::string const& key) {
            auto const right = sign(key, fields, network);
            return CRYPTO_memcmp(right.data(), signature.data(), signature_size) == 0;
        });
    }

    std::vector<std::string> keys_;
};

}  // namespace

std::unique_ptr<PlaybackGrants> make_playback_grants(std::span<std::string const> keys) {
    return std::make_unique<SignedGrants>(keys);
}

}  // namespace clinikk
