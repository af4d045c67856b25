// Uploads that are begun as draft-ietf-httpbis-resumable-upload says, "Upload Creation". Interop version 8.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertInvalid, listAll, newUser } from '../../support/client.js';
import { idLiteral, sql } from '../../support/database.js';
import {
  announcedCreation, append, assertCreated, assertRefused, begun, create, digest, exchange, finish, head, INCONSISTENT_LENGTH, INTEROP, offsetOf,
  requestHead, target, uploadAt,
} from '../../support/ietf_upload.js';
import { media, wav } from '../../support/media.js';
import { field, file, multipart } from '../../support/multipart.js';
import { eventually } from '../../support/program.js';
import { startServer } from '../../support/server.js';
import { chunked } from '../../support/tus.js';

const LIMIT = 4 * 1024 * 1024;

describe('IETF upload creation', () => {
  let server, token;
  const sound = wav(20_000);
  before(async () => {
    server = await startServer({ env: { MAX_UPLOAD_SIZE: `${LIMIT}`, MAX_UPLOADS_PER_USER: '100' } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  const rows = async () => Number(await sql(server.dataDir, 'SELECT COUNT(*) FROM uploads'));

  test('a whole file is announced by 104 and answered with the content', async () => {
    const answer = await create(server, token, { body: sound, headers: { 'Upload-Length': String(sound.length) } });
    const content = assertCreated(server, answer, sound);
    const [announced] = answer.interims;
    assert.equal(announced.status, 104);
    assert.equal(announced.reason, 'Upload Resumption Supported');
    assert.equal(announced.headers['upload-draft-interop-version'], '8');
    assert.match(announced.headers['upload-limit'], new RegExp(`^max-size=${LIMIT}, max-age=[0-9]+$`));
    assert.equal(uploadAt(announced.headers.location).id, content.id);
    const stored = await server.get(`/content/${content.id}/stream`);
    assert.ok(stored.body.equals(sound));
  });

  for (const version of [null, '7', '9', '08.0', '"8"', '?1', 'eight', '8, 8', '']) {
    test(`without 104 for the interop version ${version}`, async () => {
      const answer = await create(server, token, { body: sound, headers: { 'Upload-Draft-Interop-Version': version } });
      assert.deepEqual(answer.interims, []);
      assertCreated(server, answer, sound);
      const first = await create(server, token, { body: sound.subarray(0, 10), complete: '?0', headers: { 'Upload-Draft-Interop-Version': version } });
      assert.deepEqual(first.interims, []);
      assert.equal(first.status, 201);
      await finish(server, uploadAt(first.headers.location), sound, 10);
    });
  }

  test('a client of HTTP/1.0 gets no 104', async () => {
    const fields = { Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Content-Length': sound.length, 'Upload-Complete': '?1', ...INTEROP };
    const wire = await server.wire();
    await wire.write(requestHead(server, 'POST', target(), fields, '1.0'));
    await wire.write(sound);
    assert.equal((await wire.answer()).status, 201);
    wire.destroy();
  });

  for (const path of ['/content', '/uploads']) {
    test(`the first part of a file at ${path} is answered with the address, the same as announced`, async () => {
      const answer = await create(server, token, { path, body: sound.subarray(0, 5_000), complete: '?0', headers: { 'Upload-Length': String(sound.length) } });
      assert.equal(answer.status, 201, answer.text());
      assert.equal(answer.headers['upload-complete'], '?0');
      assert.equal(answer.headers['upload-offset'], '5000');
      assert.equal(answer.headers['upload-length'], String(sound.length));
      assert.match(answer.headers['upload-limit'], /^max-size=[0-9]+, max-age=[0-9]+$/);
      assert.equal(answer.headers.location, answer.interims[0].headers.location);
      const upload = uploadAt(answer.headers.location);
      assert.equal(answer.headers['content-location'], `${server.url}/content/${upload.id}`);
      const content = await finish(server, upload, sound, 5_000);
      assert.equal(content.id, upload.id);
    });
  }

  test('a creation without content, and without a media type, asks for the address only', async () => {
    const upload = await begun(server, token, { headers: { 'Content-Type': null } });
    assert.equal(await offsetOf(server, upload), 0);
    await finish(server, upload, sound, 0);
  });

  test('a body of unknown length', async () => {
    const fields = { Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Transfer-Encoding': 'chunked', 'Upload-Complete': '?1', ...INTEROP };
    const wire = await server.wire();
    await wire.write(requestHead(server, 'POST', target(), fields));
    await wire.write(chunked(sound, { size: 3_000 }));
    assertCreated(server, await wire.finalAnswer(), sound);
    wire.destroy();
  });

  test('"the server MUST NOT omit 100 (Continue) because it has sent a 104"', async () => {
    const { wire, upload } = await announcedCreation(server, token, sound.length, { headers: { Expect: '100-continue' } });
    assert.equal((await wire.answer()).status, 100);
    await wire.write(sound);
    const content = assertCreated(server, await wire.finalAnswer(), sound);
    assert.equal(content.id, upload.id);
    wire.destroy();
  });

  test('what arrived before the connection was cut is kept, and the rest follows', async () => {
    const { wire, upload } = await announcedCreation(server, token, sound.length);
    await wire.write(sound.subarray(0, 7_777));
    wire.end();
    await wire.closed();
    const answer = await head(server, upload);
    assert.equal(answer.headers['upload-offset'], '7777');
    assert.equal(answer.headers['upload-complete'], '?0', 'what was interrupted is not complete');
    assert.equal(answer.headers['upload-length'], String(sound.length), 'Content-Length with ?1 is the length');
    wire.destroy();
    await finish(server, upload, sound, 7_777);
  });

  for (const complete of ['?1', '?0']) {
    test(`of an interrupted upload (${complete}) whose client was told nothing, nothing is kept`, async () => {
      const before = await rows();
      const wire = await server.wire();
      const fields = { Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Content-Length': sound.length, 'Upload-Complete': complete };
      await wire.write(requestHead(server, 'POST', target(), fields));
      await wire.write(sound.subarray(0, 5_000));
      wire.end();
      await wire.closed();
      wire.destroy();
      assert.equal(await rows(), before);
    });
  }

  test('so of a client of HTTP/1.0 that asked for 104', async () => {
    const { token: mine } = await newUser(server);
    const before = await rows();
    for (const how of ['end', 'reset']) {
      const wire = await server.wire();
      const fields = { Authorization: `Bearer ${mine}`, 'Content-Type': 'audio/wav', 'Content-Length': sound.length, 'Upload-Complete': '?1', ...INTEROP };
      await wire.write(requestHead(server, 'POST', target(), fields, '1.0'));
      await wire.write(sound.subarray(0, 5_000));
      await eventually(async () => (await rows()) > before, 'it does not begin');
      if (how === 'end') wire.end();
      else wire.destroy({ reset: true });
      await wire.closed();
      wire.destroy();
      await eventually(async () => (await rows()) === before, async () => `${how}: ${(await server.get('/uploads', { token: mine })).text()}`, 3_000);
      assert.deepEqual((await server.get('/uploads', { token: mine })).json(), []);
    }
  });

  for (const malformed of ['', '1', 'true', '?2', '"?1"', '?1, ?1']) {
    test(`an Upload-Complete of ${JSON.stringify(malformed)} counts as absent`, async () => {
      const answer = await create(server, token, { body: sound, complete: malformed, headers: { 'Upload-Draft-Interop-Version': null } });
      assertCreated(server, answer, sound);
    });
  }

  test('a form stays a form, whatever its client offers', async () => {
    const { body, type } = multipart([field('title', 'A form'), field('description', ''), field('content_type', 'audio'), file('file', 'a.wav', sound)]);
    const answer = await exchange(server, 'POST', '/content', { token, body, headers: { 'Content-Type': type, 'Upload-Complete': '?1', ...INTEROP } });
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.json().title, 'A form');
    assert.deepEqual(answer.interims, []);
  });

  test('two lengths that differ are refused before a byte is read', async () => {
    const before = await rows();
    const answer = await create(server, token, { body: sound, headers: { 'Upload-Length': String(sound.length + 1) } });
    assert.equal(assertRefused(answer, 400, 'upload_length_mismatch', '?0').type, INCONSISTENT_LENGTH);
    assert.deepEqual(answer.interims, []);
    assert.equal(await rows(), before);
  });

  for (const length of [100, 99_999]) {
    test(`a body of unknown length that is not ${length} bytes long is refused, resumably and at once alike`, async () => {
      const sent = sound.subarray(0, 3_000);
      const { token: mine } = await newUser(server);
      const before = await rows();
      const problems = [];
      for (const version of ['8', null]) {
        const wire = await server.wire();
        await wire.write(requestHead(server, 'POST', target(), {
          Authorization: `Bearer ${mine}`, 'Content-Type': 'audio/wav', 'Transfer-Encoding': 'chunked', 'Upload-Complete': '?1', 'Upload-Length': length,
          'Upload-Draft-Interop-Version': version,
        }));
        await wire.write(chunked(sent, { size: 1_000 }));
        const answer = await wire.finalAnswer();
        wire.destroy();
        assert.equal(answer.status, 400, answer.text());
        const { type, status, code } = answer.json();
        // By the code, one that can be resumed distinguishes more bytes than stated.
        assert.equal(code, version && length < sent.length ? 'upload_length_exceeded' : 'upload_length_mismatch');
        problems.push({ type, status, complete: answer.headers['upload-complete'] });
        // What was announced may go on; its client may give it up as well.
        for (const { id } of (await server.get('/uploads', { token: mine })).json()) {
          assert.equal(version, '8');
          assert.equal((await server.delete(`/uploads/${id}`, { token: mine })).status, 204);
        }
      }
      const problem = { type: INCONSISTENT_LENGTH, status: 400, complete: '?0' };
      assert.deepEqual(problems, [problem, problem]);
      assert.equal(await rows(), before);
      assert.deepEqual((await listAll(server)).filter(({ size }) => size === sent.length), []);
    });
  }

  for (const malformed of ['-1', '20000.0', '"20000"', 'many', '1000000000000000']) {
    test(`an Upload-Length of ${malformed} counts as absent`, async () => {
      assertCreated(server, await create(server, token, { body: sound, headers: { 'Upload-Length': malformed } }), sound);
    });
  }

  test('what is too large is refused with the limit, and its body is never asked for', async () => {
    for (const [length, fields] of [[LIMIT + 1, {}], [10, { 'Upload-Complete': '?0', 'Upload-Length': LIMIT + 1 }]]) {
      const wire = await server.wire();
      await wire.write(requestHead(server, 'POST', target(), {
        Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Content-Length': length, 'Upload-Complete': '?1', Expect: '100-continue', ...INTEROP, ...fields,
      }));
      const answer = await wire.answer();
      assertRefused(answer, 413, 'upload_too_large', '?0');
      assert.equal(answer.headers['upload-limit'], `max-size=${LIMIT}`);
      wire.destroy();
    }
  });

  test('what grows too large is refused while it arrives', async () => {
    const fields = { Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Transfer-Encoding': 'chunked', 'Upload-Complete': '?1', ...INTEROP };
    const wire = await server.wire();
    await wire.write(requestHead(server, 'POST', target(), fields));
    assert.equal((await wire.answer()).status, 104);
    await wire.writePolitely(chunked(wav(LIMIT + 1), { size: 100_000 }));
    const answer = await wire.finalAnswer();
    assertRefused(answer, 413, 'upload_too_large', '?0');
    wire.destroy();
  });

  describe('digests', () => {
    const wrong = digest(Buffer.from('another file'));

    for (const headers of [{}, { 'Upload-Draft-Interop-Version': null }]) {
      const how = headers['Upload-Draft-Interop-Version'] === null ? 'at once' : 'resumably';

      test(`the right ones pass (${how})`, async () => {
        const stated = { 'Repr-Digest': digest(sound), 'Content-Digest': digest(sound), ...headers };
        assertCreated(server, await create(server, token, { body: sound, headers: stated }), sound);
      });

      test(`another Repr-Digest refuses the file for good (${how})`, async () => {
        const before = await rows();
        const answer = await create(server, token, { body: sound, headers: { 'Repr-Digest': wrong, ...headers } });
        assertRefused(answer, 422, 'digest_mismatch', '?1');
        assert.equal(await rows(), before);
      });

      for (const ignored of ['sha-512=:AAAA:', 'sha-256=:AAAA:', 'sha-256', 'SHA-256=x', `${wrong},`]) {
        test(`a digest of ${ignored.slice(0, 20)} says nothing (${how})`, async () => {
          const stated = { 'Repr-Digest': ignored, 'Content-Digest': ignored, ...headers };
          assertCreated(server, await create(server, token, { body: sound, headers: stated }), sound);
        });
      }
    }

    test('of content with another Content-Digest nothing is kept, and it may be sent again', async () => {
      const answer = await create(server, token, { body: sound, headers: { 'Content-Digest': wrong } });
      assertRefused(answer, 460, 'upload_checksum_mismatch', '?0');
      const upload = uploadAt(answer.interims[0].headers.location);
      assert.equal(await offsetOf(server, upload), 0);
      await finish(server, upload, sound, 0, { headers: { 'Content-Digest': digest(sound) } });
    });

    test('a Repr-Digest of the creation is held against what came in parts', async () => {
      const upload = await begun(server, token, { body: sound.subarray(0, 100), headers: { 'Repr-Digest': digest(sound) } });
      await finish(server, upload, sound, 100);
      const other = await begun(server, token, { body: sound.subarray(0, 100), headers: { 'Repr-Digest': wrong } });
      assertRefused(await append(server, other, 100, sound.subarray(100), { complete: '?1' }), 422, 'digest_mismatch', '?1');
    });
  });

  describe('the content', () => {
    test('has the fields of the query and the name of Content-Disposition', async () => {
      const fields = { title: 'Übung €', description: 'Zwei\nZeilen', language: 'de', visibility: 'unlisted', duration: '7', thumbnail_url: 'https://example.com/a.png' };
      const headers = { 'Content-Disposition': "inline; filename=\"b.wav\"; filename*=UTF-8''%C3%9Cbung%20%E2%82%AC.wav" };
      const content = assertCreated(server, await create(server, token, { body: sound, fields, headers }), sound);
      for (const [name, value] of Object.entries(fields)) assert.equal(String(content[name]), value, name);
      const download = await server.get(`/content/${content.id}/stream?download=1`);
      assert.match(download.headers['content-disposition'], /filename\*=UTF-8''%C3%9Cbung%20%E2%82%AC\.wav/);
    });

    test('gets its kind from the query, or else from the media type', async () => {
      const clip = await media('silent.mp4');
      const video = await create(server, token, { body: clip.bytes, fields: { content_type: null }, headers: { 'Content-Type': 'video/mp4; codecs="avc1"' } });
      assert.equal(assertCreated(server, video, clip.bytes).content_type, 'video');
      const audio = await create(server, token, { body: sound, fields: { content_type: null } });
      assert.equal(assertCreated(server, audio, sound).content_type, 'audio');
      const stated = await create(server, token, { body: clip.bytes, fields: { content_type: 'video' } });
      assert.equal(assertCreated(server, stated, clip.bytes).content_type, 'video');
      assertInvalid(await create(server, token, { body: sound, fields: { content_type: null }, headers: { 'Content-Type': 'application/octet-stream' } }), ['#/content_type']);
    });

    test('is described by the same rules as in a form, before a byte is asked for', async () => {
      const fields = { title: '', description: null, content_type: 'film', duration: 'x', thumbnail_url: 'ftp://x/', language: '?', visibility: 'secret' };
      const answer = await create(server, token, { body: sound, fields, headers: { Expect: '100-continue' } });
      assertInvalid(answer, ['#/title', '#/content_type', '#/duration', '#/thumbnail_url', '#/language', '#/visibility']);
      assert.deepEqual(answer.interims, []);
    });

    test('is refused with Upload-Complete: ?1 when the file is no media, or of another kind', async () => {
      const text = await create(server, token, { body: Buffer.alloc(50_000, 'no media ') });
      assertRefused(text, 422, 'media_unrecognised', '?1');
      const kind = await create(server, token, { body: sound, fields: { content_type: 'video' } });
      assertRefused(kind, 422, 'media_kind_mismatch', '?1');
      const empty = await create(server, token, { body: Buffer.alloc(0) });
      assert.equal(empty.status, 422, empty.text());
      assert.equal(empty.headers['upload-complete'], '?1');
    });
  });

  describe('who', () => {
    test('must be signed in, as an editor', async () => {
      assertRefused(await create(server, undefined, { body: sound }), 401, 'not_authenticated');
      const viewer = await newUser(server);
      await sql(server.dataDir, `UPDATE users SET role = 'viewer' WHERE id = ${idLiteral(viewer.id)}`);
      assertRefused(await create(server, viewer.token, { body: sound }), 403, 'forbidden');
    });
  });

  describe('OPTIONS', () => {
    for (const path of ['/content', '/uploads', '/uploads/01890000-0000-7000-8000-000000000000']) {
      test(`on ${path} tell the limit`, async () => {
        const answer = await server.request('OPTIONS', path);
        assert.equal(answer.status, 204);
        assert.equal(answer.headers['upload-limit'], `max-size=${LIMIT}`);
      });
    }

    test('on an upload name the media types of PATCH (RFC 5789 section 3.1)', async () => {
      const answer = await server.request('OPTIONS', '/uploads/01890000-0000-7000-8000-000000000000');
      assert.match(answer.headers['accept-patch'], /application\/partial-upload/);
      for (const method of ['HEAD', 'PATCH', 'DELETE', 'GET']) assert.match(answer.headers.allow, new RegExp(`\\b${method}\\b`));
    });
  });
});
