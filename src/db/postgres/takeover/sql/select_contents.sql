-- What the decisions rest on. Titles and descriptions, which may be huge, stay in the database; so do addresses that
-- are too long to be any.
SELECT id, lower(content_type::text),
       CASE WHEN octet_length(storage_url) <= 2048 THEN storage_url END,
       CASE WHEN octet_length(thumbnail_url) <= 2048 THEN thumbnail_url END,
       thumbnail_url IS NOT NULL, title IS NULL, duration < 0,
       created_at > '0001-01-02' AND created_at < '9999-12-31'
  FROM clinikk_poc.contents ORDER BY ctid
