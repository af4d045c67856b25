-- oldest program: 0.1.0
-- Attempts that are slowed down are counted for all processes. `wait_until` is in milliseconds since 1970, because the
-- statements calculate with it.
CREATE TABLE throttles (
    key_hash   bytea       NOT NULL PRIMARY KEY CHECK (length(key_hash) = 32),
    count      bigint      NOT NULL CHECK (count >= 0),
    wait_until bigint      NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX throttles_expires_at_idx ON throttles (expires_at);
