-- oldest program: 0.1.0
-- Until here every content was public.
CREATE TABLE new_contents (
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
    visibility    TEXT    NOT NULL
                  CONSTRAINT contents_visibility_check CHECK (visibility IN ('public', 'members', 'unlisted', 'private')),
    status        TEXT    NOT NULL CONSTRAINT contents_status_check CHECK (status IN ('preparing', 'ready', 'errored')),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    truncated     INTEGER NOT NULL DEFAULT 0
                  CONSTRAINT contents_truncated_check CHECK (truncated IN (0, 1)),
    language      TEXT
) STRICT;
INSERT INTO new_contents SELECT id, title, description, content_type, duration, duration_ms, thumbnail_url, storage_url,
    media_type, size, sha256, width, height, video_codec, audio_codec, bit_rate, file_name, owner_id, 'public', status,
    created_at, updated_at, truncated, language FROM contents;
DROP TABLE contents;
ALTER TABLE new_contents RENAME TO contents;
CREATE INDEX contents_created_at_id_idx ON contents (created_at, id);
CREATE INDEX contents_content_type_created_at_id_idx ON contents (content_type, created_at, id);
CREATE INDEX contents_owner_id_created_at_id_idx ON contents (owner_id, created_at, id);
CREATE INDEX contents_visibility_created_at_id_idx ON contents (visibility, created_at, id);
CREATE INDEX contents_visibility_content_type_created_at_id_idx ON contents (visibility, content_type, created_at, id);
