// Appends as draft-ietf-httpbis-resumable-upload says, "Upload Append". Interop version 8.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser } from '../../support/client.js';
import {
  append, assertCreated, assertRefused, begun, digest, exchange, finish, head, INCONSISTENT_LENGTH, INTEROP, MISMATCHING_OFFSET, offsetOf, openAppend, PARTIAL,
} from '../../support/ietf_upload.js';
import { wav } from '../../support/media.js';
import { sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';

describe('IETF upload append', () => {
  let server, token;
  const sound = wav(20_000);
  before(async () => {
    server = await startServer({ env: { MAX_UPLOADS_PER_USER: '100' } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  const begin = (options) => begun(server, token, options);

  test('a file in parts of any size, also none, is one file', async () => {
    const upload = await begin();
    let at = 0;
    for (const size of [1, 0, 1, 4_095, 0, 10_000, 3]) {
      const answer = await append(server, upload, at, sound.subarray(at, at + size));
      assert.equal(answer.status, 204, answer.text());
      at += size;
      assert.equal(answer.headers['upload-complete'], '?0');
      assert.equal(answer.headers['upload-offset'], String(at));
      assert.match(answer.headers['upload-limit'], /^max-size=[0-9]+, max-age=[0-9]+$/);
    }
    await finish(server, upload, sound, at);
  });

  test('a file byte by byte', async () => {
    const small = wav(60);
    const upload = await begin();
    for (let at = 0; at < small.length - 1; ++at) assert.equal((await append(server, upload, at, small.subarray(at, at + 1))).status, 204);
    await finish(server, upload, small, small.length - 1);
  });

  for (const missing of ['Upload-Offset', 'Upload-Complete']) {
    for (const value of [null, 'x', '-1', '"0"', '?2', '0.0']) {
      test(`${missing} is needed, and is missing when it is ${value}`, async () => {
        const upload = await begin();
        const answer = await append(server, upload, 0, sound, { headers: { [missing]: value } });
        assertRefused(answer, 400, 'bad_request');
        assert.equal(await offsetOf(server, upload), 0);
      });
    }
  }

  for (const type of ['application/octet-stream', 'audio/wav', 'text/plain', null, 'nonsense']) {
    test(`a patch of the type ${type} is refused`, async () => {
      const upload = await begin();
      assertRefused(await append(server, upload, 0, sound, { headers: { 'Content-Type': type } }), 415, 'unsupported_media_type');
      assert.equal(await offsetOf(server, upload), 0);
    });
  }

  test('another offset is a conflict that states the right one', async () => {
    const upload = await begin({ body: sound.subarray(0, 1_000) });
    for (const wrong of [0, 999, 1_001, 1_000_000, 999_999_999_999_999]) {
      for (const complete of ['?0', '?1']) {
        const answer = await append(server, upload, wrong, sound.subarray(0, 10), { complete });
        const problem = assertRefused(answer, 409, 'upload_offset_mismatch', '?0');
        assert.equal(answer.headers['upload-offset'], '1000');
        assert.equal(problem.type, MISMATCHING_OFFSET);
        assert.equal(problem['expected-offset'], 1_000);
        assert.equal(problem['provided-offset'], wrong);
      }
    }
    assert.equal(await offsetOf(server, upload), 1_000);
    await finish(server, upload, sound, 1_000);
  });

  test('"the offset could match the length, but the upload can still be incomplete"', async () => {
    const upload = await begin({ length: sound.length });
    const answer = await append(server, upload, 0, sound);
    assert.equal(answer.status, 204, answer.text());
    assert.equal(answer.headers['upload-complete'], '?0');
    assert.equal(await offsetOf(server, upload), sound.length);
    await finish(server, upload, sound, sound.length);
  });

  test('a length that differs from the one stated before is refused', async () => {
    const upload = await begin({ body: sound.subarray(0, 100), length: sound.length });
    const wrong = [
      [sound.subarray(100, 200), { headers: { 'Upload-Length': '5000' } }],
      [sound.subarray(100, 200), { complete: '?1' }], // 200 bytes in all
      [Buffer.concat([sound.subarray(100), Buffer.from('x')]), { complete: '?1' }],
      [sound.subarray(100), { complete: '?1', headers: { 'Upload-Length': '5000' } }], // contradicts itself
    ];
    for (const [body, options] of wrong) {
      const problem = assertRefused(await append(server, upload, 100, body, options), 400, 'upload_length_mismatch', '?0');
      assert.equal(problem.type, INCONSISTENT_LENGTH);
      assert.equal(await offsetOf(server, upload), 100);
    }
    await finish(server, upload, sound, 100, { headers: { 'Upload-Length': String(sound.length) } });
  });

  test('the length may come with any append', async () => {
    const upload = await begin();
    await append(server, upload, 0, sound.subarray(0, 10), { headers: { 'Upload-Length': String(sound.length) } });
    assert.equal((await head(server, upload)).headers['upload-length'], String(sound.length));
    await finish(server, upload, sound, 10);
  });

  test('bytes past the length end the upload', async () => {
    const upload = await begin({ length: 1_000 });
    const answer = await append(server, upload, 0, sound.subarray(0, 1_001));
    assert.equal(assertRefused(answer, 400, 'upload_length_exceeded', '?0').type, INCONSISTENT_LENGTH);
    assert.ok([404, 410].includes((await head(server, upload)).status));
    const again = await append(server, upload, 0, sound.subarray(0, 1_000), { complete: '?1' });
    assert.ok([404, 410].includes(again.status), again.text());
  });

  test('of content with another Content-Digest nothing is kept', async () => {
    const upload = await begin({ body: sound.subarray(0, 10) });
    const piece = sound.subarray(10, 5_000);
    const wrong = await append(server, upload, 10, piece, { headers: { 'Content-Digest': digest(sound) } });
    assertRefused(wrong, 460, 'upload_checksum_mismatch', '?0');
    assert.equal(await offsetOf(server, upload), 10);
    const right = await append(server, upload, 10, piece, { headers: { 'Content-Digest': digest(piece) } });
    assert.equal(right.status, 204, right.text());
    await finish(server, upload, sound, 5_000);
  });

  test('a client that lost the last answer may ask again, and gets it', async () => {
    const upload = await begin({ body: sound.subarray(0, 10) });
    const first = await finish(server, upload, sound, 10);
    const status = await head(server, upload);
    assert.equal(status.status, 204);
    assert.equal(status.headers['upload-complete'], '?1');
    assert.equal(status.headers['upload-offset'], String(sound.length));
    for (let i = 0; i < 2; ++i) {
      const again = await append(server, upload, sound.length, Buffer.alloc(0), { complete: '?1' });
      assert.deepEqual(assertCreated(server, again, sound), first);
    }
  });

  test('a complete upload takes no more bytes', async () => {
    const upload = await begin();
    const content = await finish(server, upload, sound, 0);
    for (const [offset, complete] of [[sound.length, '?0'], [sound.length, '?1'], [0, '?0'], [0, '?1']]) {
      const answer = await append(server, upload, offset, Buffer.from('more'), { complete });
      assert.ok([400, 409].includes(answer.status), answer.text());
      assert.equal(answer.headers['upload-complete'], '?0');
    }
    const stored = await server.get(`/content/${content.id}/stream`);
    assert.ok(stored.body.equals(sound));
  });

  test('a file that is refused is refused for good, with Upload-Complete: ?1', async () => {
    const text = Buffer.alloc(30_000, 'no media ');
    const upload = await begin();
    const answer = await append(server, upload, 0, text, { complete: '?1' });
    const { detail } = assertRefused(answer, 422, 'media_unrecognised', '?1');
    assert.equal((await head(server, upload)).headers['upload-complete'], '?1');
    const again = await append(server, upload, text.length, Buffer.alloc(0), { complete: '?1' });
    assertRefused(again, 422, 'media_unrecognised', '?1');
    const status = (await server.get(upload.path)).json();
    assert.equal(status.state, 'failed');
    assert.deepEqual(status.failure, { code: 'media_unrecognised', detail });
    assert.equal((await server.get(`/content/${upload.id}`)).status, 404);
  });

  test('a cut append keeps what arrived', async () => {
    const upload = await begin({ body: sound.subarray(0, 1_000) });
    const wire = await openAppend(server, upload, 1_000, sound.length - 1_000);
    await wire.write(sound.subarray(1_000, 9_000));
    wire.end();
    await wire.closed();
    wire.destroy();
    assert.equal(await offsetOf(server, upload), 9_000);
    await finish(server, upload, sound, 9_000);
  });

  test('a long append tells of its progress by 104 with the offset, and never with an address', async () => {
    const long = wav(600_000);
    for (const version of ['8', '7', null]) {
      const upload = await begin();
      const wire = await openAppend(server, upload, 0, long.length, { headers: version ? { 'Upload-Draft-Interop-Version': version } : {} });
      for (let at = 0; at < long.length; at += 20_000) {
        await wire.write(long.subarray(at, at + 20_000));
        await sleep(100);
      }
      const answers = [];
      do answers.push(await wire.answer()); while (answers.at(-1).status < 200);
      assertCreated(server, answers.pop(), long);
      wire.destroy();
      if (version !== '8') {
        assert.deepEqual(answers, []);
        continue;
      }
      assert.ok(answers.length >= 1 && answers.length <= 5, `${answers.length} interim answers in three seconds`);
      let last = 0;
      for (const { status, headers } of answers) {
        assert.equal(status, 104);
        assert.deepEqual(Object.keys(headers).sort(), ['upload-draft-interop-version', 'upload-offset']);
        assert.ok(Number(headers['upload-offset']) >= last && Number(headers['upload-offset']) <= long.length);
        last = Number(headers['upload-offset']);
      }
    }
  });

  test('100-continue', async () => {
    const upload = await begin();
    const wire = await openAppend(server, upload, 0, sound.length, { headers: { Expect: '100-continue', ...INTEROP } });
    assert.equal((await wire.answer()).status, 100);
    await wire.write(sound);
    assertCreated(server, await wire.finalAnswer(), sound);
    const late = await openAppend(server, upload, 5, 10, { headers: { Expect: '100-continue' } });
    assert.equal((await late.answer()).status, 409, 'a wrong offset is refused before the body');
    wire.destroy();
    late.destroy();
  });

  test('an upload that does not exist', async () => {
    for (const path of ['/uploads/01890000-0000-7000-8000-000000000000', `/uploads/01890000-0000-7000-8000-000000000000.${'A'.repeat(43)}`, '/uploads/x', '/uploads/x.y']) {
      const answer = await exchange(server, 'PATCH', path, {
        token, body: sound, headers: { 'Content-Type': PARTIAL, 'Upload-Offset': '0', 'Upload-Complete': '?1' },
      });
      assertRefused(answer, 404, 'upload_not_found');
    }
  });
});
