// A disk that is full: in a name space of its own the server has a small one, which the test fills from outside.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD, upload, uploadParts } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { sha256, wav } from '../support/media.js';
import { multipart } from '../support/multipart.js';
import { eventually, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const RESERVE = 4 * 1024 * 1024;
const OWN_MOUNTS = ['unshare', '--user', '--map-root-user', '--mount'];
const possible = spawnSync(OWN_MOUNTS[0], [...OWN_MOUNTS.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe('a full disk', { skip: !possible && 'no mounts of one\'s own here' }, () => {
  const SOUND = wav(100_000, 1);
  let server, me, kept, directory, mounted;

  before(async () => {
    directory = await temporaryDirectory();
    mounted = await mountSmallDisk(directory);
    server = await start();
    me = await newUser(server);
    kept = await upload(server, me.token, SOUND);
  });
  after(async () => {
    try {
      await server?.stop();
    } finally {
      mounted?.kill();
      await rm(directory, { recursive: true, force: true });
    }
  });

  /** The small file system outlives the server, which runs in the name space of the process that mounted it. */
  async function start() {
    const enter = ['nsenter', '--target', mounted.pid, '--user', '--preserve-credentials', '--mount', 'sh', '-c', 'cd "$DATA_DIR" && exec "$@"', '-'];
    return startServer({ dataDir: directory, env: { DISK_RESERVE: RESERVE }, through: enter.map(String) });
  }

  const held = async () => (await stat(`${inside()}/clinikk.db-reserve`)).size;
  const inside = () => `/proc/${mounted.pid}/root${directory}`;

  /** Takes all that is left. */
  async function fill() {
    const file = await open(`${inside()}/filling`, 'w');
    try {
      for (let size = 1024 * 1024; size >= 512; ) {
        const { bytesWritten } = await file.write(Buffer.alloc(size)).catch((error) => {
          if (error.code !== 'ENOSPC') throw error;
          return { bytesWritten: 0 };
        });
        if (bytesWritten < size) size /= 2;
      }
    } finally {
      await file.close();
    }
  }
  /** Waits until all that the disk holds has a name: what was removed goes when the last process lets go of it. */
  const settled = () => eventually(async () => {
    let named = 0;
    for (const entry of await readdir(inside(), { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      if (entry.isFile()) named += await stat(file).then(({ blocks }) => blocks * 512, () => 0);
    }
    const { blocks, bfree, bsize } = await statfs(inside());
    return (blocks - bfree) * bsize === named;
  }, 'something on the disk has no name', 30_000);
  async function remove({ id }, token, why) {
    const stored = async () => (await readdir(`${inside()}/objects/objects`)).length;
    const before = await stored();
    assert.equal((await server.delete(`/content/${id}`, { token })).status, 200, why);
    await eventually(async () => (await stored()) < before, 'the bytes stay');
  }
  const free = () => rm(`${inside()}/filling`, { force: true });

  test('that fills while a file comes: 507, and nothing is left of it', async () => {
    const { body, type } = multipart(uploadParts(wav(16 * 1024 * 1024, 2)));
    const wire = await server.wire();
    await wire.write(`POST /content HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${me.token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`);
    await wire.write(body.subarray(0, 1024 * 1024));
    await sleep(300);
    await fill();
    wire.write(body.subarray(1024 * 1024)).catch(() => {});
    const answer = await wire.finalAnswer({ method: 'POST' });
    wire.destroy();
    assert.equal(answer.status, 507, answer.text?.() ?? String(answer.status));
    await free();
    await assertNothingLeftBehind({ ...server, get: server.get.bind(server), dataDir: inside() });
  });

  test('refuses changes with 503 or 507 and goes on playing; afterwards all is well', async () => {
    await fill();
    const statuses = [];
    // The write-ahead log has room for some.
    for (let i = 0; i < 40 && !statuses.includes(503); ++i) {
      const answer = await server.request('POST', '/auth/register', { json: { email: `full${i}@example.com`, password: PASSWORD }, check: false });
      statuses.push(answer.status);
    }
    assert.ok(statuses.every((status) => status === 201 || status === 503), statuses.join());
    assert.ok(statuses.includes(503), statuses.join());
    const refused = await server.request('POST', '/content', { token: me.token, multipart: uploadParts(SOUND), check: false });
    assert.ok([503, 507].includes(refused.status), `${refused.status}`);
    const played = await server.get(`/content/${kept.id}/stream`);
    assert.equal(sha256(played.body), sha256(SOUND));
    await free();
    await newUser(server);
    await upload(server, me.token, SOUND);
  });

  test('lets contents be deleted, and starts again; both free the disk for all', async () => {
    const doomed = [];
    for (let i = 0; i < 8; ++i) doomed.push(await upload(server, me.token, wav(1024 * 1024, 10 + i)));
    await settled();
    await fill();
    assert.equal((await server.get('/health/ready')).status, 503);
    const health = await server.get('/health/detailed');
    assert.equal(health.status, 503);
    assert.match(health.json().storage.reason, /no room left/);
    assert.match(health.json().database.reason, /full/);

    await remove(doomed.pop(), me.token);
    await fill();
    for (const how of ['stop', 'kill']) {
      await server[how]();
      await settled();
      await fill();
      server = await start();
      assert.ok((await held()) < RESERVE, 'nothing of the reserve was needed');
      assert.equal(sha256((await server.get(`/content/${kept.id}/stream`)).body), sha256(SOUND));
      const token = await login(server, me.email);
      await remove(doomed.pop(), token, `${how}\n${server.tail()}`);
      await fill();
    }
    for (const content of doomed) await remove(content, me.token);
    await free();
    const ready = await server.get('/health/ready');
    assert.equal(ready.status, 200, ready.text());
    assert.equal((await server.get('/health/detailed')).status, 200);
    await upload(server, me.token, SOUND);
    await eventually(async () => (await held()) === RESERVE, 'the reserve is not made whole again', 20_000);
  });
});

/** A process in name spaces of its own that has mounted 32 MiB at the directory. */
async function mountSmallDisk(at) {
  const script = 'mount -t tmpfs -o size=32m,mode=700 tmpfs "$1" && echo mounted && exec sleep 1000';
  const child = spawn(OWN_MOUNTS[0], [...OWN_MOUNTS.slice(1), 'sh', '-c', script, '-', at], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
