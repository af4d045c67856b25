// Uploads from clients that are careless, broken or hostile. Whatever is refused is refused clearly, and after each
// part of this suite the data directory holds what the accepted contents account for and nothing else.

import assert from 'node:assert/strict';
import { afterEach, after, before, describe, test } from 'node:test';

import { listAll, newUser, upload, uploadParts } from '../../support/client.js';
import { assertNothingLeftBehind, filesUnder } from '../../support/leftovers.js';
import { sha256, wav, wavOf } from '../../support/media.js';
import { field, file, multipart } from '../../support/multipart.js';
import { sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';

const SOUND = wav(2000, 11);

/** The head of an upload request over a plain connection. */
const head = (token, type, ...lines) =>
  ['POST /content HTTP/1.1', 'Host: a', `Authorization: Bearer ${token}`, `Content-Type: ${type}`, ...lines, '', ''].join('\r\n');

const codes = (answer) => (answer.status >= 400 ? answer.json().code : `created, ${answer.status}`);

describe('forms', () => {
  let server, token;
  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
  });
  afterEach(() => assertNothingLeftBehind(server));
  after(() => server?.stop());

  /** Posts a message as it is; the answer is held against the document. */
  const post = ({ body, type }, headers = {}) => server.post('/content', { token, body, headers: { 'Content-Type': type, ...headers } });

  async function assertStored(answer, bytes = SOUND) {
    assert.equal(answer.status, 201, answer.text());
    const content = answer.json();
    assert.equal(content.size, bytes.length);
    assert.equal(content.sha256, sha256(bytes));
    assert.ok((await server.get(`/content/${content.id}/stream`)).body.equals(bytes));
  }

  describe('that are right', () => {
    const parts = uploadParts(SOUND);
    const [title, description, kind, sound] = parts;
    for (const [what, message] of [
      ['fields before the file', multipart(parts)],
      ['fields after the file', multipart([sound, title, description, kind])],
      ['fields on both sides', multipart([title, sound, description, kind])],
      ['a preamble and an epilogue', multipart(parts, { preamble: 'This is a message in several parts.\r\n', epilogue: '\r\nGoodbye.\r\n--x\r\n' })],
      ['no line end at the end', multipart(parts, { epilogue: '' })],
      ['a boundary of one character', multipart(parts, { boundary: 'b' })],
      ['a boundary of 70 characters', multipart(parts, { boundary: 'b'.repeat(70) })],
      ['a boundary like browsers make', multipart(parts, { boundary: '----WebKitFormBoundary7MA4YWxkTrZu0gW' })],
      ['a boundary of dashes', multipart(parts, { boundary: '--------' })],
      ['other fields of the parts', multipart(parts.map((part) => ({ ...part, headers: [['Content-Transfer-Encoding', 'binary'], ['X-Y', 'z']] })))],
      ['text parts that state their charset', multipart(parts.map((part) => (part.filename ? part : { ...part, type: 'text/plain; charset=utf-8' })))],
      ['an empty unknown file', multipart([...parts, file('extra', '', '')])],
      ['a file that claims to be something else', multipart([title, description, kind, file('file', 'x.exe', SOUND, 'application/x-msdownload')])],
      ['a file without type', multipart([title, description, kind, file('file', 'x.wav', SOUND, null)])],
      ['unquoted names', multipart([
        { disposition: 'form-data; name=title', value: 'T' }, { disposition: 'form-data;name=description', value: 'D' },
        { disposition: 'form-data; name=content_type', value: 'audio' }, { disposition: 'form-data; filename=a.wav; name=file', value: SOUND },
      ])],
      ['disposition in capitals', multipart([title, description, kind, { disposition: 'FORM-DATA; NAME="file"; FILENAME="a.wav"', value: SOUND }])],
      ['an extended file name', multipart([title, description, kind, { disposition: "form-data; name=\"file\"; filename=\"a.wav\"; filename*=UTF-8''%C3%BC.wav", value: SOUND }])],
    ]) {
      test(what, async () => assertStored(await post(message)));
    }

    test('a quoted boundary', async () => {
      const { body } = multipart(parts, { boundary: "gc0p4Jq0M:2Yt08j34'c0p=?/,()+_" });
      await assertStored(await post({ body, type: `multipart/form-data; boundary="gc0p4Jq0M:2Yt08j34'c0p=?/,()+_"` }));
    });

    test('parameters in any order and case', async () => {
      const { body } = multipart(parts, { boundary: 'MiXeD' });
      await assertStored(await post({ body, type: 'Multipart/Form-Data; charset=utf-8; BOUNDARY=MiXeD' }));
    });

    test('a file whose bytes look like boundaries', async () => {
      const boundary = 'xYzZY-0123456789';
      const tricky = ['--', boundary, `--${boundary}`, `\n--${boundary}\n`, `\r--${boundary}\r\n`, `\r\n--${boundary.slice(0, -1)}`, '\r\n--\r\n--', '\r\n\r\n', `\r\n-${boundary}`, '\r', '\r\n', '\r\n-'];
      const bytes = wavOf(Buffer.from(tricky.join('~').repeat(40)));
      const message = multipart(uploadParts(bytes), { boundary });
      await assertStored(await post(message), bytes);
      // In pieces of every length up to that of a boundary, so that it is cut at every place.
      for (let size = 1; size <= boundary.length + 6; size += 3) {
        const wire = await server.wire();
        await wire.write(head(token, message.type, `Content-Length: ${message.body.length}`, 'Connection: close'));
        for (let at = 0; at < message.body.length; at += 97 * size) await wire.write(message.body.subarray(at, at + 97 * size));
        await assertStored(await wire.finalAnswer(), bytes);
        wire.destroy();
      }
    });

    test('an empty line before the first boundary', async () => assertStored(await post(multipart(parts, { preamble: '\r\n' }))));

    test('in chunks of odd sizes', async () => {
      const { body, type } = multipart(parts);
      const chunks = [];
      for (let at = 0, size = 1; at < body.length; at += size, size = (size * 7) % 263) {
        const chunk = body.subarray(at, at + size);
        chunks.push(Buffer.from(`${chunk.length.toString(16)};n="${at}"\r\n`), chunk, Buffer.from('\r\n'));
      }
      const answer = await server.raw(Buffer.concat([Buffer.from(head(token, type, 'Transfer-Encoding: chunked', 'Connection: close')), ...chunks, Buffer.from('0\r\nX: y\r\n\r\n')]));
      await assertStored(answer);
    });

    test('byte by byte', async () => {
      const { body, type } = multipart(uploadParts(wav(300, 5)));
      const wire = await server.wire();
      await wire.write(head(token, type, `Content-Length: ${body.length}`, 'Connection: close'));
      for (const byte of body) await wire.write(Buffer.from([byte]));
      await assertStored(await wire.finalAnswer(), wav(300, 5));
      wire.destroy();
    });

    test('many at once', async () => {
      const sounds = Array.from({ length: 8 }, (_, i) => wav(50_000 + i, 100 + i));
      const contents = await Promise.all(sounds.map((bytes) => upload(server, token, bytes)));
      for (const [i, content] of contents.entries()) assert.equal(content.sha256, sha256(sounds[i]));
    });
  });

  describe('that are wrong', () => {
    const parts = uploadParts(SOUND);
    const [title, description, kind, sound] = parts;
    const good = multipart(parts);
    const MALFORMED = ['malformed_multipart'];
    const INVALID = ['malformed_multipart', 'validation_failed'];

    for (const [what, message, allowed] of [
      ['no boundary', { ...good, type: 'multipart/form-data' }, [...MALFORMED, 'unsupported_media_type']],
      ['an empty boundary', { ...good, type: 'multipart/form-data; boundary=' }, [...MALFORMED, 'unsupported_media_type']],
      ['an empty quoted boundary', { ...good, type: 'multipart/form-data; boundary=""' }, [...MALFORMED, 'unsupported_media_type']],
      ['a boundary without end quote', { ...good, type: 'multipart/form-data; boundary="xYzZY' }, [...MALFORMED, 'unsupported_media_type']],
      ['a boundary of 71 characters', multipart(parts, { boundary: 'b'.repeat(71) }), [...MALFORMED, 'unsupported_media_type']],
      ['a boundary of 5000 characters', multipart(parts, { boundary: 'b'.repeat(5000) }), [...MALFORMED, 'unsupported_media_type']],
      ['another boundary', { ...good, type: 'multipart/form-data; boundary=other' }, MALFORMED],
      ['two boundaries', { ...good, type: 'multipart/form-data; boundary=other; boundary=xYzZY-0123456789' }, [...MALFORMED, 'unsupported_media_type']],
      ['multipart/mixed', { ...good, type: good.type.replace('form-data', 'mixed') }, ['unsupported_media_type']],
      ['no body at all', { ...good, body: '' }, MALFORMED],
      ['nothing but the closing boundary', { ...good, body: '--xYzZY-0123456789--\r\n' }, INVALID],
      ['nothing but a preamble', { ...good, body: 'x'.repeat(1_000_000) }, MALFORMED],
      ['nothing but dashes', { ...good, body: '-'.repeat(1_000_000) }, MALFORMED],
      ['nothing but line ends', { ...good, body: '\r\n'.repeat(500_000) }, MALFORMED],
      ['no closing boundary', multipart(parts, { close: false }), MALFORMED],
      ['a closing boundary with one dash', multipart(parts, { close: false, epilogue: '' }), MALFORMED],
      ['a part without head', multipart([...parts.slice(0, 3), Buffer.from('no head')]), MALFORMED],
      ['a part with an empty head', multipart([Buffer.from('\r\nvalue'), ...parts]), MALFORMED],
      ['a part without disposition', multipart([{ disposition: null, value: 'x', type: 'text/plain' }, ...parts]), MALFORMED],
      ['a part without name', multipart([{ disposition: 'form-data', value: 'x' }, ...parts]), MALFORMED],
      ['a part with another disposition', multipart([{ disposition: 'attachment; name="title"', value: 'x' }, ...parts]), INVALID],
      ['two dispositions', multipart([{ ...title, headers: [['Content-Disposition', 'form-data; name="x"']] }, ...parts.slice(1)]), INVALID],
      ['two names', multipart([{ disposition: 'form-data; name="title"; name="x"', value: 'x' }, ...parts.slice(1)]), INVALID],
      ['a name without end quote', multipart([{ disposition: 'form-data; name="title', value: 'x' }, ...parts]), INVALID],
      ['a name with a raw line end', multipart([{ disposition: 'form-data; name="ti\r\ntle"', value: 'x' }, ...parts]), INVALID],
      ['NUL in a part head', multipart([{ disposition: 'form-data; name="ti\0tle"', value: 'x' }, ...parts]), INVALID],
      ['a folded part head', multipart([{ disposition: 'form-data;\r\n name="title"', value: 'x' }, ...parts.slice(1)]), [...INVALID, 'created, 201']],
      ['a part head of a megabyte', multipart([{ ...title, headers: [['X', 'y'.repeat(1_000_000)]] }, ...parts.slice(1)]), [...MALFORMED, 'body_too_large']],
      ['a part with 10 000 fields', multipart([{ ...title, headers: Array(10_000).fill(['X', 'y']) }, ...parts.slice(1)]), [...MALFORMED, 'body_too_large']],
      ['10 000 parts', multipart([...Array.from({ length: 10_000 }, (_, i) => field(`f${i}`, 'x')), ...parts]), [...MALFORMED, 'body_too_large']],
      ['a title of a megabyte', multipart(uploadParts(SOUND, { title: 'x'.repeat(1_000_000) })), [...INVALID, 'body_too_large']],
      ['an unknown field of ten megabytes', multipart([field('x', 'x'.repeat(10_000_000)), ...parts]), [...MALFORMED, 'body_too_large']],
      ['a field of ten megabytes after the file', multipart([...parts, field('x', 'x'.repeat(10_000_000))]), [...MALFORMED, 'body_too_large']],
      ['two titles', multipart([title, ...parts]), INVALID],
      ['two titles, one after the file', multipart([...parts, title]), INVALID],
      ['two files', multipart([...parts, sound]), INVALID],
      ['two files, one after the other', multipart([sound, sound, title, description, kind]), INVALID],
      ['an empty file', multipart([title, description, kind, file('file', 'a.wav', '')]), ['validation_failed', 'media_unrecognised']],
      ['a file that no one chose', multipart([title, description, kind, file('file', '', '')]), ['validation_failed', 'media_unrecognised']],
      ['text where the file should be', multipart([title, description, kind, field('file', 'just text')]), ['validation_failed', 'media_unrecognised']],
      ['a nested message', multipart([title, description, kind, { name: 'file', type: 'multipart/mixed; boundary=inner', value: '--inner\r\nContent-Disposition: file; filename="a.wav"\r\n\r\nx\r\n--inner--' }]), [...INVALID, 'media_unrecognised']],
      ['base64 that says so', multipart([title, description, kind, { ...sound, value: SOUND.toString('base64'), headers: [['Content-Transfer-Encoding', 'base64']] }]), [...INVALID, 'media_unrecognised']],
    ]) {
      test(what, async () => {
        const answer = await post(message);
        assert.ok(allowed.includes(codes(answer)), `${answer.status} ${answer.text().slice(0, 300)}`);
      });
    }
  });

  describe('that are cut off', () => {
    const message = multipart(uploadParts(wav(400, 3)));
    const { body, type } = message;
    // Every byte of what is structure, and some in the middle of the file.
    const fileStart = body.indexOf('RIFF');
    const places = [];
    for (let at = 0; at < body.length; at += at < fileStart ? 5 : at > body.length - 40 ? 1 : 61) places.push(at);
    const end = body.lastIndexOf('--xYzZY-0123456789--') + '--xYzZY-0123456789--'.length;

    test('by a length that ends early: 400 at every place', async () => {
      for (const at of places.filter((place) => place < end)) {
        const answer = await post({ body: body.subarray(0, at), type });
        assert.equal(answer.status, 400, `cut at ${at}: ${answer.text()}`);
        assert.equal(answer.json().code, 'malformed_multipart', `cut at ${at}`);
      }
    });

    test('by a client that says it has finished', async () => {
      for (const at of places.filter((_, i) => i % 4 === 0)) {
        const wire = await server.wire();
        await wire.write(Buffer.concat([Buffer.from(head(token, type, `Content-Length: ${body.length}`)), body.subarray(0, at)]));
        wire.end();
        const answer = await wire.finalAnswer().catch(() => null);
        if (answer) assert.equal(answer.status, 400, `cut at ${at}`);
        assert.ok(await wire.closed());
        wire.destroy();
      }
    });

    test('by a client that vanishes', async () => {
      const before = (await listAll(server)).length;
      for (const [i, at] of places.entries()) {
        const wire = await server.wire();
        await wire.write(Buffer.concat([Buffer.from(head(token, type, `Content-Length: ${body.length}`)), body.subarray(0, at)]));
        wire.destroy({ reset: i % 2 === 0 });
      }
      await sleep(200);
      assert.equal((await listAll(server)).length, before);
    });

    test('by a client that vanishes in the middle of chunks', async () => {
      for (const at of places.filter((_, i) => i % 3 === 0)) {
        const wire = await server.wire();
        const chunk = `${body.length.toString(16)}\r\n`;
        await wire.write(Buffer.concat([Buffer.from(head(token, type, 'Transfer-Encoding: chunked') + chunk), body.subarray(0, at)]));
        wire.destroy({ reset: true });
      }
    });

    test('by a last chunk that never comes', async () => {
      const wire = await server.wire();
      await wire.write(Buffer.concat([Buffer.from(`${head(token, type, 'Transfer-Encoding: chunked')}${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]));
      wire.end();
      const answer = await wire.finalAnswer().catch(() => null);
      // All that matters had come, so this may also be taken; but then it must be there.
      if (answer?.status === 201) await assertStored(answer, wav(400, 3));
      else if (answer) assert.equal(answer.status, 400);
      wire.destroy();
    });
  });

  describe('with file names', () => {
    for (const name of [
      '../../../../etc/cron.d/x', '/etc/passwd', '..\\..\\boot.ini', 'C:\\x.wav', '.', '..', '', ' ', 'a\0b.wav', 'a\r\nX-Header: y\r\n\r\nbody', 'a%00b.wav',
      '%2e%2e%2fx.wav', '$(touch x).wav', '`touch x`.wav', '; touch x;.wav', '| touch x', '-i.wav', '-f lavfi', 'x'.repeat(10_000), '\u202egnp.wav', '\ufeff.wav',
      'con', 'NUL.wav', '~/x.wav', 'file:///etc/passwd', 'http://127.0.0.1:1/x.wav', 'concat:/etc/passwd|x', '*?[a].wav', '"', "'", '<script>alert(1)</script>.wav', Buffer.from([0xff, 0xfe]).toString('latin1'),
    ]) {
      test(JSON.stringify(name).slice(0, 40), async () => {
        const answer = await server.post('/content', { token, multipart: uploadParts(SOUND, { filename: name }) });
        if (answer.status !== 201) assert.ok(['malformed_multipart', 'validation_failed'].includes(codes(answer)), answer.text());
        for (const { path } of await filesUnder(server.dataDir)) {
          assert.match(path, /^[\w./-]+$/);
          if (path.includes('/')) assert.match(path, /^(objects\/objects|tmp)\/[0-9a-f-]{36}(\.\w+)?$/);
        }
        if (answer.status === 201) assert.equal((await server.get(`/content/${answer.json().id}/stream?download=1`)).status, 200);
      });
    }

    test('with raw NUL and line ends in the quotes', async () => {
      for (const raw of ['a\0b.wav', 'a\r\nb.wav', 'a\nb.wav', 'a\rb.wav']) {
        const disposition = `form-data; name="file"; filename="${raw}"`;
        const answer = await post(multipart([...uploadParts(SOUND).slice(0, 3), { disposition, value: SOUND }]));
        assert.ok([400, 422].includes(answer.status), `${JSON.stringify(raw)}: ${answer.status}`);
      }
    });
  });
});
