-- oldest program: 0.1.0
-- Constraints have the names that the SQLite schema gives them, where PostgreSQL's default differs.
CREATE TABLE users (
    id            uuid        NOT NULL PRIMARY KEY,
    email         text        NOT NULL,
    email_key     text        NOT NULL UNIQUE,
    password_hash text        NOT NULL,
    role          text        NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    is_active     boolean     NOT NULL,
    created_at    timestamptz NOT NULL
);
CREATE INDEX users_created_at_id_idx ON users (created_at, id);

CREATE TABLE sessions (
    id         uuid        NOT NULL PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE contents (
    id            uuid        NOT NULL PRIMARY KEY,
    title         text        NOT NULL,
    description   text        NOT NULL,
    content_type  text        NOT NULL CHECK (content_type IN ('video', 'audio')),
    duration      bigint      CHECK (duration >= 0),
    duration_ms   bigint      CHECK (duration_ms >= 0),
    thumbnail_url text,
    storage_url   text,
    media_type    text,
    size          bigint      CHECK (size >= 0),
    sha256        bytea       CHECK (length(sha256) = 32),
    width         bigint      CHECK (width >= 0),
    height        bigint      CHECK (height >= 0),
    video_codec   text,
    audio_codec   text,
    bit_rate      bigint      CHECK (bit_rate >= 0),
    file_name     text,
    owner_id      uuid        REFERENCES users (id) ON DELETE SET NULL,
    visibility    text        NOT NULL CHECK (visibility IN ('everyone')),
    status        text        NOT NULL CHECK (status IN ('preparing', 'ready', 'errored')),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
CREATE INDEX contents_created_at_id_idx ON contents (created_at, id);
CREATE INDEX contents_content_type_created_at_id_idx ON contents (content_type, created_at, id);
CREATE INDEX contents_owner_id_idx ON contents (owner_id);

CREATE TABLE objects (
    id         uuid        NOT NULL PRIMARY KEY,
    store      text        NOT NULL,
    bucket     text        NOT NULL,
    key        text        NOT NULL,
    size       bigint      NOT NULL CHECK (size >= 0),
    sha256     bytea       NOT NULL CHECK (length(sha256) = 32),
    media_type text        NOT NULL,
    state      text        NOT NULL CHECK (state IN ('stored', 'deleting')),
    created_at timestamptz NOT NULL,
    UNIQUE (store, key)
);
CREATE INDEX objects_state_id_idx ON objects (state, id);

CREATE TABLE content_objects (
    content_id uuid NOT NULL REFERENCES contents (id),
    role       text NOT NULL CHECK (role IN ('source')),
    object_id  uuid NOT NULL REFERENCES objects (id),
    PRIMARY KEY (content_id, role)
);
CREATE INDEX content_objects_object_id_idx ON content_objects (object_id);

-- content_id and object_id are of rows that do not exist yet.
CREATE TABLE uploads (
    id           uuid        NOT NULL PRIMARY KEY,
    content_id   uuid        NOT NULL,
    owner_id     uuid        REFERENCES users (id) ON DELETE SET NULL,
    method       text        NOT NULL CHECK (method IN ('form')),
    state        text        NOT NULL CHECK (state IN ('receiving', 'committing')),
    "offset"     bigint      NOT NULL CHECK ("offset" >= 0),
    length       bigint      CHECK (length >= 0),
    object_id    uuid        NOT NULL,
    store        text        NOT NULL,
    object_key   text        NOT NULL,
    s3_upload_id text        NOT NULL,
    holder       text        NOT NULL,
    lease_until  timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL
);
CREATE INDEX uploads_owner_id_lease_until_idx ON uploads (owner_id, lease_until);
CREATE INDEX uploads_lease_until_id_idx ON uploads (lease_until, id);

CREATE TABLE outbox (
    seq        bigint      NOT NULL PRIMARY KEY,
    id         uuid        NOT NULL,
    type       text        NOT NULL,
    subject    uuid        NOT NULL,
    payload    text        NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX outbox_created_at_idx ON outbox (created_at);

-- Readers remember the last number they saw, so numbers must be committed in their order: whoever takes one holds a
-- lock until the end of its transaction.
CREATE SEQUENCE outbox_seq;
CREATE FUNCTION outbox_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7163482091);
    NEW.seq := nextval('outbox_seq');
    RETURN NEW;
END $$;
CREATE TRIGGER outbox_number BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION outbox_number();
