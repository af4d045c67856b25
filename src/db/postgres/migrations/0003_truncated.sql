-- oldest program: 0.1.0
-- Contents of programs that did not note it count as whole: those programs refused most recordings that stop.
ALTER TABLE contents ADD COLUMN truncated boolean NOT NULL DEFAULT false;
