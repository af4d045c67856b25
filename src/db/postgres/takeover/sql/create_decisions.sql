CREATE TEMPORARY TABLE decisions (
    id uuid NOT NULL, content_type text NOT NULL, thumbnail_url text, status text NOT NULL,
    object_id uuid, bucket text, key text
) ON COMMIT DROP
