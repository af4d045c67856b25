#pragma once

#include <chrono>

#include "base/log.hpp"
#include "domain/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/idempotency.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

/// Keeps what requests with an Idempotency-Key have done, for all processes.
///
/// A request claims its key by a row, which a lease holds while it runs. The transaction of its effect notes in that
/// row that it is done (`record`); it is rolled back where the claim has gone to another request.
/// So the effect of a key happens once at most, whatever process is killed when. The answer is kept afterwards, sealed,
/// since it may hold a secret such as the token of an invite. If the process is killed between the two, the effect is
/// known and the answer is lost.
class IdempotencyService : public IdempotencyKeys {
public:
    static constexpr std::chrono::hours key_life{24};
    static constexpr std::chrono::seconds lease_length{30};
    static constexpr std::int64_t max_keys = 1000;          ///< of an account
    static constexpr std::size_t max_answer = 64UL * 1024;  ///< bytes of the body

    IdempotencyService(UnitOfWork& work, SecretBox& box, Clock& clock, Log& log)
        : work_(work), box_(box), clock_(clock), log_(log) {}

    Task<Result<BegunRequest>> begin(IdempotentRequest request) override;

private:
    class Run;
    BegunRequest answer_of(IdempotencyKey const& row);

    UnitOfWork& work_;
    SecretBox& box_;
    Clock& clock_;
    Log& log_;
};

}  // namespace clinikk
