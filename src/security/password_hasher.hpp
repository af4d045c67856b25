#pragma once

#include <cstddef>
#include <memory>

#include "base/async/blocking_pool.hpp"
#include "domain/credentials.hpp"

namespace clinikk {

/// The cost of one Argon2id hash (RFC 9106). The default is the recommendation of OWASP. There is one lane: more lanes
/// would let one login use several cores, which other logins need.
struct PasswordCost {
    unsigned long long operations = 2;  ///< passes over the memory (PASSWORD_ITERATIONS)
    std::size_t memory = 19UL << 20U;   ///< bytes, at least 8 KiB (PASSWORD_MEMORY)
};

/// Hashes on `pool`, which must outlive it. A client that finds no place in a `WaitingRoom` of `places` is refused with
/// `unavailable`; a client that is being served also has a place. Passwords are compared in NFKC (NIST SP 800-63B
/// section 5.1.1.2). `verify` also accepts bcrypt hashes (`$2a$`, `$2b$`, `$2y$`) of the raw bytes; `hash` never makes
/// them. Passwords over `max_password_bytes` match no hash. Throws `std::invalid_argument` when the cost is out of the
/// bounds of libsodium.
std::unique_ptr<PasswordHasher> make_password_hasher(BlockingPool& pool, PasswordCost cost, std::size_t places);

}  // namespace clinikk
