-- oldest program: 0.1.0
-- A session outlives its access token: it is continued with refresh tokens, each of which is used once.
ALTER TABLE sessions ADD COLUMN device text NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN last_used_at timestamptz;

CREATE TABLE refresh_tokens (
    token_hash     bytea       NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    session_id     uuid        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at      timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    used_at        timestamptz,
    successor_hash bytea       CHECK (length(successor_hash) = 32)
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expires_at_idx ON refresh_tokens (expires_at);
