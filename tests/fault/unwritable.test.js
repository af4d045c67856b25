// A data directory that cannot be written to: what the service says of itself and what it does agree.

import assert from 'node:assert/strict';
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newUser, upload, uploadParts } from '../support/client.js';
import { sha256, wav } from '../support/media.js';
import { temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const NOBODY = 65534;
const SOUND = wav(100_000, 1);

describe('an unwritable data directory', () => {
  let server, token, content, dataDir;

  before(async () => {
    dataDir = await temporaryDirectory();
    // Permissions do not bind root: the server runs as somebody else then.
    const isRoot = process.getuid() === 0;
    if (isRoot) await chown(dataDir, NOBODY, NOBODY);
    const through = isRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'] : [];
    server = await startServer({ dataDir, through });
    ({ token } = await newUser(server));
    content = await upload(server, token, SOUND);
  });
  after(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const parts = () => uploadParts(SOUND);
  const objects = () => path.join(dataDir, 'objects');

  for (const [what, spoil, mend] of [
    ['tmp', () => chmod(path.join(dataDir, 'tmp'), 0o500), () => chmod(path.join(dataDir, 'tmp'), 0o700)],
    ['objects/objects', () => chmod(path.join(objects(), 'objects'), 0o500), () => chmod(path.join(objects(), 'objects'), 0o700)],
    ['objects, where a folder has to be made', () => chmod(objects(), 0o500), () => chmod(objects(), 0o700)],
  ]) {
    test(`${what}: not ready, uploads get 503, what is there plays`, async () => {
      await spoil();
      try {
        const ready = await server.get('/health/ready');
        assert.equal(ready.status, 503);
        assert.equal(ready.json().detail, 'The storage: it cannot be written to');
        const health = await server.get('/health/detailed');
        assert.equal(health.status, 503);
        assert.equal(health.json().storage.status, 'unhealthy');
        assert.equal(health.json().storage.reason, 'it cannot be written to');
        assert.equal(health.json().database.status, 'healthy');
        assert.ok(!health.text().includes(dataDir));
        if (!what.includes('made')) {
          const refused = await server.post('/content', { token, multipart: parts() });
          assert.equal(refused.status, 503, refused.text());
          assert.equal(refused.json().code, 'unavailable');
        }
        assert.equal(sha256((await server.get(`/content/${content.id}/stream`)).body), sha256(SOUND));
        assert.equal((await server.get('/content')).status, 200);
      } finally {
        await mend();
      }
      assert.equal((await server.get('/health/ready')).status, 200);
      await upload(server, token, SOUND);
    });
  }

  test('a delete that cannot remove the bytes is done all the same', async () => {
    const { id } = await upload(server, token, SOUND);
    await chmod(path.join(objects(), 'objects'), 0o500);
    try {
      assert.equal((await server.delete(`/content/${id}`, { token })).status, 200);
      assert.equal((await server.get(`/content/${id}`)).status, 404);
      await server.logs('object.removal_failed');
    } finally {
      await chmod(path.join(objects(), 'objects'), 0o700);
    }
  });

  test('its folders gone: not ready, 503, and well again when they are back', async () => {
    await rm(path.join(dataDir, 'tmp'), { recursive: true });
    assert.equal((await server.get('/health/ready')).status, 503);
    assert.equal((await server.post('/content', { token, multipart: parts() })).status, 503);
    await mkdir(path.join(dataDir, 'tmp'));
  });
});
