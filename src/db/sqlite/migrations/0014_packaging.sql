-- oldest program: 0.1.0
-- A content is played in segments by the packaging index of its source, an object of its own.
ALTER TABLE contents ADD COLUMN packaging TEXT
    CONSTRAINT contents_packaging_check CHECK (packaging IN ('ready', 'needs_rendition'));
ALTER TABLE contents ADD COLUMN packaging_reason TEXT;
DROP INDEX objects_unread_id_idx;

CREATE TABLE new_content_objects (
    content_id BLOB NOT NULL REFERENCES contents (id),
    role       TEXT NOT NULL CONSTRAINT content_objects_role_check CHECK (role IN ('source', 'index')),
    object_id  BLOB NOT NULL REFERENCES objects (id),
    PRIMARY KEY (content_id, role)
) STRICT, WITHOUT ROWID;
INSERT INTO new_content_objects SELECT content_id, role, object_id FROM content_objects;
DROP TABLE content_objects;
ALTER TABLE new_content_objects RENAME TO content_objects;
CREATE INDEX content_objects_object_id_idx ON content_objects (object_id);
