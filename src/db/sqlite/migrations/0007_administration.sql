-- oldest program: 0.1.0
-- Keys with which programs act for an account; of a key only the hash is stored.
CREATE TABLE api_keys (
    id           BLOB    NOT NULL PRIMARY KEY CONSTRAINT api_keys_id_check CHECK (length(id) = 16),
    user_id      BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    prefix       TEXT    NOT NULL,
    key_hash     BLOB    NOT NULL UNIQUE CONSTRAINT api_keys_key_hash_check CHECK (length(key_hash) = 32),
    scopes       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_user_id_created_at_id_idx ON api_keys (user_id, created_at, id);

-- The administrators, to tell whether one is the last.
CREATE INDEX users_admin_idx ON users (id) WHERE role = 'admin' AND is_active;

-- Pages of the contents of one owner.
CREATE INDEX contents_owner_id_id_idx ON contents (owner_id, id);

-- Accounts that are being removed, which takes several transactions.
CREATE TABLE account_removals (
    user_id      BLOB    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    contents     TEXT    NOT NULL CONSTRAINT account_removals_contents_check CHECK (contents IN ('remove', 'keep', 'reassign')),
    heir_id      BLOB    REFERENCES users (id) ON DELETE SET NULL,
    requested_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_removals_heir_id_idx ON account_removals (heir_id);
