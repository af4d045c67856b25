-- oldest program: 0.1.0
-- An upload may come in several requests. What its client sees of it outlives the write, so it has a row of its own.
ALTER TABLE uploads
    DROP CONSTRAINT uploads_method_check,
    ADD CONSTRAINT uploads_method_check CHECK (method IN ('form', 'direct', 'resumable'));

CREATE TABLE resumable_uploads (
    id           uuid        NOT NULL PRIMARY KEY,
    owner_id     uuid        REFERENCES users (id) ON DELETE SET NULL,
    state        text        NOT NULL CHECK (state IN ('open', 'done', 'failed', 'cancelled', 'expired')),
    "offset"     bigint      NOT NULL CHECK ("offset" >= 0),
    length       bigint      CHECK (length >= 0),
    is_complete  boolean     NOT NULL,
    description  text        NOT NULL,
    metadata     text        NOT NULL,
    concat       text        NOT NULL CHECK (concat IN ('none', 'partial', 'final')),
    concat_field text        NOT NULL,
    pieces       text        NOT NULL,
    right_sha256 bytea       CHECK (length(right_sha256) = 32),
    progress     text        NOT NULL,
    sha256       bytea       CHECK (length(sha256) = 32),
    replaces     uuid,
    outcome      text        NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX resumable_uploads_owner_id_state_id_idx ON resumable_uploads (owner_id, state, id);
CREATE INDEX resumable_uploads_unfinished_idx ON resumable_uploads (id) WHERE state = 'open' AND is_complete;
CREATE INDEX resumable_uploads_ended_idx ON resumable_uploads (expires_at) WHERE state <> 'open';
