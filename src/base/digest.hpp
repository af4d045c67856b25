#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/sha256.hpp"

namespace clinikk {

/// A digest, by one of several algorithms, of bytes that arrive in pieces. For checksums that others choose; our own
/// digests are SHA-256 (base/sha256.hpp).
class Digest {
public:
    /// `algorithm` is `sha1`, `sha256`, `sha512` or `md5`; null for any other name. MD5 and SHA-1 tell of accidents in
    /// transit only: whoever wants to can make other bytes with the same digest.
    static std::unique_ptr<Digest> make(std::string_view algorithm);

    Digest(Digest const&) = delete;
    Digest& operator=(Digest const&) = delete;
    ~Digest();

    void update(std::string_view bytes);

    /// The digest of all bytes, as raw bytes. Call it once.
    std::string finish();

private:
    struct State;
    explicit Digest(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Compares two digests. Takes the same time wherever they differ.
bool are_equal(Sha256Digest const& a, Sha256Digest const& b) noexcept;

}  // namespace clinikk
