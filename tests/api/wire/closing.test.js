// Every answer behind which the connection ends says so; behind every other one the next request is answered.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { eventually, sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';

const GET = 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n';
const chunk = (size) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;

describe('an early answer', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  const head = (target, ...lines) => `POST ${target} HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`;
  const CHUNKED = 'Transfer-Encoding: chunked';

  for (const target of ['/nothing', '/health', '/content', '/auth/token']) {
    for (const [what, bytes] of [
      ['a chunked body over 1 MiB', head(target, CHUNKED) + chunk(65536).repeat(40) + '0\r\n\r\n'],
      ['a chunked body without end', head(target, CHUNKED) + chunk(10)],
      ['a broken chunked body', `${head(target, CHUNKED)}zz\r\n`],
      ['a chunked body that breaks behind its first chunk', `${head(target, CHUNKED)}${chunk(10)}-1\r\n`],
      ['a length over 1 MiB', head(target, 'Content-Length: 3000000') + 'x'.repeat(3000000)],
      ['a body that waits to be asked for', head(target, 'Content-Length: 10', 'Expect: 100-continue')],
      ['a small chunked body', head(target, CHUNKED) + chunk(10) + '0\r\n\r\n'],
      ['a small body', head(target, 'Content-Length: 10') + 'x'.repeat(10)],
    ]) {
      test(`to ${target} with ${what} keeps its word`, async () => {
        const wire = await server.wire();
        await wire.writePolitely(Buffer.from(bytes, 'latin1'));
        const answer = await wire.finalAnswer();
        assert.ok(answer.status >= 400, `${answer.status}`);
        if (/\bclose\b/.test(answer.headers.connection ?? '')) {
          assert.ok(await wire.closed(), 'it said that the connection ends');
        } else {
          await wire.write(GET);
          assert.equal((await wire.finalAnswer()).status, 200, 'it did not say that the connection ends');
        }
        wire.destroy();
      });
    }

    test(`to ${target} with a small body keeps the connection`, async () => {
      for (const bytes of [head(target, CHUNKED) + chunk(10) + '0\r\n\r\n', head(target, 'Content-Length: 10') + 'x'.repeat(10)]) {
        const wire = await server.wire();
        await wire.write(bytes + GET);
        const answer = await wire.finalAnswer();
        assert.ok(answer.status >= 400);
        assert.equal(answer.headers.connection, undefined);
        assert.equal((await wire.finalAnswer()).status, 200);
        wire.destroy();
      }
    });
  }

  test('to a head that is refused says so', async () => {
    const answer = await server.raw('GET /health HTTP/1.1\r\n\r\n');
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.connection, 'close');
    assert.ok(answer.closed);
  });
});

describe('a body that comes too slowly', () => {
  let server;
  before(async () => (server = await startServer({ env: { HEADER_TIMEOUT: '1s' } })));
  after(() => server?.stop());

  test('as a head is answered by 408 and the end', async () => {
    const answer = await server.raw('GET /health HTTP/1.1\r\nHost: a\r\n', { closeWait: 6_000 });
    assert.equal(answer.status, 408);
    assert.equal(answer.headers.connection, 'close');
    assert.ok(answer.closed);
  });

  // A client that goes on writing would be reset by a server that closes at once, and could lose the answer.
  test('is read past for a while behind the 408, and no longer', async () => {
    const wire = await server.wire();
    await wire.write('GET /health HTTP/1.1\r\nHost: a\r\n');
    assert.equal((await wire.finalAnswer()).status, 408);
    assert.ok(await wire.closed());
    for (let i = 0; i < 5; ++i) {
      await wire.write(`X-Late: ${'x'.repeat(1000)}\r\n`);
      await sleep(30);
      assert.equal(wire.error, null, `the connection was reset at the ${i + 1}. late line`);
    }
    await eventually(async () => {
      await wire.write('X-Late: x\r\n');
      return wire.error !== null;
    }, 'the server reads for ever');
    wire.destroy();
  });
});
