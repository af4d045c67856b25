-- oldest program: 0.1.0
-- Ids are 16 bytes, times are microseconds since 1970 in UTC, truth values are 0 and 1. Tables whose rows are small
-- are stored under their primary key; contents, whose rows are not, have a rowid.
CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY CONSTRAINT users_id_check CHECK (length(id) = 16),
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    role          TEXT    NOT NULL CONSTRAINT users_role_check CHECK (role IN ('viewer', 'editor', 'admin')),
    is_active     INTEGER NOT NULL CONSTRAINT users_is_active_check CHECK (is_active IN (0, 1)),
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_created_at_id_idx ON users (created_at, id);

CREATE TABLE sessions (
    id         BLOB    NOT NULL PRIMARY KEY CONSTRAINT sessions_id_check CHECK (length(id) = 16),
    user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE contents (
    id            BLOB    NOT NULL PRIMARY KEY CONSTRAINT contents_id_check CHECK (length(id) = 16),
    title         TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    content_type  TEXT    NOT NULL CONSTRAINT contents_content_type_check CHECK (content_type IN ('video', 'audio')),
    duration      INTEGER CONSTRAINT contents_duration_check CHECK (duration >= 0),
    duration_ms   INTEGER CONSTRAINT contents_duration_ms_check CHECK (duration_ms >= 0),
    thumbnail_url TEXT,
    storage_url   TEXT,
    media_type    TEXT,
    size          INTEGER CONSTRAINT contents_size_check CHECK (size >= 0),
    sha256        BLOB    CONSTRAINT contents_sha256_check CHECK (length(sha256) = 32),
    width         INTEGER CONSTRAINT contents_width_check CHECK (width >= 0),
    height        INTEGER CONSTRAINT contents_height_check CHECK (height >= 0),
    video_codec   TEXT,
    audio_codec   TEXT,
    bit_rate      INTEGER CONSTRAINT contents_bit_rate_check CHECK (bit_rate >= 0),
    file_name     TEXT,
    owner_id      BLOB    REFERENCES users (id) ON DELETE SET NULL,
    visibility    TEXT    NOT NULL CONSTRAINT contents_visibility_check CHECK (visibility IN ('everyone')),
    status        TEXT    NOT NULL CONSTRAINT contents_status_check CHECK (status IN ('preparing', 'ready', 'errored')),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX contents_created_at_id_idx ON contents (created_at, id);
CREATE INDEX contents_content_type_created_at_id_idx ON contents (content_type, created_at, id);
CREATE INDEX contents_owner_id_idx ON contents (owner_id);

CREATE TABLE objects (
    id         BLOB    NOT NULL PRIMARY KEY CONSTRAINT objects_id_check CHECK (length(id) = 16),
    store      TEXT    NOT NULL,
    bucket     TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    size       INTEGER NOT NULL CONSTRAINT objects_size_check CHECK (size >= 0),
    sha256     BLOB    NOT NULL CONSTRAINT objects_sha256_check CHECK (length(sha256) = 32),
    media_type TEXT    NOT NULL,
    state      TEXT    NOT NULL CONSTRAINT objects_state_check CHECK (state IN ('stored', 'deleting')),
    created_at INTEGER NOT NULL,
    UNIQUE (store, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX objects_state_id_idx ON objects (state, id);

CREATE TABLE content_objects (
    content_id BLOB NOT NULL REFERENCES contents (id),
    role       TEXT NOT NULL CONSTRAINT content_objects_role_check CHECK (role IN ('source')),
    object_id  BLOB NOT NULL REFERENCES objects (id),
    PRIMARY KEY (content_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX content_objects_object_id_idx ON content_objects (object_id);

-- content_id and object_id are of rows that do not exist yet.
CREATE TABLE uploads (
    id           BLOB    NOT NULL PRIMARY KEY CONSTRAINT uploads_id_check CHECK (length(id) = 16),
    content_id   BLOB    NOT NULL CONSTRAINT uploads_content_id_check CHECK (length(content_id) = 16),
    owner_id     BLOB    REFERENCES users (id) ON DELETE SET NULL,
    method       TEXT    NOT NULL CONSTRAINT uploads_method_check CHECK (method IN ('form')),
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
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_owner_id_lease_until_idx ON uploads (owner_id, lease_until);
CREATE INDEX uploads_lease_until_id_idx ON uploads (lease_until, id);

-- AUTOINCREMENT: a number is never used again, even when all events have been removed.
CREATE TABLE outbox (
    seq        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id         BLOB    NOT NULL CONSTRAINT outbox_id_check CHECK (length(id) = 16),
    type       TEXT    NOT NULL,
    subject    BLOB    NOT NULL CONSTRAINT outbox_subject_check CHECK (length(subject) = 16),
    payload    TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_created_at_idx ON outbox (created_at);
