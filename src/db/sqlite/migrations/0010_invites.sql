-- oldest program: 0.1.0
-- Accounts may be made by invitation only. The row of an invite goes with its use.
CREATE TABLE invites (
    id         BLOB    NOT NULL PRIMARY KEY CONSTRAINT invites_id_check CHECK (length(id) = 16),
    token_hash BLOB    NOT NULL UNIQUE CONSTRAINT invites_token_hash_check CHECK (length(token_hash) = 32),
    role       TEXT    NOT NULL CONSTRAINT invites_role_check CHECK (role IN ('viewer', 'editor', 'admin')),
    invited_by BLOB    REFERENCES users (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invites_invited_by_idx ON invites (invited_by);
CREATE INDEX invites_created_at_id_idx ON invites (created_at, id);
CREATE INDEX invites_expires_at_idx ON invites (expires_at);
