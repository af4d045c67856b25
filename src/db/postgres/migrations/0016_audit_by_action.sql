-- oldest program: 0.1.0
-- What happened rarely is found without reading what happened often.
CREATE INDEX audit_events_action_at_id_idx ON audit_events (action, at, id);
