-- oldest program: 0.1.0
-- As on SQLite; and whoever listens is told of new events when their transaction commits.
ALTER TABLE objects
    ALTER COLUMN size DROP NOT NULL,
    ALTER COLUMN sha256 DROP NOT NULL,
    ALTER COLUMN media_type DROP NOT NULL;
CREATE INDEX objects_unread_id_idx ON objects (id) WHERE media_type IS NULL;

ALTER TABLE uploads
    DROP CONSTRAINT uploads_method_check,
    ADD CONSTRAINT uploads_method_check CHECK (method IN ('form', 'direct')),
    ADD COLUMN part_size bigint CHECK (part_size > 0),
    ADD COLUMN metadata text;

CREATE OR REPLACE FUNCTION outbox_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7163482091);
    NEW.seq := nextval('outbox_seq');
    PERFORM pg_notify('clinikk_outbox', '');
    RETURN NEW;
END $$;
