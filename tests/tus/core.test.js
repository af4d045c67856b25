// tus 1.0.0, "Core protocol": each sentence that says MUST, under the name of its section.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser } from '../support/client.js';
import { sha256, wav } from '../support/media.js';
import { startServer } from '../support/server.js';
import { append, begun, CHUNK, create, created, head, offsetOf, patch, refused, remove, requestHead, send, tus } from '../support/tus.js';

const UNKNOWN = { path: '/uploads/01890000-0000-7000-8000-000000000000' };
const SIZE = 2 ** 20;

describe('tus, core protocol', () => {
  let server, token;
  const bytes = wav(3000, 1);

  before(async () => {
    server = await startServer({ env: { MAX_UPLOAD_SIZE: SIZE, MAX_UPLOADS_PER_USER: 1000 } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  /** Nothing of it has changed. */
  const untouched = async (upload, offset) => assert.equal(await offsetOf(server, upload), offset);

  test('Headers / Upload-Offset: the value is a non-negative integer', async () => {
    const upload = await begun(server, token, bytes);
    for (const wrong of ['', '-1', '+0', '0.0', '0x0', 'zero', '0,0', '1e1', ' ']) {
      refused(await patch(server, upload, wrong, bytes), 400, 'bad_request');
    }
    for (const huge of ['9'.repeat(40), String(2n ** 63n), String(2n ** 64n - 1n)]) {
      const answer = refused(await patch(server, upload, huge, bytes), 409, 'upload_offset_mismatch');
      assert.ok(answer.json()['provided-offset'] > Number.MAX_SAFE_INTEGER);
    }
    refused(await tus(server, 'PATCH', upload.path, { headers: { 'Content-Type': CHUNK }, body: bytes }), 400, 'bad_request');
    await untouched(upload, 0);
    assert.match((await head(server, upload)).headers['upload-offset'], /^\d+$/);
  });

  test('Headers / Upload-Length: the value is a non-negative integer', async () => {
    for (const wrong of ['', '-1', '+1', '1.5', '0x10', 'ten', '1,1', '1e3']) {
      refused(await create(server, token, { headers: { 'Upload-Defer-Length': null, 'Upload-Length': wrong } }), 400, 'bad_request');
    }
    const upload = await begun(server, token, bytes);
    assert.equal((await head(server, upload)).headers['upload-length'], String(bytes.length));
  });

  test('Headers / Tus-Version: a comma-separated list, sorted by preference', async () => {
    const answer = await server.request('OPTIONS', '/uploads');
    assert.equal(answer.headers['tus-version'], '1.0.0');
  });

  test('Headers / Tus-Resumable: on every answer, whatever it says', async () => {
    const upload = await begun(server, token, bytes);
    const answers = [
      await create(server, undefined, { length: 10 }),
      await create(server, 'ctv_wrong', { length: 10 }),
      await create(server, token, { length: 10, headers: { 'Upload-Metadata': 'title %' } }),
      await create(server, token, { length: 10, fields: null }),
      await create(server, token, { length: SIZE + 1 }),
      await patch(server, upload, 1, bytes),
      await patch(server, upload, 0, bytes, { headers: { 'Content-Type': 'text/plain' } }),
      await patch(server, upload, 0, Buffer.alloc(SIZE + 1)),
      await head(server, UNKNOWN),
      await head(server, { path: '/uploads/none' }),
      await remove(server, UNKNOWN),
      await append(server, upload, 0, bytes),
      await remove(server, upload),
    ];
    assert.deepEqual(answers.map(({ status }) => status), [401, 401, 400, 422, 413, 409, 415, 413, 404, 404, 404, 204, 204]);
  });

  for (const version of ['0.2.2', '1.0.1', '2.0.0', '1.0', '', '1.0.0, 0.2.2']) {
    test(`Headers / Tus-Resumable: version "${version}" is refused with Tus-Version, and not processed`, async () => {
      const upload = await begun(server, token, bytes);
      const headers = { 'Tus-Resumable': version };
      const answers = [
        await create(server, token, { length: 10, headers }),
        await create(server, undefined, { length: 10, headers }),
        await patch(server, upload, 0, bytes, { headers }),
        await patch(server, upload, 0, bytes, { headers: { ...headers, 'Content-Type': 'text/plain' } }),
        await head(server, upload, { headers }),
        await remove(server, upload, { headers }),
      ];
      for (const answer of answers) {
        assert.equal(refused(answer, 412, 'tus_version_unsupported').headers['tus-version'], '1.0.0');
        assert.equal(answer.headers['upload-offset'], undefined);
      }
      await untouched(upload, 0);
    });
  }

  test('Headers / Tus-Extension: a comma-separated list of what the service does', async () => {
    for (const path of ['/uploads', (await begun(server, token, bytes)).path]) {
      const answer = await server.request('OPTIONS', path);
      assert.equal(answer.headers['tus-extension'],
        'creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination,concatenation,concatenation-unfinished');
    }
  });

  test('Headers / Tus-Max-Size: a non-negative integer', async () => {
    assert.equal((await server.request('OPTIONS', '/uploads')).headers['tus-max-size'], String(SIZE));
  });

  test('Headers / X-HTTP-Method-Override: the method that counts', async () => {
    const upload = await begun(server, token, bytes);
    const override = (method, more = {}, body = undefined) => {
      const headers = { 'Tus-Resumable': '1.0.0', 'X-HTTP-Method-Override': method, ...more };
      return server.request('POST', upload.path, { headers, body, check: false });
    };
    const appended = await override('PATCH', { 'Content-Type': CHUNK, 'Upload-Offset': '0' }, bytes.subarray(0, 100));
    assert.equal(appended.status, 204, appended.text());
    assert.equal(appended.headers['upload-offset'], '100');
    assert.equal(appended.headers['tus-resumable'], '1.0.0');
    const asked = await override('HEAD');
    assert.equal(asked.status, 200);
    assert.equal(asked.headers['upload-offset'], '100');
    // The actual method is ignored.
    const patched = await server.request('PUT', upload.path, { headers: { 'Tus-Resumable': '1.0.0', 'X-HTTP-Method-Override': 'PATCH', 'Content-Type': CHUNK, 'Upload-Offset': '100' }, body: bytes.subarray(100, 200), check: false });
    assert.equal(patched.status, 204, patched.text());
    assert.equal(patched.headers['upload-offset'], '200');
    assert.equal((await override('DELETE')).status, 204);
    assert.equal((await head(server, upload)).status, 410);
  });

  test('Requests / HEAD: Upload-Offset at the beginning, in between, and when the upload is complete', async () => {
    const upload = await begun(server, token, bytes);
    await untouched(upload, 0);
    await append(server, upload, 0, bytes.subarray(0, 1234));
    await untouched(upload, 1234);
    await append(server, upload, 1234, bytes.subarray(1234));
    const answer = await head(server, upload);
    assert.equal(answer.headers['upload-offset'], String(bytes.length));
    assert.equal(answer.headers['upload-length'], String(bytes.length));
    assert.equal(answer.headers['upload-defer-length'], undefined);
  });

  test('Requests / HEAD: no answer of it may be kept', async () => {
    const upload = await begun(server, token, bytes);
    for (const asked of [upload, UNKNOWN]) assert.equal((await head(server, asked)).headers['cache-control'], 'no-store');
  });

  test('Requests / HEAD: what does not exist has no Upload-Offset', async () => {
    for (const path of [UNKNOWN.path, `${UNKNOWN.path}.${'A'.repeat(43)}`, '/uploads/x', `${UNKNOWN.path}.short`]) {
      const answer = await head(server, { path });
      assert.equal(answer.status, 404);
      assert.equal(answer.headers['upload-offset'], undefined);
    }
  });

  test('Requests / PATCH: another media type is 415, and nothing is taken', async () => {
    const upload = await begun(server, token, bytes);
    for (const type of [undefined, '', 'application/octet-stream', 'application/offset', 'application/partial-upload', 'multipart/form-data']) {
      refused(await patch(server, upload, 0, bytes, { headers: { 'Content-Type': type } }), 415, 'unsupported_media_type');
    }
    await untouched(upload, 0);
    await append(server, upload, 0, bytes, { headers: { 'Content-Type': 'Application/Offset+Octet-Stream' } });
  });

  test('Requests / PATCH: another offset is 409, and the upload stays as it is', async () => {
    const upload = await begun(server, token, bytes);
    await append(server, upload, 0, bytes.subarray(0, 1000));
    for (const wrong of [0, 1, 999, 1001, 2999, 3000, 3001, Number.MAX_SAFE_INTEGER]) {
      const answer = refused(await patch(server, upload, wrong, bytes.subarray(1000)), 409, 'upload_offset_mismatch');
      assert.equal(answer.headers['upload-offset'], '1000');
    }
    await untouched(upload, 1000);
    await append(server, upload, 1000, bytes.subarray(1000));
  });

  test('Requests / PATCH: 204 with the sum of the old offset and the bytes', async () => {
    const upload = await begun(server, token, bytes);
    let at = 0;
    for (const size of [1, 1, 0, 2, 996, 2000]) {
      const answer = await patch(server, upload, at, bytes.subarray(at, at + size));
      assert.equal(answer.status, 204, answer.text());
      assert.equal(answer.headers['upload-offset'], String(at += size));
      assert.equal(answer.body.length, 0);
    }
    assert.equal(at, bytes.length);
  });

  test('Requests / PATCH: an upload that does not exist is 404', async () => {
    refused(await patch(server, UNKNOWN, 0, bytes), 404, 'upload_not_found');
  });

  test('Requests / PATCH: as much is kept as has arrived', async () => {
    const upload = await begun(server, token, bytes);
    const wire = await server.wire();
    await wire.write(requestHead(server, 'PATCH', upload.path, { 'Content-Type': CHUNK, 'Upload-Offset': 0, 'Content-Length': bytes.length }));
    await wire.write(bytes.subarray(0, 2000));
    await new Promise((resolve) => setTimeout(resolve, 200));
    wire.destroy({ reset: true });
    assert.equal(await offsetOf(server, upload), 2000);
    await append(server, upload, 2000, bytes.subarray(2000));
  });

  test('Requests / OPTIONS: 204 with Tus-Version; Tus-Resumable in the request is ignored', async () => {
    const { path } = await begun(server, token, bytes);
    for (const headers of [{}, { 'Tus-Resumable': '1.0.0' }, { 'Tus-Resumable': '0.0.1' }]) {
      for (const target of ['/uploads', path]) {
        const answer = await server.request('OPTIONS', target, { headers });
        assert.equal(answer.status, 204);
        assert.equal(answer.headers['tus-version'], '1.0.0');
      }
    }
  });

  test('the last answer leads to the content, which has the id that was told at the beginning', async () => {
    const file = wav(100_000, 7);
    const upload = await begun(server, token, file);
    assert.equal(upload.answer.headers['content-location'], `${server.url}/content/${upload.content_id}`);
    assert.equal((await server.get(`/content/${upload.content_id}`)).status, 404);
    const last = await send(server, upload, file, 33_333);
    assert.equal(last.headers.location, `${server.url}/content/${upload.content_id}`);
    const content = (await server.get(`/content/${upload.content_id}`)).json();
    assert.equal(content.title, 'A title');
    assert.equal(content.sha256, sha256(file));
    assert.equal(content.media_type, 'audio/wav');
    const stream = await server.get(`/content/${upload.content_id}/stream`);
    assert.equal(sha256(stream.body), sha256(file));
    // A client that lost the last answer asks, or sends the end of the file once more.
    await untouched(upload, file.length);
    const again = await append(server, upload, file.length, Buffer.alloc(0));
    assert.equal(again.headers.location, last.headers.location);
  });

  test('what is no media is refused with the last byte, and for good; its offset is 0 then', async () => {
    const file = Buffer.from('This is not a recording of anything. '.repeat(40));
    const upload = await begun(server, token, file);
    await patch(server, upload, 0, file.subarray(0, 20));
    const answer = await patch(server, upload, await offsetOf(server, upload), file.subarray(20));
    refused(answer, 422, 'media_unrecognised');
    await untouched(upload, 0);
    refused(await patch(server, upload, 0, file), 422, 'media_unrecognised');
    assert.equal((await server.get(`/content/${upload.content_id}`)).status, 404);
  });

  test('a field of tus that stands twice is refused', async () => {
    const upload = await begun(server, token, bytes);
    const twice = (name, value, fields) =>
      server.raw(Buffer.concat([
        Buffer.from(requestHead(server, 'PATCH', upload.path, { 'Content-Type': CHUNK, 'Upload-Offset': 0, 'Content-Length': 0, ...fields })
          .replace('\r\n\r\n', `\r\n${name}: ${value}\r\n\r\n`)),
      ]), { closeWait: 0 });
    assert.equal((await twice('Upload-Offset', 0)).status, 400);
    assert.equal((await twice('upload-checksum', 'sha1 AAAA', { 'Upload-Checksum': 'sha1 AAAA' })).status, 400);
    assert.equal((await twice('tus-resumable', '1.0.0')).status, 412);
    await untouched(upload, 0);
  });

  test('a whole file in chunks of one byte', async () => {
    const file = wav(60, 3);
    const upload = await begun(server, token, file);
    await send(server, upload, file, 1);
    assert.equal((await server.get(`/content/${upload.content_id}`)).json().sha256, sha256(file));
  });

  test('bytes past the length are refused', async () => {
    const upload = await begun(server, token, bytes);
    const long = Buffer.concat([bytes, Buffer.from('x')]);
    refused(await patch(server, upload, 0, long), 400, 'upload_length_exceeded');
    const offset = await offsetOf(server, upload);
    assert.ok(offset <= bytes.length);
    await append(server, upload, offset, bytes.subarray(offset));
    refused(await patch(server, upload, bytes.length, Buffer.from('x')), 400, 'upload_length_exceeded');
    assert.equal((await server.get(`/content/${upload.content_id}`)).json().sha256, sha256(bytes));
  });

  test('two at once: the later one ends the earlier one, whose bytes are kept', async () => {
    const upload = await begun(server, token, bytes);
    const wire = await server.wire();
    await wire.write(requestHead(server, 'PATCH', upload.path, { 'Content-Type': CHUNK, 'Upload-Offset': 0, 'Content-Length': bytes.length }));
    await wire.write(bytes.subarray(0, 700));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = Date.now();
    refused(await patch(server, upload, 0, bytes), 409, 'upload_offset_mismatch');
    assert.ok(Date.now() - before < 3_000, 'the holder lets go soon');
    assert.equal(await offsetOf(server, upload), 700);
    assert.equal((await wire.finalAnswer()).headers['tus-resumable'], '1.0.0');
    assert.ok(await wire.closed());
    wire.destroy();
    await append(server, upload, 700, bytes.subarray(700));
    assert.equal((await server.get(`/content/${upload.content_id}`)).json().sha256, sha256(bytes));
  });

  test('many at once with the same chunk: one of them counts', async () => {
    const upload = await begun(server, token, bytes);
    const answers = await Promise.all(Array.from({ length: 8 }, () => patch(server, upload, 0, bytes.subarray(0, 500))));
    const taken = answers.filter(({ status }) => status === 204);
    assert.equal(taken.length, 1, answers.map(({ status }) => status).join());
    for (const { status } of answers) assert.ok([204, 400, 409, 423].includes(status), String(status));
    await untouched(upload, 500);
    await append(server, upload, 500, bytes.subarray(500));
    assert.equal((await server.get(`/content/${upload.content_id}`)).json().sha256, sha256(bytes));
  });

  test('whoever has the address may go on, without a token; without the right in it only the owner', async () => {
    const upload = await begun(server, token, bytes);
    const bare = { path: `/uploads/${upload.id}` };
    const other = await newUser(server);
    for (const options of [{}, { token: other.token }]) {
      assert.equal((await head(server, bare, options)).status, 404);
      refused(await patch(server, bare, 0, bytes, options), 404, 'upload_not_found');
      refused(await remove(server, bare, options), 404, 'upload_not_found');
    }
    const guess = { path: `${bare.path}.${'A'.repeat(43)}` };
    refused(await patch(server, guess, 0, bytes), 404, 'upload_not_found');
    assert.equal((await head(server, bare, { token })).status, 200);
    await append(server, bare, 0, bytes.subarray(0, 10), { token });
    await append(server, upload, 10, bytes.subarray(10, 20));
    await append(server, upload, 20, bytes.subarray(20), { token: other.token });
    const content = (await server.get(`/content/${upload.content_id}`)).json();
    assert.equal(content.owner_id, (await server.get('/auth/me', { token })).json().id);
  });

  test('the body of a PATCH that is refused is not waited for', async () => {
    const upload = await begun(server, token, bytes);
    const wire = await server.wire();
    const fields = { 'Content-Type': CHUNK, 'Upload-Offset': 5, 'Content-Length': bytes.length, Expect: '100-continue' };
    await wire.write(requestHead(server, 'PATCH', upload.path, fields));
    assert.equal((await wire.answer()).status, 409);
    wire.destroy();
    await untouched(upload, 0);
  });

  test('an upload that was created without a token does not exist', async () => {
    refused(await create(server, undefined, { length: 10 }), 401, 'not_authenticated');
    assert.equal((await created(server, token, { length: 10 })).offset, 0);
  });
});
