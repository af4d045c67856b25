-- oldest program: 0.1.0
-- Objects that were taken over from elsewhere have not been read yet: size, digest and media type are unknown. Uploads
-- that go to the bucket past this program keep what their editor said until the bytes are there.
CREATE TABLE new_objects (
    id         BLOB    NOT NULL PRIMARY KEY CONSTRAINT objects_id_check CHECK (length(id) = 16),
    store      TEXT    NOT NULL,
    bucket     TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    size       INTEGER CONSTRAINT objects_size_check CHECK (size >= 0),
    sha256     BLOB    CONSTRAINT objects_sha256_check CHECK (length(sha256) = 32),
    media_type TEXT,
    state      TEXT    NOT NULL CONSTRAINT objects_state_check CHECK (state IN ('stored', 'deleting')),
    created_at INTEGER NOT NULL,
    UNIQUE (store, key)
) STRICT, WITHOUT ROWID;
INSERT INTO new_objects SELECT id, store, bucket, key, size, sha256, media_type, state, created_at FROM objects;
DROP TABLE objects;
ALTER TABLE new_objects RENAME TO objects;
CREATE INDEX objects_state_id_idx ON objects (state, id);
CREATE INDEX objects_unread_id_idx ON objects (id) WHERE media_type IS NULL;

CREATE TABLE new_uploads (
    id           BLOB    NOT NULL PRIMARY KEY CONSTRAINT uploads_id_check CHECK (length(id) = 16),
    content_id   BLOB    NOT NULL CONSTRAINT uploads_content_id_check CHECK (length(content_id) = 16),
    owner_id     BLOB    REFERENCES users (id) ON DELETE SET NULL,
    method       TEXT    NOT NULL CONSTRAINT uploads_method_check CHECK (method IN ('form', 'direct')),
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
    s3_upload_id, holder, lease_until, expires_at, created_at, NULL, NULL FROM uploads;
DROP TABLE uploads;
ALTER TABLE new_uploads RENAME TO uploads;
CREATE INDEX uploads_owner_id_lease_until_idx ON uploads (owner_id, lease_until);
CREATE INDEX uploads_lease_until_id_idx ON uploads (lease_until, id);
