// Where a request ends: whatever two programs on the way might read differently is refused and the connection closed
// behind the answer (RFC 9112 section 11.2).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startServer } from '../../support/server.js';

const JSON_BODY = '{"email":"a@example.com","password":"x"}';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

describe('framing', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  const post = (...lines) => `POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${lines.join('\r\n')}\r\n\r\n`;
  const get = (...lines) => ['GET /health HTTP/1.1', ...lines, '', ''].join('\r\n');

  for (const [what, bytes, ...statuses] of [
    // Lengths
    ['both lengths', `${post('Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${SMUGGLED}`, 400],
    ['both lengths, the other way round', `${post('Transfer-Encoding: chunked', 'Content-Length: 4')}0\r\n\r\n${SMUGGLED}`, 400],
    ['two lengths that differ', `${post('Content-Length: 40', 'Content-Length: 4')}${JSON_BODY}`, 400],
    ['two lengths that agree', `${post('Content-Length: 40', 'Content-Length: 40')}${JSON_BODY}`, 400],
    ['a list of lengths', `${post('Content-Length: 40, 40')}${JSON_BODY}`, 400],
    ['a signed length', `${post('Content-Length: +40')}${JSON_BODY}`, 400],
    ['a negative length', `${post('Content-Length: -1')}${JSON_BODY}`, 400],
    ['a hexadecimal length', `${post('Content-Length: 0x28')}${JSON_BODY}`, 400],
    ['a broken length', `${post('Content-Length: 40.0')}${JSON_BODY}`, 400],
    ['an empty length', `${post('Content-Length:')}${JSON_BODY}`, 400],
    ['a length in words', `${post('Content-Length: forty')}${JSON_BODY}`, 400],
    ['a length of two words', `${post('Content-Length: 4 0')}${JSON_BODY}`, 400],
    ['a length past 64 bits', `${post('Content-Length: 18446744073709551656')}${JSON_BODY}`, 400, 413],
    ['a length past 63 bits', `${post('Content-Length: 9223372036854775848')}${JSON_BODY}`, 400, 413],
    ['a quoted length', `${post('Content-Length: "40"')}${JSON_BODY}`, 400],
    // Transfer codings
    ['an unknown coding', `${post('Transfer-Encoding: gzip')}0\r\n\r\n`, 400, 501],
    ['chunked that is not the last', `${post('Transfer-Encoding: chunked, gzip')}0\r\n\r\n`, 400, 501],
    ['gzip and chunked', `${post('Transfer-Encoding: gzip, chunked')}0\r\n\r\n`, 400, 501],
    ['chunked twice', `${post('Transfer-Encoding: chunked, chunked')}0\r\n\r\n`, 400, 501],
    ['chunked in two fields', `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 400, 501],
    ['chunked in two fields, one another', `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}0\r\n\r\n`, 400, 501],
    ['a coding of nothing', `${post('Transfer-Encoding:')}0\r\n\r\n`, 400, 501],
    ['identity', `${post('Transfer-Encoding: identity', 'Content-Length: 40')}${JSON_BODY}`, 400, 501],
    ['xchunked', `${post('Transfer-Encoding: xchunked')}0\r\n\r\n`, 400, 501],
    ['chunked with a parameter', `${post('Transfer-Encoding: chunked;x=y')}0\r\n\r\n`, 400, 501],
    ['chunked with a vertical tab', `${post('Transfer-Encoding: \x0bchunked')}0\r\n\r\n`, 400, 501],
    ['quoted chunked', `${post('Transfer-Encoding: "chunked"')}0\r\n\r\n`, 400, 501],
    ['chunked in HTTP/1.0', `${post('Transfer-Encoding: chunked').replace('1.1', '1.0')}0\r\n\r\n`, 400, 501],
    // Chunks
    ...[
      ['a chunk size in decimal words', 'ten\r\n'], ['a signed chunk size', '+4\r\nabcd\r\n0\r\n\r\n'], ['a negative chunk size', '-4\r\nabcd\r\n'],
      ['a chunk size with 0x', '0x4\r\nabcd\r\n0\r\n\r\n'], ['an empty chunk size', '\r\nabcd\r\n0\r\n\r\n'], ['a chunk size of spaces', '   \r\nabcd\r\n'],
      ['a space before a chunk size', ' 4\r\nabcd\r\n0\r\n\r\n'], ['a chunk size past 64 bits', '10000000000000004\r\nabcd\r\n0\r\n\r\n'],
      ['a chunk size of many zeros and more', `${'0'.repeat(300)}4\r\nabcd\r\n`], ['a chunk longer than its size', '4\r\nabcde\r\n0\r\n\r\n'],
      ['a chunk shorter than its size', '4\r\nabc\r\n0\r\n\r\n'], ['a chunk size that ends with LF only', '4\nabcd\r\n0\r\n\r\n'], ['a chunk that ends with LF only', '4\r\nabcd\n0\r\n\r\n'],
      ['a chunk size with a bare CR', '4\rabcd\r\n0\r\n\r\n'], ['an endless chunk extension', `4;${'x'.repeat(100_000)}`], ['an endless trailer', `0\r\n${'X: y\r\n'.repeat(50_000)}`],
      ['a chunk extension with NUL', '4;a=\0\r\nabcd\r\n0\r\n\r\n'],
    ].map(([what, chunks]) => [what, post('Transfer-Encoding: chunked') + chunks, 400, 413, 431]),
    // Field lines
    ['a folded field', get('Host: a', 'X: b', ' c'), 400],
    ['a field folded by a tab', get('Host: a', 'X: b', '\tc'), 400],
    ['a space before the first field', get(' Host: a'), 400],
    ['a space before the colon', get('Host : a'), 400],
    ['a tab before the colon', get('Host: a', 'X\t: b'), 400],
    ['a space before the colon of a length', `${post('Content-Length : 40')}${JSON_BODY}`, 400],
    ['a field without colon', get('Host: a', 'nonsense'), 400],
    ['a field without name', get('Host: a', ': nonsense'), 400],
    ['NUL in a value', get('Host: a', 'X: a\0b'), 400],
    ['NUL in a name', get('Host: a', 'X\0: b'), 400],
    ['CR in a value', get('Host: a', 'X: a\rb'), 400],
    ['an escape in a value', get('Host: a', 'X: a\x1bb'), 400],
    ['8-bit in a name', get('Host: a', 'X\xe4: b'), 400],
    ['brackets in a name', get('Host: a', 'X(y): b'), 400],
    ['lines that end with LF only', 'GET /health HTTP/1.1\nHost: a\n\n', 400],
    ['one line that ends with LF only', 'GET /health HTTP/1.1\r\nHost: a\nX: y\r\n\r\n', 400],
    // Host
    ['no Host', get('X: y'), 400],
    ['two Hosts', get('Host: a', 'Host: b'), 400],
    ['two Hosts that agree', get('Host: a', 'Host: a'), 400],
    ['an empty Host', get('Host:'), 400],
    ['a Host with a path', get('Host: a/b'), 400],
    ['a Host with credentials', get('Host: a@b'), 400],
    ['a Host with a space', get('Host: a b'), 400],
    ['a Host with markup', get('Host: <b>'), 400],
    ['a Host with a port out of range', get('Host: a:99999'), 400],
    ['a Host that is a list', get('Host: a, b'), 400],
    // Request lines
    ['no version', 'GET /health\r\n\r\n', 400, 505],
    ['HTTP/0.9', 'GET /health HTTP/0.9\r\nHost: a\r\n\r\n', 400, 505],
    ['HTTP/2.0', 'GET /health HTTP/2.0\r\nHost: a\r\n\r\n', 400, 505],
    ['HTTP/1.2', 'GET /health HTTP/1.2\r\nHost: a\r\n\r\n', 200, 400, 505],
    ['HTTP/1.10', 'GET /health HTTP/1.10\r\nHost: a\r\n\r\n', 400, 505],
    ['http/1.1', 'GET /health http/1.1\r\nHost: a\r\n\r\n', 400, 505],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 505],
    ['two spaces', 'GET  /health HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a tab for a space', 'GET\t/health HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a space in the target', 'GET /he alth HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a space at the end', 'GET /health HTTP/1.1 \r\nHost: a\r\n\r\n', 400, 505],
    ['a space at the start', ' GET /health HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['no target', 'GET HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['no method', '/health HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a method with brackets', 'G(T /health HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['NUL in the target', 'GET /health\0 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['8-bit in the target', 'GET /h\xe4lth HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a fragment in the target', 'GET /health#x HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a target without slash', 'GET health HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['* for GET', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a target of another scheme', 'GET ftp://a/health HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 400, 405, 501],
    ['a TLS greeting', Buffer.from('16030100c8010000c40303', 'hex').toString('latin1') + 'x'.repeat(200), 400],
    ['bytes of no meaning', `${'\x01\x02\x03'.repeat(50)}\r\n\r\n`, 400],
    ['nothing but line ends', '\r\n'.repeat(20_000), 400, 414, 431],
  ]) {
    test(`${what} is refused`, async () => {
      const answer = await server.raw(bytes);
      assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.text()}`);
      if (answer.status === 200) return;
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      const problem = answer.json();
      assert.equal(problem.status, answer.status);
      assert.match(problem.type, /^https?:\/\/[^/]+\/problems\/[a-z_]+$|^\/problems\/[a-z_]+$/);
      assert.match(answer.headers.connection ?? '', /close/i);
      assert.ok(answer.closed, 'the connection is closed behind it');
    });
  }

  test('nothing hidden behind a refused request is answered', async () => {
    for (const bytes of [
      `${post('Content-Length: 0', 'Transfer-Encoding: chunked')}0\r\n\r\n${SMUGGLED}`,
      `${post('Content-Length: 1', 'Content-Length: 0')}${SMUGGLED}`,
      `${get('Host: a', 'X : y')}${SMUGGLED}`,
    ]) {
      const wire = await server.wire();
      await wire.write(bytes);
      assert.equal((await wire.finalAnswer()).status, 400);
      assert.ok(await wire.closed());
      assert.equal(wire.pending.length, 0, wire.pending.toString('latin1'));
      wire.destroy();
    }
    assert.ok(!server.log.includes('/smuggled'));
  });

  test('the same bytes in pieces of one are answered alike', async () => {
    for (const [bytes, status] of [[get('Host: a'), 200], [get('Host: a', 'X : y'), 400], [`${post('Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n\r\n`, 422]]) {
      const wire = await server.wire();
      for (const byte of bytes) await wire.write(byte);
      assert.equal((await wire.finalAnswer()).status, status);
      wire.destroy();
    }
  });

  test('a chunked body with extensions and trailers is read', async () => {
    const chunks = [...JSON_BODY].map((byte) => `1;x="y;z"\r\n${byte}\r\n`).join('');
    const answer = await server.raw(`${post('Transfer-Encoding: chunked', 'Connection: close')}${chunks}000;last\r\nX-Checksum: 1\r\nAuthorization: no\r\n\r\n`);
    assert.equal(answer.status, 401);
    assert.equal(answer.json().code, 'credentials_invalid');
  });

  test('a body where none is wanted is passed over', async () => {
    const wire = await server.wire();
    await wire.write(`GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${get('Host: a')}`);
    assert.equal((await wire.finalAnswer()).status, 200);
    assert.equal((await wire.finalAnswer()).status, 200);
    await wire.write(`GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${get('Host: a')}`);
    assert.equal((await wire.finalAnswer()).status, 200);
    assert.equal((await wire.finalAnswer()).status, 200);
    wire.destroy();
  });

  test('an empty line or two before a request are passed over', async () => {
    assert.equal((await server.raw(`\r\n${get('Host: a', 'Connection: close')}`)).status, 200);
  });
});

describe('limits', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  for (const [what, bytes, ...statuses] of [
    ['a target of 100 000 bytes', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ['a query of 100 000 bytes', `GET /content?a=${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ['a request line without end', 'GET /'.padEnd(1_000_000, 'a'), 414],
    ['a method of 100 000 bytes', `${'A'.repeat(100_000)} / HTTP/1.1\r\nHost: a\r\n\r\n`, 400, 414, 431, 501],
    ['100 000 fields', `GET /health HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(100_000)}\r\n`, 431],
    ['one field of a megabyte', `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(1_000_000)}\r\n\r\n`, 431],
    ['a field name of a megabyte', `GET /health HTTP/1.1\r\nHost: a\r\n${'a'.repeat(1_000_000)}: x\r\n\r\n`, 431],
  ]) {
    test(`${what}: refused, and the refusal arrives`, async () => {
      const answer = await server.raw(bytes);
      assert.ok(statuses.includes(answer.status), `${answer.status}`);
      assert.ok(answer.closed);
    });
  }

  test('what browsers and proxies send fits', async () => {
    const fields = Array.from({ length: 60 }, (_, i) => `X-Field-${i}: ${'v'.repeat(100)}\r\n`).join('');
    const query = `a=${'b'.repeat(4000)}`;
    assert.equal((await server.raw(`GET /health?${query} HTTP/1.1\r\nHost: a\r\nCookie: ${'c'.repeat(4000)}\r\n${fields}Connection: close\r\n\r\n`)).status, 200);
  });

  test('a body over the limit of its operation is refused at the head', async () => {
    const wire = await server.wire();
    await wire.write('POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n');
    const answer = await wire.finalAnswer();
    assert.equal(answer.status, 413);
    wire.destroy();
  });

  test('a chunked body over the limit is refused on the way, and the refusal arrives', async () => {
    const wire = await server.wire();
    await wire.write('POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
    await wire.writePolitely(Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`.repeat(100)));
    assert.equal((await wire.finalAnswer()).status, 413);
    wire.destroy();
  });
});
