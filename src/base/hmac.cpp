#include "base/hmac.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <new>

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

std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view message) {
    std::array<std::uint8_t, 20> digest{};
    auto const* const made =
        HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<unsigned char const*>(message.data()), message.size(), digest.data(), nullptr);
    if (made == nullptr) throw std::bad_alloc();
    return digest;
}

std::string derive_key(std::string_view secret, std::string_view purpose) {
    auto const extracted = hmac_sha256(std::string(32, '\0'), secret);
    auto const expanded = hmac_sha256(as_text(extracted), std::string(purpose) + '\x01');
    return std::string(as_text(expanded));
}

}  // namespace clinikk
