#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

/// Requests that carry an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): what one key asks for is done
/// once, however often it is asked for.
namespace clinikk {

enum class IdempotencyState : std::uint8_t {
    running,   ///< nothing has been done yet
    applied,   ///< what was asked for has been done; the answer is not known
    answered,  ///< the answer is known
};
BOOST_DESCRIBE_ENUM(IdempotencyState, running, applied, answered)

/// A row: a key of an account. Of the key itself only the hash is stored.
struct IdempotencyKey {
    Uuid owner_id;
    Sha256Digest key_hash{};
    Sha256Digest fingerprint{};  ///< of the request; a key stands for one request only
    Uuid claim;                  ///< the id of the request that runs, or ran last
    IdempotencyState state = IdempotencyState::running;
    std::optional<Uuid> target_id{};  ///< to what something was done
    std::string sealed_answer{};      ///< empty unless `answered`
    Timestamp lease_until{};          ///< until then the request that has the claim is taken to be running
    Timestamp expires_at{};
};
BOOST_DESCRIBE_STRUCT(IdempotencyKey, (),
                      (owner_id, key_hash, fingerprint, claim, state, target_id, sealed_answer, lease_until,
                       expires_at))

class IdempotencyRepository {
public:
    virtual ~IdempotencyRepository() = default;

    /// Returns false when the account has the key already.
    virtual Task<bool> insert(IdempotencyKey const& key) = 0;
    virtual Task<std::optional<IdempotencyKey>> find(Uuid owner_id, Sha256Digest const& key_hash) = 0;
    /// The number of keys of an account, with expired ones.
    virtual Task<std::int64_t> count(Uuid owner_id) = 0;
    /// Replaces the row, if `former` still has the claim. Returns false when it has not.
    virtual Task<bool> take_over(IdempotencyKey const& key, Uuid former) = 0;
    /// Prolongs the lease. Returns false when the claim has gone.
    virtual Task<bool> renew(Uuid claim, Timestamp until) = 0;
    /// Notes that what was asked for is done, in the transaction that does it. Returns false when the claim has gone.
    virtual Task<bool> note_effect(Uuid claim, std::optional<Uuid> target_id) = 0;
    virtual Task<bool> answer(Uuid claim, std::string_view sealed_answer) = 0;
    /// Removes the key, if nothing has been done; else ends its lease.
    virtual Task<> release(Uuid claim, Timestamp at) = 0;
    /// Removes the keys that expired first, of those that expired before `before`, and returns how many: `limit`, or
    /// more where others expire at the same time as the last of them.
    virtual Task<std::uint64_t> remove_expired(Timestamp before, std::size_t limit) = 0;
};

/// An answer as it is kept.
struct KeptAnswer {
    std::int64_t status = 0;
    std::string fields{};  ///< `Name: value\r\n` for each header field
    std::string body{};
};
BOOST_DESCRIBE_STRUCT(KeptAnswer, (), (status, fields, body))

/// What was asked for has been done, but the process ended before its answer was kept.
struct LostAnswer {
    std::optional<Uuid> target_id{};
};

/// A request that runs under a key. The key is held until `finish` or `release`; while this object lives, its lease is
/// renewed.
class IdempotentRun {
public:
    virtual ~IdempotentRun() = default;

    /// Keeps the answer. One of more than 64 KiB is not kept.
    virtual Task<> finish(KeptAnswer answer) = 0;
    /// Lets the same request run again, unless its effect has been noted.
    virtual Task<> release() = 0;
};

struct IdempotentRequest {
    Uuid owner_id;
    Sha256Digest key_hash{};
    Sha256Digest fingerprint{};
    Uuid id;  ///< of the request, under which it claims the key
};

using BegunRequest = std::variant<std::unique_ptr<IdempotentRun>, KeptAnswer, LostAnswer>;

/// The keys, as the pipeline uses them. Thread-safe.
class IdempotencyKeys {
public:
    virtual ~IdempotencyKeys() = default;

    /// Claims the key for a request, or tells what has become of it. Fails with `idempotency_key_in_use` while the
    /// request runs, with `idempotency_key_reused` when the key stands for another request, and with
    /// `too_many_idempotency_keys`.
    virtual Task<Result<BegunRequest>> begin(IdempotentRequest request) = 0;
};

}  // namespace clinikk
