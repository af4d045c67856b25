-- oldest program: 0.1.0
-- Who did what to what, when, and from where. Events name rows without referring to them, since they outlive them.
CREATE TABLE audit_events (
    id              BLOB    NOT NULL PRIMARY KEY CONSTRAINT audit_events_id_check CHECK (length(id) = 16),
    at              INTEGER NOT NULL,
    action          TEXT    NOT NULL,
    actor_kind      TEXT    NOT NULL CONSTRAINT audit_events_actor_kind_check CHECK (actor_kind IN ('account', 'nobody', 'operator', 'service')),
    actor_id        BLOB,
    actor_email     TEXT,
    credential_kind TEXT    CONSTRAINT audit_events_credential_kind_check CHECK (credential_kind IN ('session', 'api_key')),
    credential_id   BLOB,
    credential_name TEXT,
    target_kind     TEXT    NOT NULL,
    target_id       BLOB,
    address         TEXT,
    user_agent      TEXT,
    request_id      BLOB,
    details         TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_events_at_id_idx ON audit_events (at, id);
CREATE INDEX audit_events_actor_id_at_id_idx ON audit_events (actor_id, at, id);
CREATE INDEX audit_events_target_id_at_id_idx ON audit_events (target_id, at, id);

-- Rows are only added. Those older than 90 days may be removed, as the retention does. INSERT OR REPLACE would remove a
-- row without a trigger for DELETE.
CREATE TRIGGER audit_events_keep_update BEFORE UPDATE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'audit_events: rows are never changed');
END;
CREATE TRIGGER audit_events_keep_delete BEFORE DELETE ON audit_events
WHEN OLD.at > (CAST(strftime('%s', 'now') AS INTEGER) - 90 * 86400) * 1000000
BEGIN
    SELECT RAISE(ABORT, 'audit_events: rows are kept for 90 days at least');
END;
CREATE TRIGGER audit_events_keep_replace BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'audit_events: rows are never replaced');
END;
