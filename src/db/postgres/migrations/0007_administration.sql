-- oldest program: 0.1.0
-- Keys with which programs act for an account; of a key only the hash is stored.
CREATE TABLE api_keys (
    id           uuid        NOT NULL PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         text        NOT NULL,
    prefix       text        NOT NULL,
    key_hash     bytea       NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    scopes       text        NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_keys_user_id_created_at_id_idx ON api_keys (user_id, created_at, id);

-- The administrators, to tell whether one is the last.
CREATE INDEX users_admin_idx ON users (id) WHERE role = 'admin' AND is_active;

-- Pages of the contents of one owner.
CREATE INDEX contents_owner_id_id_idx ON contents (owner_id, id);

-- Accounts that are being removed, which takes several transactions.
CREATE TABLE account_removals (
    user_id      uuid        NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    contents     text        NOT NULL CHECK (contents IN ('remove', 'keep', 'reassign')),
    heir_id      uuid        REFERENCES users (id) ON DELETE SET NULL,
    requested_at timestamptz NOT NULL
);
CREATE INDEX account_removals_heir_id_idx ON account_removals (heir_id);
