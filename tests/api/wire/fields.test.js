// Every request field that the program reads, against its grammar: what is valid is understood however it is written,
// what is not is refused or ignored as its section of the RFC says. Host, lengths and codings stand in framing.test.js.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { newUser, upload } from '../../support/client.js';
import { wav } from '../../support/media.js';
import { multipart } from '../../support/multipart.js';
import { uploadParts } from '../../support/client.js';
import { startServer } from '../../support/server.js';

const SOUND = wav(2000);
const LOGIN = '{"email":"nobody@example.com","password":"x"}';
const JSON_TYPE = 'Content-Type: application/json';

describe('request fields', () => {
  let server, token, id, etag;
  before(async () => {
    server = await startServer({ env: { CORS_ORIGINS: 'https://app.example' } });
    ({ token } = await newUser(server));
    ({ id } = await upload(server, token, SOUND));
    ({ etag } = (await server.get(`/content/${id}/stream`)).headers);
  });
  after(() => server?.stop());

  const bytes = (text) => text.replaceAll('TOKEN', token).replaceAll('ETAG', etag).replaceAll('/ID', `/${id}`);
  const ask = (method, target, lines, body = '', { version = '1.1' } = {}) =>
    server.raw(bytes(`${method} ${target} HTTP/${version}\r\nHost: a\r\nConnection: close\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`) + body, { method });

  for (const [status, ...lines] of [
    [200, 'Authorization: Bearer TOKEN'],
    [200, 'Authorization: bearer TOKEN'],
    [200, 'AUTHORIZATION:BEARER TOKEN'],
    [200, 'Authorization: Bearer  TOKEN'],
    [200, 'Authorization: \t Bearer     TOKEN \t'],
    [401, 'Authorization: Bearer\tTOKEN'],
    [401, 'Authorization: BearerTOKEN'],
    [401, 'Authorization: Bearer'],
    [401, 'Authorization: Bearer  '],
    [401, 'Authorization:'],
    [401, 'Authorization: Basic TOKEN'],
    [401, 'Authorization: TOKEN'],
    [401, 'Authorization: Bearer TOKEN, Bearer TOKEN'],
    [401, 'Authorization: Bearer TOKEN TOKEN'],
    [401, 'Authorization: Bearer "TOKEN"'],
    [400, 'Authorization: Bearer TOKEN', 'Authorization: Bearer TOKEN'],
    [400, 'Authorization: Bearer TOKEN', 'authorization: Basic x'],
    [400, 'Authorization:', 'Authorization: Bearer TOKEN'],
  ]) {
    test(`${lines.join(' | ')} -> ${status}`, async () => assert.equal((await ask('GET', '/auth/me', lines)).status, status));
  }

  const length = `Content-Length: ${LOGIN.length}`;
  for (const [status, ...lines] of [
    [401, JSON_TYPE],
    [401, 'Content-Type: APPLICATION/JSON'],
    [401, 'Content-Type: application/json;charset=utf-8'],
    [401, 'Content-Type: application/json ; charset="UTF-8"; '],
    [415, 'Content-Type: application/json, application/json'],
    [415, 'Content-Type: application/jsonx'],
    [415, 'Content-Type: application'],
    [415, 'Content-Type: application / json'],
    [415, 'Content-Type: application/json; charset'],
    [415, 'Content-Type:'],
    [415],
    [400, JSON_TYPE, JSON_TYPE],
    [400, JSON_TYPE, 'content-type: text/plain'],
    [401, JSON_TYPE, 'Content-Encoding: identity'],
    [401, JSON_TYPE, 'Content-Encoding: Identity, ,identity'],
    [401, JSON_TYPE, 'Content-Encoding:'],
    [415, JSON_TYPE, 'Content-Encoding: gzip'],
    [415, JSON_TYPE, 'Content-Encoding: identity', 'Content-Encoding: x-gzip'],
    [415, JSON_TYPE, 'Content-Encoding: br'],
    [401, JSON_TYPE, 'Expect: 100-continue'],
    [401, JSON_TYPE, 'Expect: 100-CONTINUE, ,100-continue'],
    [401, JSON_TYPE, 'Expect: 100-continue', 'Expect: 100-continue'],
    [401, JSON_TYPE, 'Expect:'],
    [417, JSON_TYPE, 'Expect: 100-continue, tea'],
    [417, JSON_TYPE, 'Expect: 100-continue=1'],
  ]) {
    test(`a body with ${lines.join(' | ') || 'no Content-Type'} -> ${status}`, async () =>
      assert.equal((await ask('POST', '/auth/token', [...lines, length], LOGIN)).status, status));
  }

  for (const [status, size, ...lines] of [
    [200, SOUND.length],
    [206, 2, 'Range: bytes=0-1'],
    [206, 2, 'Range: BYTES=-2'],
    [206, 4, 'Range: bytes=,0-1 ,\t2-3'],
    [200, SOUND.length, 'Range: bytes= '],
    [200, SOUND.length, 'Range: bytes 0-1'],
    [200, SOUND.length, 'Range: bytes =0-1'],
    [200, SOUND.length, 'Range: items=0-1'],
    [200, SOUND.length, 'Range: bytes=2-1'],
    [200, SOUND.length, 'Range: bytes=0 -1'],
    [200, SOUND.length, 'Range: bytes=0-1', 'Range: bytes=2-3'],
    [200, SOUND.length, 'Range: bytes=0-1', 'range: bytes=0-1'],
    [200, SOUND.length, 'Range: bytes=999999-', 'Range: bytes=0-1'],
    [416, null, 'Range: bytes=999999-'],
    [206, 2, 'Range: bytes=0-1', 'If-Range: ETAG'],
    [200, SOUND.length, 'Range: bytes=0-1', 'If-Range: W/ETAG'],
    [200, SOUND.length, 'Range: bytes=0-1', 'If-Range: ETAG, ETAG'],
    [200, SOUND.length, 'Range: bytes=0-1', 'If-Range: ETAG', 'If-Range: ETAG'],
    [200, null, 'If-Match: ETAG'],
    [200, null, 'If-Match: *'],
    [200, null, 'If-Match: "x", ETAG'],
    [200, null, 'If-Match: "x"', 'If-Match: ETAG'],
    [200, null, 'If-Match: ETAG', 'If-Match: "x"'],
    [412, null, 'If-Match: "x"', 'If-Match: "y"'],
    [412, null, 'If-Match: *', 'If-Match: ETAG'],
    [412, null, 'If-Match: W/ETAG'],
    [412, null, 'If-Match: ETAG "x"'],
    [412, null, 'If-Match: x'],
    [304, null, 'If-None-Match: W/ETAG'],
    [304, null, 'If-None-Match: "x"', 'If-None-Match: ETAG'],
    [304, null, 'If-None-Match: *'],
    [200, null, 'If-None-Match: "x" , ,"y"'],
    [200, null, 'If-None-Match: ETAG "x"'],
    [304, null, 'If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT'],
    [304, null, 'If-Modified-Since: Friday, 31-Dec-60 23:59:59 GMT'],
    [304, null, 'If-Modified-Since: Fri Dec 31 23:59:59 2100'],
    [200, null, 'If-Modified-Since: 2100-12-31T23:59:59Z'],
    [200, null, 'If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT', 'If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT'],
    [412, null, 'If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT'],
    [200, null, 'If-Unmodified-Since: yesterday'],
    [200, null, 'If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT', 'If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT'],
  ]) {
    test(`a download with ${lines.join(' | ') || 'nothing'} -> ${status}`, async () => {
      const answer = await ask('GET', '/content/ID/stream', lines);
      assert.equal(answer.status, status);
      if (size !== null) assert.equal(answer.body.length, size);
    });
  }

  for (const [compressed, ...lines] of [
    [true, 'Accept-Encoding: gzip'],
    [true, 'Accept-Encoding: br', 'Accept-Encoding: gzip'],
    [true, 'Accept-Encoding: deflate;q=0.5, ,GZIP ; q=0.8'],
    [true, 'Accept-Encoding: *'],
    [false, 'Accept-Encoding: br'],
    [false, 'Accept-Encoding: gzip;q=0', 'Accept-Encoding: br'],
    [false, 'Accept-Encoding: gzip;q=0.5', 'Accept-Encoding: identity'],
    [false, 'Accept-Encoding: gzip;q=1.5'],
    [false, 'Accept-Encoding:'],
    [false],
  ]) {
    test(`${lines.join(' | ') || 'no Accept-Encoding'} -> ${compressed ? 'gzip' : 'identity'}`, async () =>
      assert.equal((await ask('GET', '/docs/assets/swagger-ui.css', lines)).headers['content-encoding'], compressed ? 'gzip' : undefined));
  }

  for (const [status, allowed, ...lines] of [
    [200, 'https://app.example', 'Origin: https://app.example'],
    [200, undefined, 'Origin: https://app.example, https://app.example'],
    [200, undefined, 'Origin: https://app.example.evil.example'],
    [200, undefined, 'Origin: null'],
    [200, undefined, 'Origin:'],
    [400, undefined, 'Origin: https://app.example', 'Origin: https://app.example'],
  ]) {
    test(`${lines.join(' | ')} -> ${allowed}`, async () => {
      const answer = await ask('GET', '/health', lines);
      assert.equal(answer.status, status);
      assert.equal(answer.headers['access-control-allow-origin'], allowed);
    });
  }

  test('Access-Control-Request-Method stands once', async () => {
    const line = 'Access-Control-Request-Method: POST';
    assert.match((await ask('OPTIONS', '/content', [line])).headers['access-control-allow-methods'], /POST/);
    assert.equal((await ask('OPTIONS', '/content', [line, line])).status, 400);
  });

  for (const [keeps, version, ...lines] of [
    [true, '1.1', 'Connection: keep-alive'],
    [true, '1.1', 'Connection: closed'],
    [false, '1.1', 'Connection: upgrade, ,CLOSE'],
    [false, '1.1', 'Connection: keep-alive', 'Connection: close'],
    [false, '1.0', 'Connection: x'],
    [true, '1.0', 'Connection: x', 'Connection: Keep-Alive'],
  ]) {
    test(`${lines.join(' | ')} in HTTP/${version} ${keeps ? 'keeps' : 'ends'} the connection`, async () => {
      const wire = await server.wire();
      await wire.write(`GET /health HTTP/${version}\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`);
      const answer = await wire.finalAnswer();
      assert.equal(/close/i.test(answer.headers.connection ?? ''), !keeps);
      if (keeps) {
        await wire.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
        assert.equal((await wire.finalAnswer()).status, 200);
      } else {
        assert.ok(await wire.closed());
      }
      wire.destroy();
    });
  }
});

describe('a body in a content coding', () => {
  let server, token;
  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  const bomb = () => gzipSync(Buffer.alloc(32 * 1024 * 1024));
  for (const [what, target, type, body] of [
    ['JSON', '/auth/token', 'application/json', () => gzipSync(LOGIN)],
    ['JSON that is only labelled so', '/auth/token', 'application/json', () => LOGIN],
    ['a bomb', '/auth/token', 'application/json', bomb],
    ['a bomb as a form', '/auth/token', 'application/x-www-form-urlencoded', bomb],
    ['an upload', '/content', null, () => multipart(uploadParts(SOUND)).body],
  ]) {
    test(`${what} is refused, and the refusal says what is taken`, async () => {
      const headers = { 'Content-Encoding': 'gzip', 'Content-Type': type ?? multipart(uploadParts(SOUND)).type };
      const answer = await server.post(target, { token, headers, body: body() });
      assert.equal(answer.status, 415, answer.text());
      assert.equal(answer.json().code, 'unsupported_content_coding');
      assert.equal(answer.headers['accept-encoding'], 'identity');
    });
  }

  test('a wrong media type is another matter', async () => {
    const answer = await server.post('/auth/token', { headers: { 'Content-Type': 'text/plain' }, body: 'x' });
    assert.equal(answer.json().code, 'unsupported_media_type');
    assert.equal(answer.headers['accept-encoding'], undefined);
  });

  test('where no body is taken the field says nothing', async () =>
    assert.equal((await server.get('/health', { headers: { 'Content-Encoding': 'gzip' } })).status, 200));
});
