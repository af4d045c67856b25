// tus 1.0.0, the extensions Creation and Creation With Upload: each sentence that says MUST, under the name of its section.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertInvalid, newUser, upload as uploadForm } from '../support/client.js';
import { sha256, wav } from '../support/media.js';
import { startServer } from '../support/server.js';
import { append, begun, CHUNK, checksum, chunked, create, created, DESCRIPTION, head, metadata, offsetOf, patch, refused, requestHead, send } from '../support/tus.js';

const SIZE = 2 ** 20;

describe('tus, creation', () => {
  let server, token;
  const bytes = wav(3000, 1);

  before(async () => {
    server = await startServer({ env: { MAX_UPLOAD_SIZE: SIZE, MAX_UPLOADS_PER_USER: 1000 } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  const extensions = async () => (await server.request('OPTIONS', '/uploads')).headers['tus-extension'].split(',');
  const contentOf = async (upload) => (await server.get(`/content/${upload.content_id}`)).json();

  test('Creation: the extension is announced', async () => {
    assert.ok((await extensions()).includes('creation'));
    assert.ok((await extensions()).includes('creation-defer-length'));
  });

  test('Creation / Headers / Upload-Defer-Length: its value is 1, and it is left out when the length is known', async () => {
    for (const wrong of ['0', '', 'true', '2', '1.0', '01']) {
      refused(await create(server, token, { headers: { 'Upload-Defer-Length': wrong } }), 400, 'bad_request');
    }
    const known = await begun(server, token, bytes);
    assert.equal((await head(server, known)).headers['upload-defer-length'], undefined);
  });

  for (const [what, field] of [
    ['a key without a value that is base64', 'title %%%'],
    ['base64 without padding', 'title QQ'],
    ['base64url', 'title A-__'],
    ['no pair', ''],
    ['an empty pair', 'title QSA=,,a QSA='],
    ['a comma at the end', 'title QSA=,'],
    ['a key that stands twice', 'title QSA=,title QSA='],
    ['two spaces of values', 'title QSA= QSA='],
    ['a semicolon between pairs', 'title QSA=;content_type YXVkaW8='],
    ['a key beyond ASCII', 't\u00eftle QSA='],
    ['too many keys', Array.from({ length: 65 }, (_, i) => `k${i}`).join()],
  ]) {
    test(`Creation / Headers / Upload-Metadata: ${what} is 400`, async () => {
      refused(await create(server, token, { length: 10, headers: { 'Upload-Metadata': field } }), 400, 'upload_metadata_malformed');
    });
  }

  test('Creation / Headers / Upload-Metadata: values are any bytes, may be empty, and come back by HEAD as they were', async () => {
    const field = `${metadata({ ...DESCRIPTION, is_confidential: null, zero: Buffer.from([0, 13, 10, 255]) })},empty , x  ${Buffer.from('spaces').toString('base64')}`;
    const answer = await create(server, token, { length: 10, headers: { 'Upload-Metadata': field } });
    assert.equal(answer.status, 201, answer.text());
    assert.equal((await head(server, { path: new URL(answer.headers.location).pathname })).headers['upload-metadata'], field);
  });

  test('Creation / Headers / Upload-Metadata: what would smuggle a field into an answer stays inside its value', async () => {
    const upload = await begun(server, token, bytes, { fields: { ...DESCRIPTION, filename: 'a\u0001b', x: 'a\r\nX-Evil: 1\r\n\r\n' } }).catch(() => null);
    assert.equal(upload, null, 'a file name with control characters is refused');
    const other = await begun(server, token, bytes, { fields: { ...DESCRIPTION, x: 'a\r\nX-Evil: 1\r\n\r\n' } });
    const answer = await head(server, other);
    assert.equal(answer.headers['x-evil'], undefined);
    assert.match(answer.headers['upload-metadata'], /,x YQ0K/);
  });

  test('Creation / Requests / POST: either Upload-Length or Upload-Defer-Length is there', async () => {
    refused(await create(server, token, { headers: { 'Upload-Defer-Length': null } }), 400, 'bad_request');
    refused(await create(server, token, { length: 10, headers: { 'Upload-Defer-Length': '1' } }), 400, 'bad_request');
  });

  test('Creation / Requests / POST: HEAD says Upload-Defer-Length: 1 until a PATCH has stated the length, which never changes', async () => {
    const upload = await created(server, token);
    assert.equal(upload.length, null);
    assert.equal((await head(server, upload)).headers['upload-defer-length'], '1');
    assert.equal((await head(server, upload)).headers['upload-length'], undefined);
    await append(server, upload, 0, bytes.subarray(0, 100));
    assert.equal((await head(server, upload)).headers['upload-defer-length'], '1');
    await append(server, upload, 100, bytes.subarray(100, 200), { headers: { 'Upload-Length': bytes.length } });
    const known = await head(server, upload);
    assert.equal(known.headers['upload-defer-length'], undefined);
    assert.equal(known.headers['upload-length'], String(bytes.length));
    for (const other of [bytes.length + 1, bytes.length - 1, 200, 0]) {
      refused(await patch(server, upload, 200, bytes.subarray(200), { headers: { 'Upload-Length': other } }), 400, 'upload_length_mismatch');
    }
    assert.equal(await offsetOf(server, upload), 200);
    await append(server, upload, 200, bytes.subarray(200), { headers: { 'Upload-Length': bytes.length } });
    assert.equal((await contentOf(upload)).sha256, sha256(bytes));
  });

  test('Creation / Requests / POST: a deferred length that is told with the last bytes, and with none', async () => {
    for (const behind of [0, 1000]) {
      const upload = await created(server, token);
      await append(server, upload, 0, bytes.subarray(0, bytes.length - behind));
      await append(server, upload, bytes.length - behind, bytes.subarray(bytes.length - behind), { headers: { 'Upload-Length': bytes.length } });
      assert.equal((await contentOf(upload)).sha256, sha256(bytes));
    }
  });

  test('Creation / Requests / POST: a deferred length below what has arrived, or above the maximum, is refused', async () => {
    const upload = await created(server, token);
    await append(server, upload, 0, bytes.subarray(0, 500));
    refused(await patch(server, upload, 500, Buffer.alloc(0), { headers: { 'Upload-Length': 499 } }), 400, 'upload_length_mismatch');
    refused(await patch(server, upload, 500, Buffer.alloc(0), { headers: { 'Upload-Length': SIZE + 1 } }), 413, 'upload_too_large');
    refused(await patch(server, upload, 500, Buffer.alloc(0), { headers: { 'Upload-Length': 'x' } }), 400, 'bad_request');
    assert.equal(await offsetOf(server, upload), 500);
  });

  test('Creation / Requests / POST: without a length no more than the maximum is taken', async () => {
    const upload = await created(server, token);
    const file = wav(SIZE, 5);
    await append(server, upload, 0, file);
    const answer = await patch(server, upload, SIZE, Buffer.from('x'));
    assert.ok(answer.status === 413 || answer.status === 400, answer.text());
  });

  test('Creation / Requests / POST: an upload of no bytes is complete at once', async () => {
    // A partial one: the file as a whole has to be media.
    const upload = await created(server, token, { length: 0, fields: null, headers: { 'Upload-Concat': 'partial' } });
    const answer = await head(server, upload);
    assert.equal(answer.headers['upload-offset'], '0');
    assert.equal(answer.headers['upload-length'], '0');
    refused(await create(server, token, { length: 0 }), 422, 'media_unrecognised');
  });

  test('Creation / Requests / POST: more than Tus-Max-Size is 413', async () => {
    for (const length of [SIZE + 1, 2 ** 53, '18446744073709551615', '18446744073709551616', '9'.repeat(100)]) {
      refused(await create(server, token, { length }), 413, 'upload_too_large');
    }
    await created(server, token, { length: SIZE });
  });

  test('Creation / Requests / POST: 201 with Location', async () => {
    const { answer, id, content_id: contentId, offset, length, expires_at: expiresAt } = await begun(server, token, bytes);
    assert.equal(answer.status, 201);
    assert.match(answer.headers.location, new RegExp(`^${server.url}/uploads/${id}\\.[A-Za-z0-9_-]{43}$`));
    assert.equal(answer.headers['content-location'], `${server.url}/content/${contentId}`);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.deepEqual([offset, length], [0, bytes.length]);
    assert.ok(Math.abs(new Date(expiresAt) - Date.now() - 86_400_000) < 60_000);
  });

  test('metadata is that of a content, by the same rules and with the same problems', async () => {
    const over = (fields) => create(server, token, { length: 10, fields: { ...DESCRIPTION, ...fields } });
    assertInvalid(await create(server, token, { length: 10, fields: { note: 'of nothing that a content has' } }), ['#/title', '#/content_type']);
    assertInvalid(await create(server, token, { length: 10, fields: null }), ['#/title', '#/content_type']);
    assertInvalid(await over({ title: '' }), ['#/title']);
    assertInvalid(await over({ title: 'x'.repeat(201) }), ['#/title']);
    assertInvalid(await over({ title: 'two\nlines' }), ['#/title']);
    assertInvalid(await over({ title: Buffer.from([0xff, 0xfe]) }), ['#/title']);
    assertInvalid(await over({ description: 'x'.repeat(5001) }), ['#/description']);
    assertInvalid(await over({ content_type: 'picture' }), ['#/content_type']);
    assertInvalid(await over({ duration: '-1' }), ['#/duration']);
    assertInvalid(await over({ thumbnail_url: 'javascript:alert(1)' }), ['#/thumbnail_url']);
    assertInvalid(await over({ language: 'not a language' }), ['#/language']);
    assertInvalid(await over({ visibility: 'secret' }), ['#/visibility']);
    assertInvalid(await over({ filename: 'x'.repeat(256) }), ['#/filename']);
    assertInvalid(await over({ replaces: 'x' }), ['#/replaces']);
    assertInvalid(await over({ title: '', visibility: 'x', duration: 'x' }), ['#/duration', '#/title', '#/visibility']);
  });

  test('everything that is said of a content arrives', async () => {
    const said = {
      title: 'Yoga für Anfänger 🧘', description: 'Zwei\nZeilen', content_type: 'audio', duration: '77',
      thumbnail_url: 'https://example.com/a.jpg', language: 'de-at', visibility: 'unlisted', filename: 'C:\\music\\übung.wav', unknown: 'ignored',
    };
    const upload = await begun(server, token, bytes, { fields: said });
    await send(server, upload, bytes);
    const content = (await server.get(`/content/${upload.content_id}`, { token })).json();
    for (const name of ['title', 'description', 'content_type', 'thumbnail_url', 'visibility']) assert.equal(content[name], said[name], name);
    assert.equal(content.duration, 77);
    assert.equal(content.language, 'de-AT');
    const download = await server.get(`/content/${upload.content_id}/stream?download=1`, { token });
    assert.match(download.headers['content-disposition'], /%C3%BCbung\.wav/);
  });

  test('what tus clients send by convention stands in for title and kind', async () => {
    for (const [fields, title] of [
      [{ filename: 'morning run.wav', filetype: 'audio/wav' }, 'morning run.wav'],
      [{ name: 'evening.wav', filetype: 'audio/x-wav; codecs=1' }, 'evening.wav'],
      [{ filename: '/home/me/a.wav', name: 'other.wav', filetype: 'Audio/WAV' }, 'a.wav'],
      [{ filename: 'a.wav', title: 'Said', content_type: 'audio', filetype: 'video/mp4' }, 'Said'],
    ]) {
      const upload = await begun(server, token, bytes, { fields });
      await send(server, upload, bytes);
      const content = await contentOf(upload);
      assert.equal(content.title, title);
      assert.equal(content.content_type, 'audio');
      assert.equal(content.description, '');
    }
    assertInvalid(await create(server, token, { length: 10, fields: { filename: 'a.pdf', filetype: 'application/pdf' } }), ['#/content_type']);
    assertInvalid(await create(server, token, { length: 10, fields: { filename: '', filetype: '' } }), ['#/title', '#/content_type']);
  });

  test('only who may upload may create', async () => {
    refused(await create(server, undefined, { length: 10 }), 401, 'not_authenticated');
    const narrow = await server.post('/auth/keys', { token, json: { name: 'reader', scopes: 'content:read' } });
    refused(await create(server, narrow.json().key, { length: 10 }), 403, 'insufficient_scope');
    const wide = await server.post('/auth/keys', { token, json: { name: 'writer', scopes: 'content:write' } });
    assert.equal((await create(server, wide.json().key, { length: 10 })).status, 201);
  });

  test('an upload that replaces the file of a content needs the right to change it', async () => {
    const content = await uploadForm(server, token, bytes);
    const other = await newUser(server);
    const replacing = (who, id) => create(server, who, { length: 4000, fields: { ...DESCRIPTION, replaces: id } });
    assert.equal((await replacing(other.token, content.id)).status, 403);
    assert.equal((await replacing(token, '01890000-0000-7000-8000-000000000000')).status, 404);
    const file = wav(4000, 9);
    const answer = await replacing(token, content.id);
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.headers['content-location'], `${server.url}/content/${content.id}`);
    assert.equal((await server.get(`/content/${content.id}`)).json().sha256, sha256(bytes));
    const last = await send(server, { path: new URL(answer.headers.location).pathname }, file, 1500);
    assert.equal(last.headers.location, `${server.url}/content/${content.id}`);
    assert.equal((await server.get(`/content/${content.id}`)).json().sha256, sha256(file));
  });

  test('Creation With Upload: the extension is announced, and creation with it', async () => {
    assert.ok((await extensions()).includes('creation-with-upload'));
    assert.ok((await extensions()).includes('creation'));
  });

  test('Creation With Upload: a part of the file, and Upload-Offset says how much was taken', async () => {
    const answer = await create(server, token, { length: bytes.length, body: bytes.subarray(0, 1000) });
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.headers['upload-offset'], '1000');
    assert.equal(answer.json().offset, 1000);
    const upload = { path: new URL(answer.headers.location).pathname, ...answer.json() };
    await append(server, upload, 1000, bytes.subarray(1000));
    assert.equal((await contentOf(upload)).sha256, sha256(bytes));
  });

  test('Creation With Upload: the whole file', async () => {
    const answer = await create(server, token, { length: bytes.length, body: bytes });
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.headers['upload-offset'], String(bytes.length));
    assert.equal((await contentOf(answer.json())).sha256, sha256(bytes));
    assert.equal(await offsetOf(server, { path: new URL(answer.headers.location).pathname }), bytes.length);
  });

  test('Creation With Upload: with a deferred length, and chunked', async () => {
    const fields = { 'Upload-Defer-Length': 1, 'Upload-Metadata': metadata(DESCRIPTION), 'Content-Type': CHUNK, 'Transfer-Encoding': 'chunked', Authorization: `Bearer ${token}` };
    const message = Buffer.concat([Buffer.from(requestHead(server, 'POST', '/uploads', fields)), chunked(bytes, { size: 700 })]);
    const answer = await server.raw(message, { method: 'POST', closeWait: 0 });
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.headers['upload-offset'], String(bytes.length));
    const upload = { path: new URL(answer.headers.location).pathname, ...answer.json() };
    await append(server, upload, bytes.length, Buffer.alloc(0), { headers: { 'Upload-Length': bytes.length } });
    assert.equal((await contentOf(upload)).sha256, sha256(bytes));
  });

  test('Creation With Upload: a body of another media type is 415, and no upload begins', async () => {
    for (const type of ['application/octet-stream', 'audio/wav', 'application/partial-upload']) {
      const answer = await create(server, token, { length: bytes.length, body: bytes, headers: { 'Content-Type': type } });
      refused(answer, 415, 'unsupported_media_type');
      assert.equal(answer.headers.location, undefined);
    }
  });

  test('Creation With Upload: 100 Continue comes when the upload is agreed, and not before', async () => {
    const ask = async (fields) => {
      const wire = await server.wire();
      await wire.write(requestHead(server, 'POST', '/uploads', {
        'Upload-Length': bytes.length, 'Upload-Metadata': metadata(DESCRIPTION), 'Content-Type': CHUNK, 'Content-Length': bytes.length,
        Expect: '100-continue', Authorization: `Bearer ${token}`, ...fields,
      }));
      return { wire, answer: await wire.answer() };
    };
    const agreed = await ask({});
    assert.equal(agreed.answer.status, 100);
    await agreed.wire.write(bytes);
    assert.equal((await agreed.wire.finalAnswer({ method: 'POST' })).status, 201);
    agreed.wire.destroy();
    for (const [fields, status] of [
      [{ 'Upload-Metadata': metadata({}) || 'a' }, 422], [{ 'Upload-Length': SIZE + 1 }, 413], [{ Authorization: 'Bearer x' }, 401], [{ 'Tus-Resumable': '2.0.0' }, 412],
    ]) {
      const { wire, answer } = await ask(fields);
      assert.equal(answer.status, status);
      wire.destroy();
    }
  });

  test('Creation With Upload: more bytes than Upload-Length are refused', async () => {
    refused(await create(server, token, { length: 10, body: bytes }), 400, 'upload_length_exceeded');
  });

  test('Creation With Upload: a checksum is checked; a wrong one leaves no upload', async () => {
    const right = await create(server, token, { length: bytes.length, body: bytes, headers: { 'Upload-Checksum': checksum(bytes) } });
    assert.equal(right.status, 201, right.text());
    const wrong = await create(server, token, { length: bytes.length, body: bytes, headers: { 'Upload-Checksum': checksum(Buffer.from('other')) } });
    refused(wrong, 460, 'upload_checksum_mismatch');
    assert.equal(wrong.headers.location, undefined);
  });

  test('Creation With Upload: what is no media is refused, and leaves no upload', async () => {
    const text = Buffer.from('no media at all '.repeat(20));
    refused(await create(server, token, { length: text.length, body: text }), 422, 'media_unrecognised');
  });
});
