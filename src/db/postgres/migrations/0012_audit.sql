-- oldest program: 0.1.0
-- Who did what to what, when, and from where. Events name rows without referring to them, since they outlive them.
CREATE TABLE audit_events (
    id              uuid        NOT NULL PRIMARY KEY,
    at              timestamptz NOT NULL,
    action          text        NOT NULL,
    actor_kind      text        NOT NULL CHECK (actor_kind IN ('account', 'nobody', 'operator', 'service')),
    actor_id        uuid,
    actor_email     text,
    credential_kind text        CHECK (credential_kind IN ('session', 'api_key')),
    credential_id   uuid,
    credential_name text,
    target_kind     text        NOT NULL,
    target_id       uuid,
    address         text,
    user_agent      text,
    request_id      uuid,
    details         text        NOT NULL
);
CREATE INDEX audit_events_at_id_idx ON audit_events (at, id);
CREATE INDEX audit_events_actor_id_at_id_idx ON audit_events (actor_id, at, id);
CREATE INDEX audit_events_target_id_at_id_idx ON audit_events (target_id, at, id);

-- Rows are only added. Those older than 90 days may be removed, as the retention does.
CREATE FUNCTION audit_events_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at <= now() - interval '90 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_events: rows are never changed, and kept for 90 days at least';
END $$;
CREATE TRIGGER audit_events_keep BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_events_keep();
CREATE TRIGGER audit_events_keep_all BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_keep();
