// What an upload may not exceed, and when that is said: at the head where it can be known there, and always so that the
// refusal arrives.

import assert from 'node:assert/strict';
import { afterEach, after, before, describe, test } from 'node:test';

import { listAll, newUser, upload, uploadParts } from '../../support/client.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { media, sha256, wav } from '../../support/media.js';
import { multipart } from '../../support/multipart.js';
import { eventually, sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';

const SOUND = wav(2000, 11);

/** The head of an upload request over a plain connection. */
const head = (token, type, ...lines) =>
  ['POST /content HTTP/1.1', 'Host: a', `Authorization: Bearer ${token}`, `Content-Type: ${type}`, ...lines, '', ''].join('\r\n');

describe('sizes', () => {
  let server, token;
  const limit = 100_000;
  before(async () => {
    server = await startServer({ env: { MAX_UPLOAD_SIZE: String(limit) } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());
  afterEach(() => assertNothingLeftBehind(server));

  const chunked = (token_, bytes) => {
    const { body, type } = multipart(uploadParts(bytes));
    return Buffer.concat([Buffer.from(`${head(token_, type, 'Transfer-Encoding: chunked', 'Connection: close')}${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
  };

  test('exactly the limit is taken', async () => {
    assert.equal((await upload(server, token, wav(limit, 1))).size, limit);
    assert.equal((await server.raw(chunked(token, wav(limit, 2)))).status, 201);
  });

  test('one byte more is not', async () => {
    for (const answer of [
      await server.post('/content', { token, multipart: uploadParts(wav(limit + 1, 3)) }),
      await server.raw(chunked(token, wav(limit + 1, 4))),
    ]) {
      assert.equal(answer.status, 413, answer.text());
      assert.equal(answer.json().code, 'upload_too_large');
    }
  });

  test('much more is refused at the head, before the bytes', async () => {
    const wire = await server.wire();
    await wire.write(head(token, 'multipart/form-data; boundary=x', 'Content-Length: 100000000000'));
    const answer = await wire.finalAnswer();
    assert.equal(answer.status, 413);
    assert.equal(answer.json().code, 'upload_too_large');
    assert.ok(await wire.closed());
    wire.destroy();
  });

  test('much more without a stated length is refused on the way, and the refusal arrives', async () => {
    const wire = await server.wire();
    const { type } = multipart([]);
    const start = multipart(uploadParts(wav(1000)), { close: false }).body;
    await wire.write(`${head(token, type, 'Transfer-Encoding: chunked')}${start.length.toString(16)}\r\n`);
    await wire.write(Buffer.concat([start.subarray(0, -2), Buffer.from('xx\r\n')]));
    await wire.writePolitely(Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`.repeat(300)));
    const answer = await wire.finalAnswer();
    assert.equal(answer.status, 413);
    wire.destroy();
  });
});

describe('Expect: 100-continue', () => {
  let server, token;
  before(async () => {
    server = await startServer({ env: { MAX_UPLOAD_SIZE: '1MiB' } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());
  afterEach(() => assertNothingLeftBehind(server));
  const { body, type } = multipart(uploadParts(SOUND));

  test('is answered before the body is sent', async () => {
    const wire = await server.wire();
    await wire.write(head(token, type, `Content-Length: ${body.length}`, 'Expect: 100-continue'));
    assert.equal((await wire.answer()).status, 100);
    await wire.write(body);
    assert.equal((await wire.finalAnswer()).status, 201);
    await wire.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal((await wire.answer()).status, 200);
    wire.destroy();
  });

  test('is not answered once the body has begun', async () => {
    const wire = await server.wire();
    await wire.write(Buffer.concat([Buffer.from(head(token, type, `Content-Length: ${body.length}`, 'Expect: 100-continue')), body]));
    assert.equal((await wire.finalAnswer()).status, 201);
    assert.equal(wire.pending.length, 0);
    wire.destroy();
  });

  for (const [what, lines, status, code] of [
    ['no token', () => head('', type, `Content-Length: ${body.length}`), 401, 'not_authenticated'],
    ['a wrong token', () => head('a.b.c', type, `Content-Length: ${body.length}`), 401, 'not_authenticated'],
    ['a type that is not taken', () => head(token, 'text/plain', `Content-Length: ${body.length}`), 415, 'unsupported_media_type'],
    ['a length over the limit', () => head(token, type, 'Content-Length: 1000000000'), 413, 'upload_too_large'],
    ['an address that is not there', () => head(token, type, `Content-Length: ${body.length}`).replace('/content', '/nothing'), 404, 'not_found'],
    ['a method that is not taken', () => head(token, type, `Content-Length: ${body.length}`).replace('POST /content', 'POST /health'), 405, 'method_not_allowed'],
  ]) {
    test(`${what} is refused before the body is asked for`, async () => {
      const wire = await server.wire();
      await wire.write(lines().replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'));
      const answer = await wire.answer();
      assert.equal(answer.status, status);
      assert.equal(answer.json().code, code);
      wire.destroy();
    });
  }

  test('any other expectation is refused', async () => {
    const wire = await server.wire();
    await wire.write(head(token, type, `Content-Length: ${body.length}`, 'Expect: a-miracle'));
    const answer = await wire.answer();
    assert.equal(answer.status, 417);
    assert.equal(answer.json().code, 'expectation_failed');
    wire.destroy();
  });
});

describe('refusals with a body under way', () => {
  let server, token;
  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  for (const [what, credentials, mediaType, status] of [
    ['no valid token', () => 'a.b.c', null, 401],
    ['a type that is not taken', () => token, 'text/plain', 415],
  ]) {
    test(`${what}: arrives at a client with 8 MiB to send that looks up in between`, async () => {
      const { body, type } = multipart(uploadParts(wav(8 * 1024 * 1024)));
      const wire = await server.wire();
      await wire.writePolitely(Buffer.concat([Buffer.from(head(credentials(), mediaType ?? type, `Content-Length: ${body.length}`)), body]));
      assert.equal((await wire.finalAnswer()).status, status);
      assert.ok(await wire.closed());
      wire.destroy();
    });

    test(`${what}: arrives at a client that sends all of 900 kB before it reads`, async () => {
      const { body, type } = multipart(uploadParts(wav(900_000)));
      const wire = await server.wire();
      wire.pause();
      await wire.write(Buffer.concat([Buffer.from(head(credentials(), mediaType ?? type, `Content-Length: ${body.length}`)), body]));
      await sleep(300);
      wire.resume();
      assert.equal((await wire.finalAnswer()).status, status);
      wire.destroy();
    });
  }

  test('leave nothing behind', () => assertNothingLeftBehind(server));
});

describe('what one user may', () => {
  test('MAX_UPLOADS_PER_USER holds while they are under way', async () => {
    const server = await startServer({ env: { MAX_UPLOADS_PER_USER: 2 } });
    try {
      const [me, other] = [await newUser(server), await newUser(server)];
      const { body, type } = multipart(uploadParts(SOUND));
      const begin = async () => {
        const wire = await server.wire();
        await wire.write(Buffer.concat([Buffer.from(head(me.token, type, `Content-Length: ${body.length}`)), body.subarray(0, -50)]));
        return wire;
      };
      const wires = [await begin(), await begin()];
      await sleep(300);
      const third = await server.post('/content', { token: me.token, multipart: uploadParts(SOUND) });
      assert.equal(third.status, 429);
      assert.equal(third.json().code, 'too_many_uploads');
      await upload(server, other.token, SOUND);
      await wires[0].write(body.subarray(-50));
      assert.equal((await wires[0].finalAnswer()).status, 201);
      wires[1].destroy({ reset: true });
      await eventually(async () => {
        const answers = await Promise.all([1, 2].map(() => server.post('/content', { token: me.token, multipart: uploadParts(SOUND) })));
        return answers.every(({ status }) => status === 201);
      }, 'a vanished upload still counts');
      wires[0].destroy();
      await assertNothingLeftBehind(server);
    } finally {
      await server.stop();
    }
  });

  test('USER_QUOTA holds, and what is deleted counts no more', async () => {
    const server = await startServer({ env: { USER_QUOTA: '100000' } });
    try {
      const { token } = await newUser(server);
      const first = await upload(server, token, wav(60_000, 1));
      const refused = await server.post('/content', { token, multipart: uploadParts(wav(60_000, 2)) });
      assert.equal(refused.status, 413);
      assert.equal(refused.json().code, 'quota_exceeded');
      const { token: others } = await newUser(server);
      await upload(server, others, wav(60_000, 3));
      assert.equal((await server.delete(`/content/${first.id}`, { token })).status, 200);
      await upload(server, token, wav(60_000, 4));
      // Several at once must not slip through together.
      const answers = await Promise.all(Array.from({ length: 5 }, (_, i) => server.post('/content', { token, multipart: uploadParts(wav(20_000, 10 + i)) })));
      const stored = (await listAll(server)).filter(({ sha256: digest }) => digest !== sha256(wav(60_000, 3)));
      assert.ok(stored.reduce((sum, { size }) => sum + size, 0) <= 100_000, answers.map(({ status }) => status).join());
      assert.ok(answers.some(({ status }) => status === 413));
      await assertNothingLeftBehind(server);
    } finally {
      await server.stop();
    }
  });

  test('DISK_RESERVE is kept free: 507 at the head', async () => {
    const server = await startServer({ env: { DISK_RESERVE: '1048576TiB' } });
    try {
      const { token } = await newUser(server);
      const wire = await server.wire();
      await wire.write(head(token, 'multipart/form-data; boundary=x', 'Content-Length: 100000', 'Expect: 100-continue'));
      const answer = await wire.answer();
      assert.equal(answer.status, 507);
      assert.equal(answer.json().code, 'insufficient_storage');
      wire.destroy();
      await assertNothingLeftBehind(server);
    } finally {
      await server.stop();
    }
  });
});

describe('authorisation', () => {
  test('is looked at once, at the head: a long upload outlives its token', async () => {
    // Tokens end after a minute at the least, so the clock is not waited for: a token 28 s past its end is within
    // the skew at the head and past it when the body ends.
    const { signToken, decodeToken } = await import('../../support/jwt.js');
    const secret = 's'.repeat(40);
    const server = await startServer({ env: { SECRET_KEY: secret } });
    try {
      const me = await newUser(server);
      const { header, claims } = decodeToken(me.token);
      const late = signToken(header, { ...claims, exp: Math.floor(Date.now() / 1000) - 27 }, secret);
      const { body, type } = multipart(uploadParts(SOUND));
      const wire = await server.wire();
      await wire.write(Buffer.concat([Buffer.from(head(late, type, `Content-Length: ${body.length}`)), body.subarray(0, 500)]));
      await eventually(async () => (await server.get('/auth/me', { token: late })).status === 401, 'the token never ended', 15_000);
      await wire.write(body.subarray(500));
      assert.equal((await wire.finalAnswer()).status, 201);
      wire.destroy();
    } finally {
      await server.stop();
    }
  });
});

describe('a real file', () => {
  test('sent at a slow but honest pace is taken', async () => {
    const [server, movie] = await Promise.all([startServer(), media('faststart.mp4')]);
    try {
      const { token } = await newUser(server);
      const { body, type } = multipart(uploadParts(movie.bytes, { content_type: 'video' }));
      const wire = await server.wire();
      await wire.write(head(token, type, `Content-Length: ${body.length}`));
      for (let at = 0; at < body.length; at += 4096) {
        await wire.write(body.subarray(at, at + 4096));
        await sleep(100);
      }
      assert.equal((await wire.finalAnswer()).status, 201);
      wire.destroy();
    } finally {
      await server.stop();
    }
  });
});
