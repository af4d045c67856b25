-- oldest program: 0.1.0
-- A content is played in segments by the packaging index of its source, an object of its own.
ALTER TABLE contents ADD COLUMN packaging text
    CONSTRAINT contents_packaging_check CHECK (packaging IN ('ready', 'needs_rendition'));
ALTER TABLE contents ADD COLUMN packaging_reason text;
DROP INDEX objects_unread_id_idx;
ALTER TABLE content_objects DROP CONSTRAINT content_objects_role_check;
ALTER TABLE content_objects ADD CONSTRAINT content_objects_role_check CHECK (role IN ('source', 'index'));
