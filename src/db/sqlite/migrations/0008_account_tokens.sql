-- oldest program: 0.1.0
-- One-time tokens that are mailed to accounts. The accounts from before count as verified.
ALTER TABLE users ADD COLUMN email_verified_at INTEGER;
UPDATE users SET email_verified_at = created_at;

CREATE TABLE account_tokens (
    token_hash BLOB    NOT NULL PRIMARY KEY CONSTRAINT account_tokens_token_hash_check CHECK (length(token_hash) = 32),
    user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    TEXT    NOT NULL
        CONSTRAINT account_tokens_purpose_check CHECK (purpose IN ('password_reset', 'email_verification')),
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX account_tokens_user_id_purpose_issued_at_idx ON account_tokens (user_id, purpose, issued_at);
CREATE INDEX account_tokens_expires_at_idx ON account_tokens (expires_at);
