// Accounts for every file under a data directory.

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { listAll } from './client.js';
import { sha256 } from './media.js';
import { eventually } from './program.js';

/** The files under a directory as `[{path, size, sha256}]`, paths relative to it, sorted. */
export async function filesUnder(directory) {
  const found = [];
  const walk = async (relative) => {
    for (const entry of await readdir(path.join(directory, relative), { withFileTypes: true })) {
      const inner = path.join(relative, entry.name);
      if (entry.isDirectory()) {
        await walk(inner);
      } else {
        const bytes = await readFile(path.join(directory, inner));
        found.push({ path: inner, size: bytes.length, sha256: sha256(bytes) });
      }
    }
  };
  if (existsSync(directory)) await walk('');
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Fails unless the data directory holds, apart from the database and the secret at its top, exactly one object for
 * each listed content, with its size and digest, one packaging index for each that is ready, and nothing in `tmp`. What a vanished client leaves goes as soon as
 * the server notices, so this waits a little.
 */
export async function assertNothingLeftBehind(server, timeout = 10_000) {
  let difference = '';
  await eventually(async () => {
    const contents = await listAll(server);
    const expected = contents.map(({ size, sha256: digest }) => `${size} ${digest}`).sort();
    const files = await filesUnder(server.dataDir).catch(() => null); // one vanished while we looked: look again
    if (!files) return false;
    const nested = files.filter(({ path: name }) => name.includes(path.sep));
    const stored = nested.filter(({ path: name }) => name.startsWith(`objects${path.sep}`));
    const indexes = stored.filter(({ path: name }) => name.startsWith(path.join('objects', 'index')));
    const objects = stored.filter((entry) => !indexes.includes(entry));
    const others = nested.filter((entry) => !stored.includes(entry)).map(({ path: name }) => name);
    const packaged = contents.filter(({ packaging }) => packaging === 'ready').length;
    const actual = objects.map(({ size, sha256: digest }) => `${size} ${digest}`).sort();
    const surplus = objects.filter(({ size, sha256: digest }) => !expected.includes(`${size} ${digest}`));
    difference = `${actual.length} objects for ${expected.length} contents, ${indexes.length} indexes for ${packaged}; unaccounted: ` +
      JSON.stringify(surplus.map((entry) => entry.path)) + `; elsewhere: ${JSON.stringify(others)}`;
    return others.length === 0 && indexes.length === packaged && JSON.stringify(actual) === JSON.stringify(expected);
  }, () => `DATA_DIR holds other files than the contents account for: ${difference}`, timeout);
}
