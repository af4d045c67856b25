// What the request rows are measured on: a server whose library has a video of 1 GiB and 10 000 rows.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
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

/** Makes the library once: `{dataDir, content, ids, files, fileName}`. No server is running afterwards. */
export async function makeLibrary(context, media) {
  const dataDir = path.join(context.directory, 'library');
  const server = await startServer(context, dataDir);
  const token = await makeAccount(server);
  const content = await upload(server.port, token, media);
  await server.stop();
  const ids = fillRows(dataDir, content.id);
  const file = findFile(dataDir, media.size);
  return { dataDir, content, ids, files: path.dirname(file), fileName: path.basename(file) };
}

/** Copies the one row until there are 10 000 and returns all ids. */
function fillRows(dataDir, id) {
  const database = readdirSync(dataDir).find((name) => /\.(db|sqlite3?)$/.test(name));
  if (!database) throw new Error('the data directory has no database');
  const now = Date.now();
  const ids = Array.from({ length: ROWS - 1 }, (_, i) => newId(now + i));
  const statements = ids.map((hex, i) =>
    `UPDATE copied SET id = X'${hex}', title = 'Stretching, part ${i + 1}', created_at = created_at + 1000, ` +
    'updated_at = updated_at + 1000; INSERT INTO contents SELECT * FROM copied;');
  const script = ['BEGIN;', 'CREATE TEMP TABLE copied AS SELECT * FROM contents LIMIT 1;', ...statements, 'COMMIT;',
    'SELECT count(*) FROM contents;'];
  const told = execFileSync('sqlite3', ['-bail', path.join(dataDir, database)], { input: script.join('\n') });
  if (Number(told) !== ROWS) throw new Error(`the library has ${told} rows`);
  return [id, ...ids.map((hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))];
}

/** A UUIDv7 (RFC 9562, 5.7) in hexadecimal. */
function newId(milliseconds) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(milliseconds, 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes.toString('hex');
}

/** The stored object: the one file of that size. */
function findFile(folder, size) {
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
