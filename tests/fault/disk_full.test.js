// A disk that is full: in a name space of its own the server has a small one, which the test fills from outside.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser, PASSWORD, upload, uploadParts } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { sha256, wav } from '../support/media.js';
import { multipart } from '../support/multipart.js';
import { sleep } from '../support/program.js';
import { startServer } from '../support/server.js';

const OWN_MOUNTS = ['unshare', '--user', '--map-root-user', '--mount'];
const possible = spawnSync(OWN_MOUNTS[0], [...OWN_MOUNTS.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe('a full disk', { skip: !possible && 'no mounts of one\'s own here' }, () => {
  const SOUND = wav(100_000, 1);
  let server, me, kept, directory;

  before(async () => {
    const mount = 'mount -t tmpfs -o size=32m tmpfs "$DATA_DIR" && cd "$DATA_DIR" && exec "$@"';
    server = await startServer({ env: { DISK_RESERVE: '1MiB' }, through: [...OWN_MOUNTS, 'sh', '-c', mount, '-'] });
    directory = `/proc/${server.pid}/root${server.dataDir}`;
    me = await newUser(server);
    kept = await upload(server, me.token, SOUND);
  });
  after(() => server?.stop());

  /** Takes all that is left. */
  async function fill() {
    const file = await open(`${directory}/filling`, 'w');
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
  const free = () => rm(`${directory}/filling`, { force: true });

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
    await assertNothingLeftBehind({ ...server, get: server.get.bind(server), dataDir: directory });
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
});
