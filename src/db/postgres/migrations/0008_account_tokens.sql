-- oldest program: 0.1.0
-- One-time tokens that are mailed to accounts. The accounts from before count as verified.
ALTER TABLE users ADD COLUMN email_verified_at timestamptz;
UPDATE users SET email_verified_at = created_at;

CREATE TABLE account_tokens (
    token_hash bytea       NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    text        NOT NULL CHECK (purpose IN ('password_reset', 'email_verification')),
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX account_tokens_user_id_purpose_issued_at_idx ON account_tokens (user_id, purpose, issued_at);
CREATE INDEX account_tokens_expires_at_idx ON account_tokens (expires_at);
