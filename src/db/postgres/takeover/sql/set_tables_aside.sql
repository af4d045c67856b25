-- The earlier tables stay as they were, in a schema of their own, beside what there is to know about single rows.
CREATE SCHEMA clinikk_poc;
ALTER TABLE users SET SCHEMA clinikk_poc;
ALTER TABLE contents SET SCHEMA clinikk_poc;
CREATE TABLE clinikk_poc.findings (table_name text NOT NULL, id uuid NOT NULL, finding text NOT NULL);
