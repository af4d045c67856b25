-- oldest program: 0.1.0
-- Until here every content was public.
ALTER TABLE contents DROP CONSTRAINT contents_visibility_check;
UPDATE contents SET visibility = 'public';
ALTER TABLE contents ADD CONSTRAINT contents_visibility_check
    CHECK (visibility IN ('public', 'members', 'unlisted', 'private'));
DROP INDEX contents_owner_id_idx;
CREATE INDEX contents_owner_id_created_at_id_idx ON contents (owner_id, created_at, id);
CREATE INDEX contents_visibility_created_at_id_idx ON contents (visibility, created_at, id);
CREATE INDEX contents_visibility_content_type_created_at_id_idx ON contents (visibility, content_type, created_at, id);
