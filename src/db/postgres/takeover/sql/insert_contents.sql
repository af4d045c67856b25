INSERT INTO contents (id, title, description, content_type, duration, thumbnail_url, storage_url, visibility, status,
                      created_at, updated_at)
SELECT c.id, COALESCE(c.title, ''), COALESCE(c.description, ''), d.content_type,
       CASE WHEN c.duration >= 0 THEN c.duration END, d.thumbnail_url, c.storage_url, 'everyone', d.status,
       COALESCE(t.created_at, t.updated_at, now()), COALESCE(t.updated_at, t.created_at, now())
  FROM clinikk_poc.contents c JOIN decisions d ON d.id = c.id
  CROSS JOIN LATERAL (
       SELECT CASE WHEN c.created_at > '0001-01-02' AND c.created_at < '9999-12-31' THEN c.created_at END AS created_at,
              CASE WHEN c.updated_at > '0001-01-02' AND c.updated_at < '9999-12-31' THEN c.updated_at END AS updated_at
       ) t;
INSERT INTO objects (id, store, bucket, key, state, created_at)
SELECT d.object_id, 's3', d.bucket, d.key, 'stored', MIN(c.created_at)
  FROM decisions d JOIN contents c ON c.id = d.id WHERE d.object_id IS NOT NULL GROUP BY d.object_id, d.bucket, d.key;
INSERT INTO content_objects (content_id, role, object_id)
SELECT id, 'source', object_id FROM decisions WHERE object_id IS NOT NULL
