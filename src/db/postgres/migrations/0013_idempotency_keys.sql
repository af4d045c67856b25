-- oldest program: 0.1.0
-- Requests with an Idempotency-Key: whose, whether they run or what they have done, and the answer, sealed.
CREATE TABLE idempotency_keys (
    owner_id      uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash      bytea       NOT NULL CHECK (length(key_hash) = 32),
    fingerprint   bytea       NOT NULL CHECK (length(fingerprint) = 32),
    claim         uuid        NOT NULL UNIQUE,
    state         text        NOT NULL CHECK (state IN ('running', 'applied', 'answered')),
    target_id     uuid,
    sealed_answer text        NOT NULL,
    lease_until   timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (owner_id, key_hash)
);
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at);
