-- oldest program: 0.1.0
-- The language of a content's speech and text, as its editor says.
ALTER TABLE contents ADD COLUMN language TEXT;
