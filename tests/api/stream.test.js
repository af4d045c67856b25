// Playing from the disk by single ranges: what every player does. The rarer kinds are in hardening/stream.test.js.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser, uploadMedia } from '../support/client.js';
import { media } from '../support/media.js';
import { startServer } from '../support/server.js';

describe('a single range', () => {
  let server, movie, address;
  before(async () => {
    [server, movie] = await Promise.all([startServer(), media('plain.mp4')]);
    const { token } = await newUser(server);
    address = `/content/${(await uploadMedia(server, token, movie)).id}/stream`;
  });
  after(() => server?.stop());

  const ask = (range) => server.get(address, { headers: { Range: range } });

  // [what, the range for a file of n bytes, first and last byte of the answer]
  for (const [what, range, place] of [
    ['the first byte', () => 'bytes=0-0', () => [0, 0]],
    ['the first hundred', () => 'bytes=0-99', () => [0, 99]],
    ['some in the middle', () => 'bytes=5000-12345', () => [5000, 12345]],
    ['the last byte', (n) => `bytes=${n - 1}-${n - 1}`, (n) => [n - 1, n - 1]],
    ['from the middle to the end', () => 'bytes=1000-', (n) => [1000, n - 1]],
    ['from the start to the end', () => 'bytes=0-', (n) => [0, n - 1]],
    ['the last hundred', () => 'bytes=-100', (n) => [n - 100, n - 1]],
    ['more at the end than there is', (n) => `bytes=-${n + 1}`, (n) => [0, n - 1]],
    ['past the end', (n) => `bytes=${n - 5}-${n + 5}`, (n) => [n - 5, n - 1]],
    ['past the end by far', () => 'bytes=10-99999999999999999999999', (n) => [10, n - 1]],
    ['with spaces around', () => 'bytes= 1-2 ', () => [1, 2]],
    ['in capitals', () => 'Bytes=1-2', () => [1, 2]],
    ['with empty elements', () => 'bytes=,1-2,', () => [1, 2]],
    ['of which one of two is there', (n) => `bytes=1-2,${n}-`, () => [1, 2]],
  ]) {
    test(what, async () => {
      const answer = await ask(range(movie.size));
      const [first, last] = place(movie.size);
      assert.equal(answer.status, 206);
      assert.equal(answer.headers['content-range'], `bytes ${first}-${last}/${movie.size}`);
      assert.equal(answer.headers['content-length'], String(last - first + 1));
      assert.equal(answer.headers['content-type'], 'video/mp4');
      assert.ok(answer.body.equals(movie.bytes.subarray(first, last + 1)));
    });
  }

  for (const range of [(n) => `bytes=${n}-`, (n) => `bytes=${n}-${n + 9}`, () => 'bytes=-0', () => 'bytes=99999999999999999999-', () => 'bytes=999999999-,888888888-']) {
    test(`nothing of the file: ${range(100)} of 100 bytes`, async () => {
      const answer = await ask(range(movie.size));
      assert.equal(answer.status, 416);
      assert.equal(answer.headers['content-range'], `bytes */${movie.size}`);
      assert.equal(answer.json().code, 'range_not_satisfiable');
    });
  }

  for (const range of ['bytes', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=5-2', 'bytes=1', 'bytes=1-2-3', 'bytes=0x1-0x2', 'bytes=+1-2', 'bytes=1 -2', 'bytes=1-2;3-4']) {
    test(`no range at all: ${range}`, async () => {
      const answer = await ask(range);
      // RFC 9110 section 14.2: an invalid one may be ignored or refused.
      assert.ok([200, 400, 416].includes(answer.status), `${answer.status}`);
      if (answer.status === 200) assert.ok(answer.body.equals(movie.bytes));
    });
  }

  test('a unit that nobody knows is ignored', async () => {
    const answer = await ask('seconds=1-2');
    assert.equal(answer.status, 200);
    assert.ok(answer.body.equals(movie.bytes));
  });

  test('many at once each get their own bytes', async () => {
    await Promise.all(Array.from({ length: 60 }, async (_, i) => {
      const first = (i * 977) % (movie.size - 3000);
      const answer = await ask(`bytes=${first}-${first + 2999}`);
      assert.equal(answer.status, 206);
      assert.ok(answer.body.equals(movie.bytes.subarray(first, first + 3000)));
    }));
  });

  test('the file carries what keeps a browser from running it', async () => {
    const { headers } = await server.get(address);
    assert.equal(headers['content-security-policy'].replace(/\s+/g, ' '), "sandbox; default-src 'none'");
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });
});
