// A database as the proof of concept left it: its tables as SQLAlchemy made them, and what may stand in them.

import { randomUUID } from 'node:crypto';

import { sql } from './database.js';
import { runProgram } from './program.js';

const SCHEMA = `
CREATE TYPE contenttype AS ENUM ('VIDEO', 'AUDIO');
CREATE TABLE users (
  id UUID NOT NULL, email VARCHAR, hashed_password VARCHAR, is_active BOOLEAN, PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_users_email ON users (email);
CREATE INDEX ix_users_id ON users (id);
CREATE TABLE contents (
  id UUID NOT NULL, title VARCHAR, description VARCHAR, content_type contenttype, storage_url VARCHAR,
  thumbnail_url VARCHAR, duration INTEGER, created_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
  updated_at TIMESTAMP WITH TIME ZONE, PRIMARY KEY (id)
);
CREATE INDEX ix_contents_id ON contents (id);
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('8f2a');
`;

/** bcrypt hashes as passlib made them, by their password. */
export const BCRYPT = {
  'correct horse battery staple': '$2b$12$KIXq0aP1mZ9rT3uVwXyZ0eoRyML5w4r.FDL.XlWf2lF5ntwfNIxFu',
  'grün ist die Hoffnung': '$2b$04$abcdefghijklmnopqrstuuoP9pjSHe3/bpnyRmnA1uHpOx.gU1i3G',
  ['x'.repeat(100)]: '$2a$04$ABCDEFGHIJKLMNOPQRSTUuuPMGVdMuE6yqNwaDAANxW.7cK/ZbrX6',
  short: '$2y$04$zyxwvutsrqponmlkjihgfeZ1KjYYP/r549JQZqgP93YYQ9CtjJX5e',
};

export const s3Url = (key, bucket = 'clinikk-media') => `https://${bucket}.s3.eu-west-1.amazonaws.com/${key}`;

const literal = (value) => (value === null ? 'NULL' : typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value));
const insert = (table, row) => `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).map(literal).join(', ')});`;

/** A row of `users`, to be given to `makePoc`. */
export const pocUser = (over = {}) => ({
  id: randomUUID(), email: 'ada@example.org', hashed_password: BCRYPT['correct horse battery staple'], is_active: true, ...over,
});

/** A row of `contents`. */
export const pocContent = (over = {}) => ({
  id: randomUUID(), title: 'A title', description: 'A description', content_type: 'VIDEO', storage_url: s3Url(`video/${randomUUID()}.mp4`),
  thumbnail_url: null, duration: 61, created_at: '2024-03-01 12:00:00.123456+00', updated_at: '2024-03-02 08:30:00+02', ...over,
});

/** Makes the tables with these rows in the database of a data directory. */
export async function makePoc(dataDir, { users = [], contents = [], more = '' } = {}) {
  await sql(dataDir, SCHEMA);
  let batch = '';
  for (const row of [...users.map((row) => insert('users', row)), ...contents.map((row) => insert('contents', row)), more]) {
    // An argument may not be longer than 128 KiB.
    if (batch.length + row.length > 100_000) {
      await sql(dataDir, batch);
      batch = '';
    }
    batch += row;
  }
  if (batch) await sql(dataDir, batch);
}

/** Runs a command on the database of a data directory to its end. */
export const command = (dataDir, ...args) => runProgram(args, { env: { DATA_DIR: dataDir }, cwd: dataDir, timeout: 60_000 });
