// tus 1.0.0, the extensions Expiration, Checksum, Termination and Concatenation: each sentence that says MUST, under the
// name of its section.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser } from '../support/client.js';
import { expireUploads } from '../support/database.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { sha256, wav } from '../support/media.js';
import { startServer } from '../support/server.js';
import {
  append, begun, checksum, CHUNK, chunked, create, created, DESCRIPTION, head, join, metadata, offsetOf, part, patch, refused, remove, requestHead, send,
} from '../support/tus.js';

const bytes = wav(3000, 1);
const extensions = async (server) => (await server.request('OPTIONS', '/uploads')).headers['tus-extension'].split(',');
const digestOf = async (server, id) => (await server.get(`/content/${id}`)).json().sha256;

describe('tus, expiration', () => {
  let server, token;

  before(async () => {
    server = await startServer({ env: { UPLOAD_EXPIRES: '2h' } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  test('Expiration: the extension is announced', async () => {
    assert.ok((await extensions(server)).includes('expiration'));
  });

  test('Expiration / Headers / Upload-Expires: on the answer to POST and on every one to PATCH until the upload is complete; an HTTP date', async () => {
    const upload = await begun(server, token, bytes);
    const answers = [upload.answer];
    for (const at of [0, 1000]) answers.push(await append(server, upload, at, bytes.subarray(at, at + 1000)));
    answers.push(await head(server, upload));
    for (const { headers } of answers) {
      const text = headers['upload-expires'];
      assert.equal(text, new Date(text).toUTCString());
      assert.ok(Math.abs(new Date(text) - Date.now() - 7_200_000) < 60_000, text);
    }
    const last = await append(server, upload, 2000, bytes.subarray(2000));
    assert.equal(last.headers['upload-expires'], undefined);
    assert.equal((await head(server, upload)).headers['upload-expires'], undefined);
  });

  test('Expiration / Headers / Upload-Expires: an upload that has expired is 410', async () => {
    const upload = await begun(server, token, bytes);
    await append(server, upload, 0, bytes.subarray(0, 1000));
    await expireUploads(server.dataDir);
    const answer = await head(server, upload);
    assert.equal(answer.status, 410);
    assert.equal(answer.headers['upload-offset'], undefined);
    refused(await patch(server, upload, 1000, bytes.subarray(1000)), 410, 'upload_expired');
    assert.equal((await server.get(`/content/${upload.content_id}`)).status, 404);
  });
});

describe('tus, checksum', () => {
  let server, token;

  before(async () => {
    server = await startServer({ env: { MAX_UPLOADS_PER_USER: 1000 } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  test('Checksum: the extensions are announced', async () => {
    for (const name of ['checksum', 'checksum-trailer']) assert.ok((await extensions(server)).includes(name), name);
  });

  test('Checksum: OPTIONS has Tus-Checksum-Algorithm with sha1; names without capitals; a comma-separated list', async () => {
    const list = (await server.request('OPTIONS', '/uploads')).headers['tus-checksum-algorithm'];
    assert.match(list, /^[a-z0-9-]+(,[a-z0-9-]+)*$/);
    assert.deepEqual(list.split(','), ['sha1', 'sha256', 'sha512', 'md5']);
  });

  for (const algorithm of ['sha1', 'sha256', 'sha512', 'md5']) {
    test(`Checksum: ${algorithm} that matches is 204; one that does not is 460, and the chunk is discarded`, async () => {
      const upload = await begun(server, token, bytes);
      const chunk = bytes.subarray(0, 1000);
      await append(server, upload, 0, chunk, { headers: { 'Upload-Checksum': checksum(chunk, algorithm) } });
      const wrong = checksum(Buffer.from('other'), algorithm);
      refused(await patch(server, upload, 1000, bytes.subarray(1000), { headers: { 'Upload-Checksum': wrong } }), 460, 'upload_checksum_mismatch');
      assert.equal(await offsetOf(server, upload), 1000);
      const rest = bytes.subarray(1000);
      await append(server, upload, 1000, rest, { headers: { 'Upload-Checksum': checksum(rest, algorithm) } });
      assert.equal(await digestOf(server, upload.content_id), sha256(bytes));
    });
  }

  test('Checksum: an unknown algorithm is 400, and the chunk is discarded', async () => {
    const upload = await begun(server, token, bytes);
    for (const field of ['crc32 AAAAAA==', 'sha224 AAAA', 'sha-1 AAAA']) {
      refused(await patch(server, upload, 0, bytes, { headers: { 'Upload-Checksum': field } }), 400, 'upload_checksum_unsupported');
    }
    assert.equal(await offsetOf(server, upload), 0);
  });

  test('Checksum / Headers / Upload-Checksum: an algorithm, a space and base64; anything else is refused', async () => {
    const upload = await begun(server, token, bytes);
    for (const field of ['', 'sha1', 'sha1 ', 'sha1 %', 'SHA1 AAAA', checksum(bytes).replace(' ', ''), checksum(bytes).replace('=', '')]) {
      refused(await patch(server, upload, 0, bytes, { headers: { 'Upload-Checksum': field } }), 400, 'bad_request');
    }
    // A digest of another length than that of its algorithm matches nothing.
    assert.ok([400, 460].includes((await patch(server, upload, 0, bytes, { headers: { 'Upload-Checksum': 'sha1 AAAA' } })).status));
    assert.equal(await offsetOf(server, upload), 0);
  });

  test('Checksum: of a chunk with a checksum that is cut nothing is kept', async () => {
    const upload = await begun(server, token, bytes);
    const wire = await server.wire();
    await wire.write(requestHead(server, 'PATCH', upload.path,
      { 'Content-Type': CHUNK, 'Upload-Offset': 0, 'Content-Length': bytes.length, 'Upload-Checksum': checksum(bytes) }));
    await wire.write(bytes.subarray(0, 2000));
    await new Promise((resolve) => setTimeout(resolve, 200));
    wire.destroy({ reset: true });
    assert.equal(await offsetOf(server, upload), 0);
    await append(server, upload, 0, bytes, { headers: { 'Upload-Checksum': checksum(bytes) } });
  });

  test('Checksum: an empty chunk has one too', async () => {
    const upload = await begun(server, token, bytes);
    const none = Buffer.alloc(0);
    await append(server, upload, 0, none, { headers: { 'Upload-Checksum': checksum(none) } });
    refused(await patch(server, upload, 0, none, { headers: { 'Upload-Checksum': checksum(bytes) } }), 460, 'upload_checksum_mismatch');
  });

  /** A PATCH whose checksum comes behind its body. */
  const trailing = (upload, body, trailers, { announced = 'Upload-Checksum' } = {}) => {
    const fields = { 'Content-Type': CHUNK, 'Upload-Offset': 0, 'Transfer-Encoding': 'chunked', ...(announced ? { Trailer: announced } : {}) };
    return server.raw(Buffer.concat([Buffer.from(requestHead(server, 'PATCH', upload.path, fields)), chunked(body, { size: 999, trailers })]), { closeWait: 0 });
  };

  test('Checksum: as a trailer: 204, 460 or 400, as in the head', async () => {
    const upload = await begun(server, token, bytes);
    const chunk = bytes.subarray(0, 2500);
    for (const [field, status] of [[checksum(bytes), 460], ['crc32 AAAAAA==', 400], ['sha1', 400]]) {
      const answer = await trailing(upload, chunk, { 'Upload-Checksum': field });
      assert.equal(answer.status, status, answer.text());
      assert.equal(await offsetOf(server, upload), 0);
    }
    const missing = await trailing(upload, chunk, {});
    assert.equal(missing.status, 400, 'announced, and not there');
    assert.equal(await offsetOf(server, upload), 0);
    const answer = await trailing(upload, chunk, { 'upload-checksum': checksum(chunk, 'sha256') }, { announced: 'X, upload-checksum' });
    assert.equal(answer.status, 204, answer.text());
    await append(server, upload, 2500, bytes.subarray(2500));
    assert.equal(await digestOf(server, upload.content_id), sha256(bytes));
  });
});

describe('tus, termination', () => {
  let server, token;

  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  test('Termination: the extension is announced', async () => {
    assert.ok((await extensions(server)).includes('termination'));
  });

  test('Termination / Requests / DELETE: 204, and 410 for whatever comes after; the bytes are gone', async () => {
    for (const sent of [0, 1000]) {
      const upload = await begun(server, token, bytes);
      if (sent > 0) await append(server, upload, 0, bytes.subarray(0, sent));
      const answer = await remove(server, upload);
      assert.equal(answer.status, 204, answer.text());
      assert.equal(answer.body.length, 0);
      for (const later of [await head(server, upload), await patch(server, upload, sent, bytes.subarray(sent)), await remove(server, upload)]) {
        assert.ok([404, 410].includes(later.status), String(later.status));
        assert.equal(later.headers['upload-offset'], undefined);
      }
    }
    await assertNothingLeftBehind(server);
  });

  test('Termination / Requests / DELETE: of an upload that is complete; its content stays', async () => {
    const upload = await begun(server, token, bytes);
    await send(server, upload, bytes);
    assert.equal((await remove(server, upload)).status, 204);
    assert.ok([404, 410].includes((await head(server, upload)).status));
    assert.equal(await digestOf(server, upload.content_id), sha256(bytes));
  });

  test('Termination / Requests / DELETE: while a request appends', async () => {
    const upload = await begun(server, token, bytes);
    const wire = await server.wire();
    await wire.write(requestHead(server, 'PATCH', upload.path, { 'Content-Type': CHUNK, 'Upload-Offset': 0, 'Content-Length': bytes.length }));
    await wire.write(bytes.subarray(0, 700));
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal((await remove(server, upload)).status, 204);
    assert.ok((await wire.finalAnswer()).status >= 400);
    wire.destroy();
    assert.equal((await head(server, upload)).status, 410);
  });

  test('Termination: frees the place of the upload at once', async () => {
    const many = [];
    for (;;) {
      const answer = await create(server, token, { length: 10 });
      if (answer.status !== 201) {
        refused(answer, 429, 'too_many_uploads');
        break;
      }
      many.push({ path: new URL(answer.headers.location).pathname });
      assert.ok(many.length < 100, 'there is a limit');
    }
    assert.equal((await remove(server, many.pop())).status, 204);
    many.push(await created(server, token, { length: 10 }));
    for (const upload of many) assert.equal((await remove(server, upload)).status, 204);
  });
});

describe('tus, concatenation', () => {
  let server, token;
  const pieces = [bytes.subarray(0, 1000), bytes.subarray(1000, 1001), bytes.subarray(1001)];

  before(async () => {
    server = await startServer({ env: { MAX_UPLOADS_PER_USER: 1000 } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  const partsOf = (chunks) => Promise.all(chunks.map((chunk) => part(server, token, chunk)));

  test('Concatenation: the extension is announced', async () => {
    assert.ok((await extensions(server)).includes('concatenation'));
  });

  test('Concatenation: the parts, in the order of the list, are the final upload, whose length is their sum', async () => {
    const parts = await partsOf(pieces);
    const answer = await join(server, token, parts.map(({ location }) => location));
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.headers['content-location'], `${server.url}/content/${answer.json().content_id}`);
    assert.equal(await digestOf(server, answer.json().content_id), sha256(bytes));
    const asked = await head(server, { path: new URL(answer.headers.location).pathname });
    assert.equal(asked.headers['upload-length'], String(bytes.length));
    assert.equal(asked.headers['upload-offset'], String(bytes.length));
  });

  test('Concatenation: another order is another file', async () => {
    const parts = await partsOf(pieces);
    // Its first bytes are no longer those of a WAV file.
    refused(await join(server, token, parts.reverse().map(({ location }) => location)), 422, 'media_unrecognised');
  });

  test('Concatenation: addresses may be absolute or relative', async () => {
    const parts = await partsOf(pieces);
    const [first, second, third] = parts;
    const answer = await join(server, token, [first.path, second.location, `uploads/${third.path.split('/').pop()}`]);
    assert.equal(answer.status, 201, answer.text());
    assert.equal(await digestOf(server, answer.json().content_id), sha256(bytes));
  });

  test('Concatenation: a part may stand in several uploads', async () => {
    const head44 = await part(server, token, wav(1044, 4).subarray(0, 44));
    const samples = await part(server, token, wav(1044, 4).subarray(44));
    for (let times = 0; times < 2; ++times) {
      const answer = await join(server, token, [head44, samples].map(({ location }) => location));
      assert.equal(answer.status, 201, answer.text());
      assert.equal(await digestOf(server, answer.json().content_id), sha256(wav(1044, 4)));
    }
  });

  test('Concatenation: a final upload with Upload-Length or Upload-Defer-Length, or with bytes, is refused', async () => {
    const parts = (await partsOf(pieces)).map(({ location }) => location);
    refused(await join(server, token, parts, { headers: { 'Upload-Length': bytes.length } }), 400, 'bad_request');
    refused(await join(server, token, parts, { headers: { 'Upload-Defer-Length': '1' } }), 400, 'bad_request');
    refused(await create(server, token, { headers: { 'Upload-Defer-Length': null, 'Upload-Concat': `final;${parts.join(' ')}` }, body: bytes }), 403, 'upload_is_final');
  });

  test('Concatenation: parts under way are joined when they are complete; concatenation-unfinished is announced', async () => {
    assert.ok((await extensions(server)).includes('concatenation-unfinished'));
    const first = await begun(server, token, pieces[0], { fields: null, headers: { 'Upload-Concat': 'partial' } });
    const second = await created(server, token, { fields: null, headers: { 'Upload-Concat': 'partial' } });
    const rest = bytes.subarray(1000);
    const answer = await join(server, token, [first.location, second.location]);
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.headers['upload-offset'], undefined);
    const { content_id: contentId } = answer.json();
    const final = { path: new URL(answer.headers.location).pathname };
    /** Its length is told as soon as it can be calculated; its offset not before it is joined. */
    const waits = async (length) => {
      const { status, headers } = await head(server, final);
      assert.equal(status, 200);
      assert.equal(headers['upload-length'], length);
      assert.equal(headers['upload-offset'], undefined);
      assert.equal(headers['upload-defer-length'], undefined);
      assert.ok(headers['upload-expires']);
      assert.equal((await server.get(`/content/${contentId}`)).status, 404);
    };
    await waits(undefined);
    refused(await patch(server, final, 0, bytes), 403, 'upload_is_final');
    await append(server, first, 0, pieces[0]);
    await append(server, second, 0, rest.subarray(0, 500), { headers: { 'Upload-Length': rest.length } });
    await waits(String(bytes.length));
    await append(server, second, 500, rest.subarray(500));
    assert.equal(await offsetOf(server, final), bytes.length);
    assert.equal(await digestOf(server, contentId), sha256(bytes));
    refused(await patch(server, final, bytes.length, Buffer.from('x')), 403, 'upload_is_final');
  });

  test('Concatenation: a final upload whose part is deleted fails', async () => {
    const first = await begun(server, token, bytes, { fields: null, headers: { 'Upload-Concat': 'partial' } });
    const answer = await join(server, token, [first.location]);
    assert.equal(answer.status, 201, answer.text());
    assert.equal((await remove(server, first)).status, 204);
    const final = { path: new URL(answer.headers.location).pathname };
    const asked = await head(server, final);
    assert.equal(asked.status, 200);
    assert.equal(asked.headers['upload-offset'], undefined);
    const status = await server.get(final.path, { token });
    assert.equal(status.json().state, 'failed', status.text());
    refused(await patch(server, final, 0, bytes), 403, 'upload_is_final');
    assert.equal((await remove(server, final)).status, 204);
  });

  test('Concatenation: the metadata of parts does not pass to the final upload', async () => {
    const first = await begun(server, token, bytes, { fields: { title: 'Of the part', secret: 'x' }, headers: { 'Upload-Concat': 'partial' } });
    await send(server, first, bytes);
    assert.equal((await head(server, first)).headers['upload-metadata'], metadata({ title: 'Of the part', secret: 'x' }));
    const answer = await join(server, token, [first.location], { fields: { ...DESCRIPTION, title: 'Of the whole' } });
    assert.equal(answer.status, 201, answer.text());
    assert.equal((await server.get(`/content/${answer.json().content_id}`)).json().title, 'Of the whole');
    const asked = await head(server, { path: new URL(answer.headers.location).pathname });
    assert.equal(asked.headers['upload-metadata'], metadata({ ...DESCRIPTION, title: 'Of the whole' }));
    const bare = await join(server, token, [first.location], { fields: null });
    assert.equal(bare.status, 422, 'a final upload is described by its own metadata');
  });

  test('Concatenation: PATCH on a final upload is 403, and modifies nothing', async () => {
    const parts = await partsOf(pieces);
    const answer = await join(server, token, parts.map(({ location }) => location));
    const final = { path: new URL(answer.headers.location).pathname };
    for (const offset of [0, bytes.length]) {
      refused(await patch(server, final, offset, Buffer.from('x')), 403, 'upload_is_final');
    }
    assert.equal(await offsetOf(server, final), bytes.length);
    assert.equal(await digestOf(server, answer.json().content_id), sha256(bytes));
    for (const [i, upload] of parts.entries()) assert.equal(await offsetOf(server, upload), pieces[i].length);
  });

  test('Concatenation: HEAD on parts and finals has Upload-Concat as it came, and Upload-Offset and Upload-Length', async () => {
    const parts = await partsOf(pieces);
    for (const [i, upload] of parts.entries()) {
      const { headers } = await head(server, upload);
      assert.equal(headers['upload-concat'], 'partial');
      assert.equal(headers['upload-offset'], String(pieces[i].length));
      assert.equal(headers['upload-length'], String(pieces[i].length));
    }
    const field = `final;${parts.map(({ path }) => path).join('  ')}`;
    const answer = await join(server, token, [], { headers: { 'Upload-Concat': field } });
    assert.equal(answer.status, 201, answer.text());
    const { headers } = await head(server, { path: new URL(answer.headers.location).pathname });
    assert.equal(headers['upload-concat'], field);
    assert.equal(headers['upload-offset'], headers['upload-length']);
  });

  test('Concatenation: a partial upload is no content, needs no description, and tells of none', async () => {
    const upload = await part(server, token, bytes);
    assert.equal(upload.content_id, null);
    assert.equal(upload.answer.headers['content-location'], undefined);
    assert.equal((await server.get(`/content/${upload.id}`)).status, 404);
    const deferred = await created(server, token, { fields: null, headers: { 'Upload-Concat': 'partial' } });
    await append(server, deferred, 0, bytes, { headers: { 'Upload-Length': bytes.length } });
    assert.equal((await head(server, deferred)).headers['upload-length'], String(bytes.length));
  });

  test('Concatenation / Headers / Upload-Concat: anything else is refused', async () => {
    const piece = await part(server, token, bytes);
    const whole = await begun(server, token, bytes);
    await send(server, whole, bytes);
    for (const field of ['', 'Partial', 'partial;', 'final', 'final;', 'final; ', 'neither', `final,${piece.path}`]) {
      refused(await join(server, token, [], { headers: { 'Upload-Concat': field } }), 400, 'upload_concat_invalid');
    }
    for (const address of [
      '/uploads/01890000-0000-7000-8000-000000000000', '/uploads/x', `/content/${whole.content_id}`, whole.location, `${piece.path}/x`, `${piece.path}?x`, '/uploads/', piece.id,
    ]) {
      refused(await join(server, token, [piece.location, address]), 400, 'upload_concat_invalid');
    }
    assert.equal((await join(server, token, [piece.location])).status, 201);
  });

  test("Concatenation: somebody else's parts cannot be joined, even with their rights", async () => {
    const other = await newUser(server);
    const theirs = await part(server, other.token, bytes);
    refused(await join(server, token, [theirs.location]), 400, 'upload_concat_invalid');
    refused(await join(server, token, [`/uploads/${theirs.id}`]), 400, 'upload_concat_invalid');
  });

  test('Concatenation: a part that was deleted cannot be joined; one that is deleted afterwards is no loss', async () => {
    const [gone, kept] = [await part(server, token, bytes), await part(server, token, bytes)];
    assert.equal((await remove(server, gone)).status, 204);
    refused(await join(server, token, [gone.location]), 400, 'upload_concat_invalid');
    const answer = await join(server, token, [kept.location]);
    assert.equal(answer.status, 201, answer.text());
    assert.equal((await remove(server, kept)).status, 204);
    const stream = await server.get(`/content/${answer.json().content_id}/stream`);
    assert.equal(sha256(stream.body), sha256(bytes));
  });

  test('Concatenation: more than the maximum together is 413', async () => {
    const small = await startServer({ env: { MAX_UPLOAD_SIZE: 4000 } });
    try {
      const { token: mine } = await newUser(small);
      const parts = [await part(small, mine, bytes), await part(small, mine, bytes)];
      refused(await join(small, mine, parts.map(({ location }) => location)), 413, 'upload_too_large');
    } finally {
      await small.stop();
    }
  });
});
