// A file as the body of POST /content, in one request: what `curl -X POST -T clip.mp4` sends.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { assertInvalid, assertMediaRefused, listAll, newUser } from '../../support/client.js';
import { assertRefused, digest, requestHead, target } from '../../support/ietf_upload.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { media, wav } from '../../support/media.js';
import { sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';
import { chunked } from '../../support/tus.js';

const LIMIT = 1024 * 1024;

describe('a file as the body', () => {
  let server, token;
  const sound = wav(30_000);
  before(async () => {
    server = await startServer({ env: { MAX_UPLOAD_SIZE: `${LIMIT}` } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  const post = (body, { type = 'audio/wav', headers = {}, ...fields } = {}) =>
    server.post(target(fields), { token, body, headers: { ...(type ? { 'Content-Type': type } : {}), ...headers } });

  for (const type of ['audio/wav', 'audio/anything', 'Audio/WAV; x=y', 'application/octet-stream']) {
    test(`of the type ${type}`, async () => {
      const answer = await post(sound, { type });
      assert.equal(answer.status, 201, answer.text());
      const content = answer.json();
      assert.equal(answer.headers.location, `${server.url}/content/${content.id}`);
      assert.equal(content.sha256, createHash('sha256').update(sound).digest('hex'));
      assert.equal(answer.headers['upload-complete'], undefined);
    });
  }

  test('of a video, whose kind follows from the media type', async () => {
    const clip = await media('faststart.mp4');
    const answer = await post(clip.bytes, { type: 'video/mp4', content_type: null, headers: { 'Content-Disposition': 'inline; filename="a clip.mp4"' } });
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.json().content_type, 'video');
    const download = await server.get(`/content/${answer.json().id}/stream?download=1`);
    assert.match(download.headers['content-disposition'], /filename="a clip\.mp4"/);
  });

  test('of another type is refused', async () => {
    for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded', null]) {
      assertRefused(await post(sound, { type }), 415, 'unsupported_media_type');
    }
  });

  test('needs the fields of a content', async () => {
    assertInvalid(await post(sound, { title: null, visibility: 'x' }), ['#/title', '#/visibility']);
    assertInvalid(await post(sound, { type: 'application/octet-stream', content_type: null }), ['#/content_type']);
  });

  test('is examined', async () => {
    assertMediaRefused(await post(Buffer.alloc(20_000, 'no media ')), 'media_unrecognised');
    assertMediaRefused(await post(sound, { content_type: 'video' }), 'media_kind_mismatch');
    assertMediaRefused(await post(Buffer.alloc(0)), 'media_unrecognised', 'media_truncated');
  });

  test('is held against its digests', async () => {
    const right = digest(sound), wrong = digest(Buffer.from('x'));
    assert.equal((await post(sound, { headers: { 'Content-Digest': right, 'Repr-Digest': right } })).status, 201);
    assertRefused(await post(sound, { headers: { 'Content-Digest': wrong } }), 460, 'upload_checksum_mismatch');
    assertRefused(await post(sound, { headers: { 'Repr-Digest': wrong } }), 422, 'digest_mismatch');
  });

  test('may not be larger than the service takes', async () => {
    const wire = await server.wire();
    await wire.write(requestHead(server, 'POST', target(), { Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Content-Length': LIMIT + 1, Expect: '100-continue' }));
    assertRefused(await wire.answer(), 413, 'upload_too_large');
    wire.destroy();
  });

  test('that is cut leaves nothing', async () => {
    const wire = await server.wire();
    await wire.write(requestHead(server, 'POST', target(), { Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Content-Length': sound.length }));
    await wire.write(sound.subarray(0, 10_000));
    wire.destroy();
    await assertNothingLeftBehind(server);
    assert.deepEqual((await server.get('/uploads', { token })).json(), []);
  });
});

describe('files as bodies of unknown length', () => {
  const [QUOTA, SIZE] = [1024 * 1024, 600 * 1024];
  let server, token;
  before(async () => {
    server = await startServer({ env: { USER_QUOTA: QUOTA } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  test('do not pass the quota together', async () => {
    const send = async (seed) => {
      const wire = await server.wire();
      await wire.write(requestHead(server, 'POST', target(), { Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Transfer-Encoding': 'chunked' }));
      const body = chunked(wav(SIZE, seed), { size: 10_000 });
      await wire.write(body.subarray(0, 20_000));
      return { wire, rest: body.subarray(20_000) };
    };
    const begun = [await send(1), await send(2)];
    await sleep(300);
    await Promise.all(begun.map(({ wire, rest }) => wire.writePolitely(rest)));
    const answers = await Promise.all(begun.map(({ wire }) => wire.finalAnswer({ method: 'POST', timeout: 30_000 })));
    for (const { wire } of begun) wire.destroy();
    for (const answer of answers.filter(({ status }) => status !== 201)) assertRefused(answer, 413, 'quota_exceeded');
    const made = answers.filter(({ status }) => status === 201);
    assert.ok(made.length <= 1, 'both were taken');
    const contents = await listAll(server);
    assert.equal(contents.length, made.length);
    await assertNothingLeftBehind(server);
  });
});
