#pragma once

#include <cstddef>
#include <memory>

#include "base/async/blocking_pool.hpp"
#include "domain/credentials.hpp"

namespace clinikk {

/// What one Argon2id hash costs (RFC 9106). The default is OWASP's recommendation for one lane.
struct PasswordCost {
    unsigned long long operations = 2;        ///< passes over the memory
    std::size_t memory = 19UL * 1024 * 1024;  ///< bytes; at least 8 KiB
};

/// Hashes on `pool`, which must outlive it, and refuses with `unavailable` whoever finds no place in a `WaitingRoom` of
/// `places`; who is being served has a place too. Passwords are compared in NFKC (NIST SP 800-63B section 5.1.1.2).
/// `verify` also knows bcrypt hashes (`$2a$`, `$2b$`, `$2y$`) of the raw bytes; `hash` never makes them. Passwords over
/// 1024 bytes belong to no hash. Throws `std::invalid_argument` when the cost is out of libsodium's bounds.
std::unique_ptr<PasswordHasher> make_password_hasher(BlockingPool& pool, PasswordCost cost, std::size_t places);

}  // namespace clinikk
