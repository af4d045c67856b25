// What the request rows are measured on: a library of 10 000 rows, of which all are one uploaded video.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { postJson, upload } from './client.js';
import { startServer } from './processes.js';

export const ACCOUNT = { email: 'bench@example.org', password: 'a password for measuring' };
const ROWS = 10_000;

/** Registers the account and logs in; the token outlives restarts on the same data directory. */
export async function makeAccount(server) {
  const made = await postJson(server.port, '/auth/register', ACCOUNT);
  if (made.status !== 201) throw new Error(`registering: ${made.status} ${made.body}`);
  return logIn(server);
}

export async function logIn(server) {
  const answer = await postJson(server.port, '/auth/token', ACCOUNT);
  if (answer.status !== 200) throw new Error(`logging in: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body).access_token;
}

/** SQLite in a data directory, as `makeLibrary` needs it. */
export const sqlite = {
  run: (dataDir, script) => {
    const database = readdirSync(dataDir).find((name) => /\.(db|sqlite3?)$/.test(name));
    if (!database) throw new Error('the data directory has no database');
    return execFileSync('sqlite3', ['-bail', path.join(dataDir, database)], { input: script, encoding: 'utf8' });
  },
  id: (hex) => `X'${hex}'`,
  millisecond: '1000',
  settle: '',
};

/**
 * Makes a library whose server has these settings: `{dataDir, settings, content, ids}`. No server is running
 * afterwards. `database` runs statements past the server, in its dialect.
 */
export async function makeLibrary(context, { name, media, settings = {}, database = sqlite }) {
  const dataDir = path.join(context.directory, name);
  const server = await startServer(context, dataDir, settings);
  const token = await makeAccount(server);
  const content = await upload(server.port, token, media);
  await server.stop();
  return { dataDir, settings, content, ids: fillRows(dataDir, content.id, database) };
}

/** Copies the one row, and what says where its bytes are, until there are 10 000. Returns all ids. */
function fillRows(dataDir, id, { run, id: literal, millisecond, settle }) {
  const now = Date.now();
  const ids = Array.from({ length: ROWS - 1 }, (_, i) => newId(now + i));
  const statements = ids.map((hex, i) =>
    `UPDATE copied SET id = ${literal(hex)}, title = 'Stretching, part ${i + 1}', ` +
    `created_at = created_at + ${millisecond}, updated_at = updated_at + ${millisecond}; ` +
    `INSERT INTO contents SELECT * FROM copied; UPDATE place SET content_id = ${literal(hex)}; ` +
    'INSERT INTO content_objects SELECT * FROM place;');
  const script = ['BEGIN;', 'CREATE TEMP TABLE copied AS SELECT * FROM contents;',
    'CREATE TEMP TABLE place AS SELECT * FROM content_objects;', ...statements, 'COMMIT;', settle,
    'SELECT count(*) FROM contents;'];
  const told = run(dataDir, script.join('\n'));
  if (Number(told) !== ROWS) throw new Error(`the library has ${told} rows`);
  return [id, ...ids.map(withDashes)];
}

/**
 * Copies a packaged content until there are `count` more of it, each with a packaging index of its own: another name of
 * the same file. Returns the copies' ids. No server may be running.
 */
export function copyContent(dataDir, id, count) {
  const index = findIndex(dataDir);
  const content = `X'${id.replaceAll('-', '')}'`;
  const now = Date.now();
  const copies = Array.from({ length: count }, (_, i) => newId(now + i));
  const statements = copies.map((hex, i) => {
    const object = newId(now + count + i);
    const key = `index/${withDashes(object)}.idx`;
    linkSync(index, path.join(path.dirname(index), path.basename(key)));
    return `UPDATE copied SET id = X'${hex}'; INSERT INTO contents SELECT * FROM copied; ` +
      `UPDATE indexed SET id = X'${object}', key = '${key}'; INSERT INTO objects SELECT * FROM indexed; ` +
      `INSERT INTO content_objects SELECT X'${hex}', role, object_id FROM place WHERE role <> 'index'; ` +
      `INSERT INTO content_objects VALUES (X'${hex}', 'index', X'${object}');`;
  });
  const temporary = (name, rows) => `CREATE TEMP TABLE ${name} AS SELECT * FROM ${rows};`;
  sqlite.run(dataDir, ['BEGIN;', temporary('copied', `contents WHERE id = ${content}`),
    temporary('place', `content_objects WHERE content_id = ${content}`),
    temporary('indexed', "objects WHERE id = (SELECT object_id FROM place WHERE role = 'index')"), ...statements, 'COMMIT;'].join('\n'));
  return copies.map(withDashes);
}

/** The one packaging index of a data directory. */
export function findIndex(folder) {
  const found = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.idx'));
  if (found.length !== 1) throw new Error(`there are ${found.length} packaging indexes`);
  return path.join(folder, found[0]);
}

const withDashes = (hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** A UUIDv7 (RFC 9562, 5.7) in hexadecimal. */
function newId(milliseconds) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(milliseconds, 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes.toString('hex');
}

/** The stored object in a folder, or below it: the one file of that size. */
export function findFile(folder, size) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      const found = findFile(name, size);
      if (found) return found;
    } else if (entry.isFile() && statSync(name).size === size) {
      return name;
    }
  }
  return undefined;
}
