#include "base/hmac.hpp"

#include <algorithm>
#include <array>

namespace clinikk {
namespace {

constexpr std::size_t block_size = 64;

/// The digest of the key, with each byte changed by `pad`, followed by the message.
Sha256Digest padded(std::string_view key, char pad, std::string_view message) {
    std::array<char, block_size> block{};
    std::ranges::copy(key, block.begin());
    for (char& byte : block) byte = static_cast<char>(byte ^ pad);
    Sha256 hash;
    hash.update({block.data(), block.size()});
    hash.update(message);
    return hash.finish();
}

std::string_view as_text(Sha256Digest const& digest) {
    return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

}  // namespace

Sha256Digest hmac_sha256(std::string_view key, std::string_view message) {
    if (key.size() > block_size) return hmac_sha256(as_text(Sha256::of(key)), message);
    return padded(key, 0x5c, as_text(padded(key, 0x36, message)));
}

}  // namespace clinikk
