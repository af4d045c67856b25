-- oldest program: 0.1.0
-- An upload may come in several requests. What its client sees of it outlives the write, so it has a row of its own.
CREATE TABLE new_uploads (
    id           BLOB    NOT NULL PRIMARY KEY CONSTRAINT uploads_id_check CHECK (length(id) = 16),
    content_id   BLOB    NOT NULL CONSTRAINT uploads_content_id_check CHECK (length(content_id) = 16),
    owner_id     BLOB    REFERENCES users (id) ON DELETE SET NULL,
    method       TEXT    NOT NULL CONSTRAINT uploads_method_check CHECK (method IN ('form', 'direct', 'resumable')),
    state        TEXT    NOT NULL CONSTRAINT uploads_state_check CHECK (state IN ('receiving', 'committing')),
    "offset"     INTEGER NOT NULL CONSTRAINT uploads_offset_check CHECK ("offset" >= 0),
    length       INTEGER CONSTRAINT uploads_length_check CHECK (length >= 0),
    object_id    BLOB    NOT NULL CONSTRAINT uploads_object_id_check CHECK (length(object_id) = 16),
    store        TEXT    NOT NULL,
    object_key   TEXT    NOT NULL,
    s3_upload_id TEXT    NOT NULL,
    holder       TEXT    NOT NULL,
    lease_until  INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    part_size    INTEGER CONSTRAINT uploads_part_size_check CHECK (part_size > 0),
    metadata     TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO new_uploads SELECT id, content_id, owner_id, method, state, "offset", length, object_id, store, object_key,
    s3_upload_id, holder, lease_until, expires_at, created_at, part_size, metadata FROM uploads;
DROP TABLE uploads;
ALTER TABLE new_uploads RENAME TO uploads;
CREATE INDEX uploads_owner_id_lease_until_idx ON uploads (owner_id, lease_until);
CREATE INDEX uploads_lease_until_id_idx ON uploads (lease_until, id);

CREATE TABLE resumable_uploads (
    id           BLOB    NOT NULL PRIMARY KEY CONSTRAINT resumable_uploads_id_check CHECK (length(id) = 16),
    owner_id     BLOB    REFERENCES users (id) ON DELETE SET NULL,
    state        TEXT    NOT NULL
                 CONSTRAINT resumable_uploads_state_check CHECK (state IN ('open', 'done', 'failed', 'cancelled', 'expired')),
    "offset"     INTEGER NOT NULL CONSTRAINT resumable_uploads_offset_check CHECK ("offset" >= 0),
    length       INTEGER CONSTRAINT resumable_uploads_length_check CHECK (length >= 0),
    is_complete  INTEGER NOT NULL CONSTRAINT resumable_uploads_is_complete_check CHECK (is_complete IN (0, 1)),
    description  TEXT    NOT NULL,
    metadata     TEXT    NOT NULL,
    concat       TEXT    NOT NULL
                 CONSTRAINT resumable_uploads_concat_check CHECK (concat IN ('none', 'partial', 'final')),
    concat_field TEXT    NOT NULL,
    pieces       TEXT    NOT NULL,
    right_sha256 BLOB    CONSTRAINT resumable_uploads_right_sha256_check CHECK (length(right_sha256) = 32),
    progress     TEXT    NOT NULL,
    sha256       BLOB    CONSTRAINT resumable_uploads_sha256_check CHECK (length(sha256) = 32),
    replaces     BLOB    CONSTRAINT resumable_uploads_replaces_check CHECK (length(replaces) = 16),
    outcome      TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX resumable_uploads_owner_id_state_id_idx ON resumable_uploads (owner_id, state, id);
CREATE INDEX resumable_uploads_unfinished_idx ON resumable_uploads (id) WHERE state = 'open' AND is_complete;
CREATE INDEX resumable_uploads_ended_idx ON resumable_uploads (expires_at) WHERE state <> 'open';
