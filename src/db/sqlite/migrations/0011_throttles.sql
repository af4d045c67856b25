-- oldest program: 0.1.0
-- Attempts that are slowed down are counted for all processes. `wait_until` is in milliseconds since 1970, because the
-- statements calculate with it.
CREATE TABLE throttles (
    key_hash   BLOB    NOT NULL PRIMARY KEY CONSTRAINT throttles_key_hash_check CHECK (length(key_hash) = 32),
    count      INTEGER NOT NULL CONSTRAINT throttles_count_check CHECK (count >= 0),
    wait_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_expires_at_idx ON throttles (expires_at);
