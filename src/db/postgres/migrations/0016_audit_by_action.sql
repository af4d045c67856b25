-- oldest program: 0.1.0
-- A listing of one action reads the events of that action only.
CREATE INDEX audit_events_action_at_id_idx ON audit_events (action, at, id);
