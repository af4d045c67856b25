// What a creation leaves whose answer was 503, because the store did not work: its client begins again, and must not find
// the file twice later.

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';

import { listAll, newUser } from '../../support/client.js';
import { sql } from '../../support/database.js';
import { create, INTEROP, requestHead, target } from '../../support/ietf_upload.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { sha256, wav } from '../../support/media.js';
import { eventually, runProgram, sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';
import * as tus from '../../support/tus.js';

describe('a creation that is answered 503 makes no content', () => {
  const sound = wav(3_000);
  const atOnce = { 'Upload-Draft-Interop-Version': null };
  const ways = {
    'by tus': (server, token) => tus.create(server, token, { length: sound.length, body: sound }),
    'by the IETF\'s protocol, without 104': (server, token) => create(server, token, { body: sound, headers: atOnce }),
    // Whoever speaks HTTP/1.0 cannot be told of the upload.
    'by the IETF\'s protocol and HTTP/1.0': (server, token) => {
      const fields = { Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Content-Length': sound.length, 'Upload-Complete': '?1', ...INTEROP };
      return server.raw(Buffer.concat([Buffer.from(requestHead(server, 'POST', target(), fields, '1.0')), sound]), { method: 'POST', closeWait: 0 });
    },
    'as a body': (server, token) => create(server, token, { body: sound, complete: null, headers: atOnce }),
  };

  for (const [what, send] of Object.entries(ways)) {
    test(what, async () => {
      const server = await startServer();
      try {
        const { token } = await newUser(server);
        const obstacle = path.join(server.dataDir, 'objects', 'objects');
        await writeFile(obstacle, '');
        const refused = await send(server, token);
        assert.equal(refused.status, 503, refused.text());
        assert.equal(refused.json().code, 'unavailable');
        await rm(obstacle);

        const state = async () => ({
          contents: await listAll(server, '', { token }),
          uploads: (await server.get('/uploads', { token })).json(),
          open: await sql(server.dataDir, "SELECT COUNT(*) FROM resumable_uploads WHERE state = 'open'"),
        });
        for (const deadline = Date.now() + 2_000; Date.now() < deadline; await sleep(200)) {
          assert.deepEqual(await state(), { contents: [], uploads: [], open: '0' });
        }
        // The bytes are left to the collector.
        await eventually(async () => (await runProgram(['gc'], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir, GC_GRACE: '0s' } })).code === 0, 'gc fails');
        await assertNothingLeftBehind(server);

        const again = await send(server, token);
        assert.equal(again.status, 201, again.text());
        assert.deepEqual((await listAll(server)).map(({ sha256: digest }) => digest), [sha256(sound)]);
      } finally {
        await server.stop();
      }
    });
  }
});
