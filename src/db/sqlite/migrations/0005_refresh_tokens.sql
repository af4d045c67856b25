-- oldest program: 0.1.0
-- A session outlives its access token: it is continued with refresh tokens, each of which is used once.
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN last_used_at INTEGER;

CREATE TABLE refresh_tokens (
    token_hash     BLOB    NOT NULL PRIMARY KEY CONSTRAINT refresh_tokens_token_hash_check CHECK (length(token_hash) = 32),
    session_id     BLOB    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at      INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    used_at        INTEGER,
    successor_hash BLOB CONSTRAINT refresh_tokens_successor_hash_check CHECK (length(successor_hash) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expires_at_idx ON refresh_tokens (expires_at);
