// The OpenAPI document as client generators read it: types by openapi-typescript, a client that compiles, and works.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { PASSWORD, upload } from '../support/client.js';
import { wav } from '../support/media.js';
import { startServer } from '../support/server.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const MODULES = path.resolve(HERE, '../../node_modules');
const COMPILER = ['--strict', '--noEmitOnError', '--exactOptionalPropertyTypes', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck'];

function run(tool, args, cwd) {
  try {
    return execFileSync(process.execPath, [path.join(MODULES, tool), ...args], { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (failure) {
    throw new Error(`${tool}: ${failure.stdout}${failure.stderr}`);
  }
}

describe('a typed client', () => {
  let server, directory;
  before(async () => {
    server = await startServer();
    directory = await mkdtemp(path.join(os.tmpdir(), 'clinikk-tv-typed-'));
    await cp(path.join(HERE, 'typed_client/client.ts'), path.join(directory, 'client.ts'));
    await writeFile(path.join(directory, 'package.json'), '{"type":"module"}');
    await writeFile(path.join(directory, 'openapi.json'), (await server.get('/openapi.json')).body);
    await symlink(MODULES, path.join(directory, 'node_modules'));
  });
  after(async () => {
    await server?.stop();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  test('compiles from the document, and does what it says', async () => {
    run('openapi-typescript/bin/cli.js', ['openapi.json', '--output', 'schema.d.ts'], directory);
    run('typescript/bin/tsc', [...COMPILER, 'client.ts'], directory);
    const { exercise } = await import(pathToFileURL(path.join(directory, 'client.js')));
    const listed = await exercise(server.url, 'typed@example.com', PASSWORD, (token) => upload(server, token, wav(1000)));
    assert.equal(listed.length, 1);
    assert.equal((await server.get(`/content/${listed[0].id}`)).json().title, 'Typed');
  });
});
