#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace clinikk {

/// 32 bytes.
using Sha256Digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4) of bytes that arrive in pieces.
class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();

    void update(std::string_view bytes);

    /// The digest of all bytes. Call it once.
    Sha256Digest finish();

    static Sha256Digest of(std::string_view bytes);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace clinikk
