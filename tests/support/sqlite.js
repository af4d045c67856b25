// A hand in the server's SQLite file, by Debian's `sqlite3`: for states that no client can bring about.

import { execFile, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The path of the database in a data directory. */
export async function databaseFile(dataDir) {
  const name = (await readdir(dataDir)).find((entry) => /\.(db|sqlite3?)$/.test(entry));
  if (!name) throw new Error(`no database in ${dataDir}`);
  return path.join(dataDir, name);
}

/** Runs statements against a server's database and returns what they print. */
export async function sql(dataDir, statements) {
  const { stdout } = await run('sqlite3', ['-batch', '-cmd', '.timeout 5000', await databaseFile(dataDir), statements]);
  return stdout.trim();
}

/** Holds the lock that every writer needs until the returned function is called. */
export async function lockDatabase(dataDir) {
  const child = spawn('sqlite3', ['-batch', '-cmd', '.timeout 5000', await databaseFile(dataDir)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const locked = new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('error', reject);
  });
  child.stdin.write("BEGIN IMMEDIATE;\nSELECT 'locked';\n");
  await locked;
  return () => new Promise((resolve) => {
    child.once('close', resolve);
    child.stdin.end('ROLLBACK;\n');
  });
}
