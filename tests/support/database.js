// A hand in the server's database, by `sqlite3` or, under TEST_POSTGRES_URL, `psql`: for states that no client can bring
// about.

import { execFile, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { postgresUrl } from './program.js';

const run = promisify(execFile);

/** The path of the database in a data directory. */
export async function databaseFile(dataDir) {
  const name = (await readdir(dataDir)).find((entry) => /\.(db|sqlite3?)$/.test(entry));
  if (!name) throw new Error(`no database in ${dataDir}`);
  return path.join(dataDir, name);
}

/** An id in a statement: SQLite keeps its bytes. */
export const idLiteral = (id) => (process.env.TEST_POSTGRES_URL ? `'${id}'` : `x'${id.replaceAll('-', '')}'`);

/** Runs statements against a server's database and returns what they print. */
export async function sql(dataDir, statements) {
  const url = postgresUrl(dataDir);
  if (url) return (await run('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', url, '-c', statements])).stdout.trim();
  const { stdout } = await run('sqlite3', ['-batch', '-cmd', '.timeout 5000', await databaseFile(dataDir), statements]);
  return stdout.trim();
}

/** All uploads of a server have had their time. */
export const expireUploads = (dataDir) =>
  sql(dataDir, 'UPDATE resumable_uploads SET expires_at = created_at; UPDATE uploads SET expires_at = created_at, lease_until = created_at');

/** Holds the lock that every writer needs (of PostgreSQL: that of one table) until the returned function is called. */
export async function lockDatabase(dataDir, table = 'users') {
  const url = postgresUrl(dataDir);
  const stdio = ['pipe', 'pipe', 'inherit'];
  const child = url
    ? spawn('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', url], { stdio })
    : spawn('sqlite3', ['-batch', '-cmd', '.timeout 5000', await databaseFile(dataDir)], { stdio });
  const locked = new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('error', reject);
    child.once('close', () => reject(new Error('it did not get the lock')));
  });
  child.stdin.write(`${url ? `BEGIN; LOCK TABLE ${table};` : 'BEGIN IMMEDIATE;'}\nSELECT 'locked';\n`);
  await locked;
  return () => new Promise((resolve) => {
    child.once('close', resolve);
    child.stdin.end('ROLLBACK;\n');
  });
}
