// "Offset Retrieval", "Upload Cancellation", "Concurrency" and "Security Considerations" of
// draft-ietf-httpbis-resumable-upload, and uploads that are begun by one protocol and asked about by the other.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser } from '../../support/client.js';
import { expireUploads, idLiteral, sql } from '../../support/database.js';
import { announcedCreation, append, assertRefused, begun, exchange, finish, head, offsetOf, openAppend } from '../../support/ietf_upload.js';
import { wav } from '../../support/media.js';
import { eventually, sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';
import * as tus from '../../support/tus.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';

describe('IETF uploads: offsets, cancellation, rights', () => {
  let server, owner, other, token;
  const sound = wav(20_000);
  before(async () => {
    server = await startServer({ env: { MAX_UPLOADS_PER_USER: '100' } });
    owner = await newUser(server);
    other = await newUser(server);
    ({ token } = owner);
  });
  after(() => server?.stop());

  const begin = (options) => begun(server, token, options);
  const plainPath = ({ id }) => `/uploads/${id}`;

  describe('HEAD', () => {
    test('tells offset, completeness, length and limits', async () => {
      const upload = await begin({ body: sound.subarray(0, 1_234), length: sound.length });
      const answer = await head(server, upload);
      assert.equal(answer.status, 204);
      const { 'upload-offset': offset, 'upload-complete': complete, 'upload-length': length, 'upload-limit': limit, 'cache-control': cache } = answer.headers;
      assert.deepEqual({ offset, complete, length, cache }, { offset: '1234', complete: '?0', length: String(sound.length), cache: 'no-store' });
      const age = Number(/^max-size=[0-9]+, max-age=([0-9]+)$/.exec(limit)[1]);
      assert.ok(age > 0 && age <= 24 * 3600, limit);
    });

    test('tells no length that it does not know', async () => {
      assert.equal((await head(server, await begin({ body: sound.subarray(0, 9) }))).headers['upload-length'], undefined);
    });

    test('ends a request that is appending, and tells what is safe', async () => {
      const upload = await begin();
      const wire = await openAppend(server, upload, 0, sound.length);
      await wire.write(sound.subarray(0, 8_000));
      await sleep(200);
      const asked = Date.now();
      const offset = await offsetOf(server, upload);
      assert.ok(Date.now() - asked < 5_000, 'it does not wait for the client');
      assert.equal(offset, 8_000);
      const answer = await wire.finalAnswer();
      assertRefused(answer, 409, 'upload_interrupted', '?0');
      assert.ok(await wire.closed(), 'the rest of the body is not waited for');
      wire.destroy();
      await finish(server, upload, sound, offset);
    });

    test('ends a creation as well', async () => {
      const { wire, upload } = await announcedCreation(server, token, sound.length);
      await wire.write(sound.subarray(0, 3_000));
      await sleep(200);
      assert.equal(await offsetOf(server, upload), 3_000);
      assertRefused(await wire.finalAnswer(), 409, 'upload_interrupted', '?0');
      wire.destroy();
      await finish(server, upload, sound, 3_000);
    });

    test('of what does not exist', async () => {
      for (const path of [`/uploads/${NOBODY}`, `/uploads/${NOBODY}.${'A'.repeat(43)}`, '/uploads/x', `/uploads/${NOBODY}.short`]) {
        assert.equal((await exchange(server, 'HEAD', path, { token })).status, 404, path);
      }
    });
  });

  test('a second append ends the first, and goes on behind it', async () => {
    const upload = await begin();
    const wire = await openAppend(server, upload, 0, sound.length);
    await wire.write(sound.subarray(0, 6_000));
    await sleep(200);
    const wrong = await append(server, upload, 0, sound, { complete: '?1' });
    assertRefused(wrong, 409, 'upload_offset_mismatch', '?0');
    const at = Number(wrong.headers['upload-offset']);
    assert.equal(at, 6_000);
    await finish(server, upload, sound, at);
    assert.equal((await wire.finalAnswer()).status, 409);
    wire.destroy();
  });

  describe('DELETE', () => {
    test('ends the upload', async () => {
      const upload = await begin({ body: sound.subarray(0, 100) });
      const answer = await server.delete(upload.path);
      assert.equal(answer.status, 204);
      assert.equal(answer.body.length, 0);
      assert.ok([404, 410].includes((await head(server, upload)).status));
      assert.ok([404, 410].includes((await append(server, upload, 100, sound)).status));
      assert.equal(await sql(server.dataDir, `SELECT COUNT(*) FROM uploads WHERE id = ${idLiteral(upload.id)}`), '0');
    });

    test('ends a request that is appending', async () => {
      const { wire, upload } = await announcedCreation(server, token, sound.length);
      await wire.write(sound.subarray(0, 5_000));
      await sleep(100);
      assert.equal((await server.delete(upload.path)).status, 204);
      assert.ok((await wire.finalAnswer()).status >= 400);
      wire.destroy();
      await eventually(async () => (await sql(server.dataDir, `SELECT COUNT(*) FROM uploads WHERE id = ${idLiteral(upload.id)}`)) === '0', 'the row stays');
    });

    test('of a complete upload leaves the content', async () => {
      const upload = await begin();
      const { id } = await finish(server, upload, sound, 0);
      assert.equal((await server.delete(upload.path)).status, 204);
      assert.equal((await server.get(`/content/${id}`)).status, 200);
    });
  });

  describe('rights', () => {
    test('the right in the address suffices, for everything', async () => {
      const upload = await begin();
      assert.equal(await offsetOf(server, upload), 0);
      assert.equal((await append(server, upload, 0, sound.subarray(0, 10))).status, 204);
      assert.equal((await server.get(upload.path)).status, 200);
      await finish(server, upload, sound, 10);
      assert.equal((await server.delete(upload.path)).status, 204);
    });

    test('so does the token of the owner or of an admin, without the right', async () => {
      const admin = await newUser(server);
      await sql(server.dataDir, `UPDATE users SET role = 'admin' WHERE id = ${idLiteral(admin.id)}`);
      const upload = await begin({ body: sound.subarray(0, 10) });
      for (const account of [owner, admin]) {
        const answer = await exchange(server, 'HEAD', plainPath(upload), { token: account.token });
        assert.equal(answer.headers['upload-offset'], '10');
      }
      await finish(server, { path: plainPath(upload) }, sound, 10, { token });
    });

    test('without the right, an upload is nobody else\'s to see, continue or end', async () => {
      const upload = await begin({ body: sound.subarray(0, 10) });
      const bare = { path: plainPath(upload) };
      for (const [caller, status] of [[other.token, 404], [undefined, 401]]) {
        assert.equal((await head(server, bare, { token: caller })).status, status);
        assert.equal((await append(server, bare, 10, sound, { token: caller })).status, status);
        assert.equal((await server.get(bare.path, { token: caller })).status, status);
        assert.equal((await server.delete(bare.path, { token: caller })).status, status);
      }
      assert.equal(await offsetOf(server, upload), 10);
    });

    test('the right of one upload is none to another', async () => {
      const [first, second] = [await begin({ body: sound.subarray(0, 10) }), await begin({ body: sound.subarray(0, 20) })];
      const forged = { path: `/uploads/${first.id}.${second.right}` };
      const changed = { path: `/uploads/${first.id}.${first.right.slice(0, -1)}${first.right.endsWith('A') ? 'E' : 'A'}` };
      for (const upload of [forged, changed]) {
        assert.equal((await head(server, upload)).status, 404);
        assert.equal((await append(server, upload, 10, sound)).status, 404);
        assert.equal((await server.get(upload.path)).status, 404);
        assert.equal((await server.delete(upload.path)).status, 404);
      }
      assert.equal(await offsetOf(server, first), 10);
    });

    test('it ends with the right of the account', async () => {
      for (const [change, status] of [["role = 'viewer'", 403], ['is_active = FALSE', 401]]) {
        const user = await newUser(server);
        const upload = await begun(server, user.token, { body: sound.subarray(0, 10) });
        await sql(server.dataDir, `UPDATE users SET ${change} WHERE id = ${idLiteral(user.id)}`);
        assert.equal((await append(server, upload, 10, sound.subarray(10), { complete: '?1' })).status, status, change);
        assert.equal((await server.get(`/content/${upload.id}`)).status, 404);
      }
    });

    test('whoever lost the right to upload while the last bytes came gets no content', async () => {
      const user = await newUser(server);
      const upload = await begun(server, user.token);
      const wire = await openAppend(server, upload, 0, sound.length);
      await wire.write(sound.subarray(0, 15_000));
      await sleep(200);
      await sql(server.dataDir, `UPDATE users SET is_active = FALSE WHERE id = ${idLiteral(user.id)}`);
      await wire.write(sound.subarray(15_000));
      const answer = await wire.finalAnswer();
      assert.equal(answer.status, 401, answer.text());
      assert.equal(answer.headers['upload-complete'], '?0');
      wire.destroy();
      assert.equal((await server.get(`/content/${upload.id}`)).status, 404);
    });

    test('a token that has expired does not matter where the right is in the address', async () => {
      const upload = await begin({ body: sound.subarray(0, 10) });
      assert.equal(await offsetOf(server, upload, { token: 'no.good.token' }), 10);
      assert.equal((await head(server, { path: plainPath(upload) }, { token: 'no.good.token' })).status, 401);
    });
  });

  describe('with tus', () => {
    test('an upload begun by tus goes on here', async () => {
      const upload = await tus.begun(server, token, sound);
      await tus.append(server, upload, 0, sound.subarray(0, 4_000));
      const answer = await head(server, upload);
      assert.equal(answer.status, 204);
      assert.equal(answer.headers['upload-offset'], '4000');
      assert.equal(answer.headers['upload-length'], String(sound.length));
      assert.equal(answer.headers['upload-complete'], '?0');
      await finish(server, upload, sound, 4_000);
      assert.equal(await tus.offsetOf(server, upload), sound.length);
    });

    test('an upload begun here goes on by tus', async () => {
      const upload = await begin({ body: sound.subarray(0, 4_000), length: sound.length });
      assert.equal(await tus.offsetOf(server, upload), 4_000);
      await tus.append(server, upload, 4_000, sound.subarray(4_000));
      assert.equal((await head(server, upload)).headers['upload-complete'], '?1');
      assert.equal((await server.get(`/content/${upload.id}`)).json().size, sound.length);
    });
  });
});

describe('IETF uploads that expire', () => {
  let server, token;
  before(async () => {
    server = await startServer({ env: { UPLOAD_EXPIRES: '2m' } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  test('are gone', async () => {
    const upload = await begun(server, token, { body: wav(100).subarray(0, 50) });
    const limit = (await head(server, upload)).headers['upload-limit'];
    assert.match(limit, /max-age=1(20|1\d)$/);
    await expireUploads(server.dataDir);
    assert.equal((await head(server, upload)).status, 410);
    const answer = await append(server, upload, 50, Buffer.from('x'));
    assertRefused(answer, 410, 'upload_expired', '?0');
  });
});
