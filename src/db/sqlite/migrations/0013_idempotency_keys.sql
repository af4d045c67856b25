-- oldest program: 0.1.0
-- Requests with an Idempotency-Key: whose, whether they run or what they have done, and the answer, sealed.
CREATE TABLE idempotency_keys (
    owner_id      BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash      BLOB    NOT NULL CONSTRAINT idempotency_keys_key_hash_check CHECK (length(key_hash) = 32),
    fingerprint   BLOB    NOT NULL CONSTRAINT idempotency_keys_fingerprint_check CHECK (length(fingerprint) = 32),
    claim         BLOB    NOT NULL UNIQUE CONSTRAINT idempotency_keys_claim_check CHECK (length(claim) = 16),
    state         TEXT    NOT NULL CONSTRAINT idempotency_keys_state_check CHECK (state IN ('running', 'applied', 'answered')),
    target_id     BLOB,
    sealed_answer TEXT    NOT NULL,
    lease_until   INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (owner_id, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at);
