// HTTP/1.1 as clients, browsers and proxies speak it: connections, methods, other origins, what every answer carries.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { newUser, upload } from '../../support/client.js';
import { wav } from '../../support/media.js';
import { sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';

const JSON_BODY = '{"email":"a@example.com","password":"x"}';

describe('connections', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());
  const health = (rest = '') => `GET /health HTTP/1.1\r\nHost: a\r\n${rest}\r\n`;

  test('requests sent at once are answered in their order', async () => {
    const wire = await server.wire();
    const paths = Array.from({ length: 50 }, (_, i) => (i % 3 === 0 ? '/health' : i % 3 === 1 ? `/nothing-${i}` : '/content'));
    await wire.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    for (const path of paths) {
      const answer = await wire.finalAnswer();
      assert.equal(answer.status, path.startsWith('/nothing') ? 404 : 200, path);
      if (path === '/health') assert.deepEqual(answer.json(), { status: 'healthy' });
    }
    wire.destroy();
  });

  test('slow work before quick work keeps the order', async () => {
    const wire = await server.wire();
    await wire.write(`POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${JSON_BODY.length}\r\n\r\n${JSON_BODY}${health()}`);
    assert.equal((await wire.finalAnswer()).status, 401);
    assert.equal((await wire.finalAnswer()).status, 200);
    wire.destroy();
  });

  test('one connection serves many requests', async () => {
    const wire = await server.wire();
    for (let i = 0; i < 200; ++i) {
      await wire.write(health());
      assert.equal((await wire.finalAnswer()).status, 200);
    }
    wire.destroy();
  });

  test('Connection: close is honoured', async () => {
    for (const value of ['close', 'Close', 'x, close']) {
      const answer = await server.raw(health(`Connection: ${value}\r\n`));
      assert.equal(answer.status, 200);
      assert.match(answer.headers.connection, /close/i);
      assert.ok(answer.closed);
    }
  });

  test('a client that has finished sending still gets its answer', async () => {
    const wire = await server.wire();
    await wire.write(health());
    wire.end();
    assert.equal((await wire.finalAnswer()).status, 200);
    assert.ok(await wire.closed());
    wire.destroy();
  });

  test('HTTP/1.0 closes unless it is asked not to', async () => {
    const plain = await server.raw('GET /health HTTP/1.0\r\n\r\n');
    assert.equal(plain.status, 200);
    assert.ok(plain.closed);
    assert.equal(plain.headers['transfer-encoding'], undefined);
    const wire = await server.wire();
    for (let i = 0; i < 3; ++i) {
      await wire.write('GET /health HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
      const answer = await wire.finalAnswer();
      assert.equal(answer.status, 200);
      assert.match(answer.headers.connection, /keep-alive/i);
    }
    wire.destroy();
  });

  test('HTTP/1.0 is never sent chunks', async () => {
    const answer = await server.raw('GET /docs HTTP/1.0\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['transfer-encoding'], undefined);
  });

  test('a target with scheme and host is understood', async () => {
    const answer = await server.raw('GET http://tv.example:8080/nothing?x=y HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n');
    assert.equal(answer.status, 404);
    // The target's host wins over the Host field (RFC 9112 section 3.2.2).
    assert.equal(answer.json().type, 'http://tv.example:8080/problems/not_found');
    assert.equal((await server.raw('GET HTTP://a/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).status, 200);
    assert.equal((await server.raw('GET http://a HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nConnection: close\r\n\r\n')).headers.location?.replace(/^http:\/\/a/, ''), '/docs');
  });

  test('a slow head is given up', async () => {
    const slow = await startServer({ env: { HEADER_TIMEOUT: '1s', IDLE_TIMEOUT: '2s' } });
    try {
      const trickling = await slow.wire();
      await trickling.write('GET /health HTTP/1.1\r\nHost: a\r\n');
      const started = Date.now();
      const drip = setInterval(() => trickling.write('X: y\r\n'), 200);
      assert.ok(await trickling.closed(6_000), 'one field line after the other keeps no connection');
      clearInterval(drip);
      assert.ok(Date.now() - started < 4_000);
      if (trickling.pending.length > 0) {
        const answer = await trickling.finalAnswer();
        assert.equal(answer.status, 408);
        assert.equal(answer.json().code, 'request_timeout');
      }
      trickling.destroy();

      const idle = await slow.wire();
      await idle.write(health());
      assert.equal((await idle.finalAnswer()).status, 200);
      assert.ok(await idle.quiet(1_200), 'it waits for the next request for a while');
      assert.ok(await idle.closed(4_000), 'and not for ever');
      idle.destroy();

      const silent = await slow.wire();
      assert.ok(await silent.closed(5_000), 'a client that never says anything is given up too');
      silent.destroy();
    } finally {
      await slow.stop();
    }
  });

  test('one that says nothing keeps nobody from being served', async () => {
    const silent = await Promise.all(Array.from({ length: 300 }, () => server.wire()));
    assert.equal((await server.get('/health')).status, 200);
    for (const wire of silent) wire.destroy({ reset: true });
    assert.equal((await server.get('/health')).status, 200);
  });

  test('a soft limit on descriptors is raised to the hard one', async () => {
    const limited = await startServer({ through: ['bash', '-c', 'ulimit -S -n 64; exec "$@"', '-'] });
    try {
      const wires = await Promise.all(Array.from({ length: 100 }, () => limited.wire()));
      for (const wire of wires) {
        await wire.write(health());
        assert.equal((await wire.finalAnswer()).status, 200);
      }
      for (const wire of wires) wire.destroy();
    } finally {
      await limited.stop();
    }
  });

  test('MAX_CONNECTIONS holds, and is not a trap', async () => {
    const small = await startServer({ env: { MAX_CONNECTIONS: 10 } });
    try {
      const wires = await Promise.all(Array.from({ length: 10 }, () => small.wire()));
      for (const wire of wires) {
        await wire.write(health());
        assert.equal((await wire.finalAnswer()).status, 200);
      }
      const extra = await small.wire();
      await extra.write(health());
      const served = (await extra.finalAnswer()).status;
      assert.ok(served === 503, `the eleventh was answered with ${served}`);
      extra.destroy();
      for (const wire of wires) wire.destroy();
      await sleep(300);
      assert.equal((await small.get('/health')).status, 200);
    } finally {
      await small.stop();
    }
  });
});

describe('methods', () => {
  let server, id, token;
  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
    ({ id } = await upload(server, token, wav()));
  });
  after(() => server?.stop());

  test('HEAD is GET without the bytes, everywhere', async () => {
    for (const path of ['/health', '/content', `/content/${id}`, `/content/${id}/stream`, '/openapi.json', '/docs', '/nothing']) {
      const headers = { 'Accept-Encoding': 'identity' };
      const full = await server.get(path, { headers });
      const head = await server.head(path, { headers });
      assert.equal(head.status, full.status, path);
      assert.equal(head.headers['content-type'], full.headers['content-type'], path);
      assert.equal(head.headers.etag, full.headers.etag, path);
      // A problem document's length varies with nothing but its instance, which has one length.
      assert.equal(head.headers['content-length'], full.headers['content-length'], path);
      assert.equal(head.body.length, 0);
    }
  });

  test('HEAD leaves the connection usable', async () => {
    const wire = await server.wire();
    await wire.write('HEAD /health HTTP/1.1\r\nHost: a\r\n\r\nHEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal((await wire.finalAnswer({ method: 'HEAD' })).status, 200);
    assert.equal((await wire.finalAnswer({ method: 'HEAD' })).status, 404);
    assert.deepEqual((await wire.finalAnswer()).json(), { status: 'healthy' });
    wire.destroy();
  });

  const methodsOf = (header) => header.split(',').map((name) => name.trim()).sort();
  for (const [path, allowed, refused] of [
    ['/health', ['GET', 'HEAD', 'OPTIONS'], ['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE']],
    ['/auth/register', ['OPTIONS', 'POST'], ['GET', 'HEAD', 'PUT', 'DELETE']],
    ['/content', ['GET', 'HEAD', 'OPTIONS', 'POST'], ['PUT', 'DELETE', 'PATCH']],
    ['/content/ID', ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'PUT'], ['POST', 'TRACE']],
    ['/content/ID/stream', ['GET', 'HEAD', 'OPTIONS'], ['POST', 'PUT', 'DELETE']],
  ]) {
    test(`${path} takes ${allowed}`, async () => {
      const address = path.replace('ID', id);
      for (const method of refused) {
        const answer = await server.request(method, address);
        assert.equal(answer.status, 405, method);
        assert.deepEqual(methodsOf(answer.headers.allow), allowed, method);
        if (method !== 'HEAD') assert.equal(answer.json().code, 'method_not_allowed');
      }
      const options = await server.request('OPTIONS', address);
      assert.equal(options.status, 204);
      assert.deepEqual(methodsOf(options.headers.allow), allowed);
    });
  }

  test('a method that nobody knows', async () => {
    for (const method of ['BREW', 'get', 'Get']) {
      const answer = await server.raw(`${method} /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      assert.ok([405, 501].includes(answer.status), `${method} -> ${answer.status}`);
    }
  });

  test('OPTIONS *', async () => {
    const answer = await server.raw('OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.ok([200, 204].includes(answer.status));
  });
});

describe('other origins', () => {
  let server, id;
  before(async () => {
    server = await startServer();
    const { token } = await newUser(server);
    ({ id } = await upload(server, token, wav()));
  });
  after(() => server?.stop());

  test('may ask beforehand', async () => {
    for (const [path, method] of [['/content', 'POST'], [`/content/${id}`, 'PUT'], [`/content/${id}`, 'DELETE'], ['/auth/token', 'POST'], [`/content/${id}/stream`, 'GET']]) {
      const headers = { Origin: 'https://app.example', 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'authorization,content-type,range' };
      const { status, headers: got } = await server.request('OPTIONS', path, { headers });
      assert.equal(status, 204);
      assert.equal(got['access-control-allow-origin'], '*');
      assert.equal(got['access-control-allow-credentials'], undefined);
      assert.ok(got['access-control-allow-methods'].split(/, */).includes(method));
      for (const name of ['authorization', 'content-type', 'range']) assert.match(got['access-control-allow-headers'].toLowerCase(), new RegExp(`\\b${name}\\b|^\\*$`));
      assert.ok(Number(got['access-control-max-age']) > 0);
    }
  });

  test('may read answers, errors too, and the header fields they need', async () => {
    const headers = { Origin: 'https://app.example' };
    for (const [path, options] of [['/content', {}], [`/content/${id}/stream`, { Range: 'bytes=0-1' }], ['/nothing', {}], ['/auth/me', {}]]) {
      const answer = await server.get(path, { headers: { ...headers, ...options } });
      assert.equal(answer.headers['access-control-allow-origin'], '*', path);
      const exposed = (answer.headers['access-control-expose-headers'] ?? '').toLowerCase();
      for (const name of ['link', 'location', 'content-range', 'etag', 'retry-after', 'x-request-id']) assert.match(exposed, new RegExp(`\\b${name}\\b|^\\*$`), `${path}: ${name}`);
    }
  });
});

describe('what every answer carries', () => {
  let server, token;
  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
    for (let i = 0; i < 4; ++i) await upload(server, token, wav(300, i), { description: 'the same words again and again '.repeat(30) });
  });
  after(() => server?.stop());

  test('an id of the request, the one in the problem and in the log', async () => {
    const answer = await server.get('/nothing');
    const id = answer.headers['x-request-id'];
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(answer.json().instance, `urn:uuid:${id}`);
    await server.logs(id);
    assert.notEqual((await server.get('/health')).headers['x-request-id'], id);
  });

  test('no id that the client made up into the log as its own', async () => {
    const answer = await server.get('/nothing', { headers: { 'X-Request-Id': 'forged-id' } });
    assert.match(answer.headers['x-request-id'], /^[0-9a-f-]{36}$/);
  });

  test('a date, and no word about the program', async () => {
    const { headers } = await server.get('/health');
    assert.ok(Math.abs(Date.parse(headers.date) - Date.now()) < 5_000, headers.date);
    assert.doesNotMatch(headers.server ?? '', /\d/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });

  test('JSON goes compressed to who takes it', async () => {
    const plain = await server.get('/content', { headers: { 'Accept-Encoding': 'identity' } });
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.match(plain.headers.vary, /accept-encoding/i);
    for (const accepted of ['gzip', 'br, gzip;q=0.5', 'GZIP', '*']) {
      const answer = await server.get('/content', { check: false, headers: { 'Accept-Encoding': accepted } });
      if (accepted === '*' && !answer.headers['content-encoding']) continue;
      assert.equal(answer.headers['content-encoding'], 'gzip', accepted);
      assert.deepEqual(JSON.parse(gunzipSync(answer.body)), plain.json());
      assert.ok(answer.body.length < plain.body.length / 2);
      assert.match(answer.headers.vary, /accept-encoding/i);
    }
    for (const refused of ['gzip;q=0', 'gzip;q=0.0', 'br', 'xgzip', 'identity, *;q=0', '']) {
      const answer = await server.get('/content', { headers: { 'Accept-Encoding': refused } });
      assert.equal(answer.headers['content-encoding'], undefined, refused);
    }
  });

  test('nothing under /auth is compressed, and media are not', async () => {
    const headers = { 'Accept-Encoding': 'gzip' };
    assert.equal((await server.get('/auth/me', { token, headers })).headers['content-encoding'], undefined);
    assert.equal((await server.get('/auth/me', { headers })).headers['content-encoding'], undefined);
    const [content] = (await server.get('/content')).json();
    const stream = await server.get(`/content/${content.id}/stream`, { headers });
    assert.equal(stream.headers['content-encoding'], undefined);
  });

  test('a line in the log, which a client cannot forge', async () => {
    await server.get('/nothing%0aforged-line%0d%0aforged-line', { headers: { 'User-Agent': 'x"} forged', Referer: 'forged' } });
    await server.get('/content?forged=%0aforged-line');
    await server.logs('"path":"-"');
    await server.logs('/content');
    assert.ok(!server.log.split('\n').some((line) => line.startsWith('forged-line')));
  });
});
