-- oldest program: 0.1.0
-- Accounts may be made by invitation only. The row of an invite goes with its use.
CREATE TABLE invites (
    id         uuid        NOT NULL PRIMARY KEY,
    token_hash bytea       NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    role       text        NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    invited_by uuid        REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX invites_invited_by_idx ON invites (invited_by);
CREATE INDEX invites_created_at_id_idx ON invites (created_at, id);
CREATE INDEX invites_expires_at_idx ON invites (expires_at);
