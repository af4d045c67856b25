// MIN_RATE over its window of a minute: who sends or reads a body at a crawl is given up, who is slow but honest is
// not. All of it runs at once, since each takes more than that minute.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser, upload, uploadParts } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { sha256, wav } from '../support/media.js';
import { multipart } from '../support/multipart.js';
import { sleep } from '../support/program.js';
import { startServer } from '../support/server.js';

const TIMEOUT = 120_000;

describe('slow clients', () => {
  let server, me, runs;

  before(async () => {
    server = await startServer();
    me = await newUser(server);
    const big = wav(24 * 1024 * 1024, 3);
    const content = await upload(server, me.token, big);
    const settle = (promise) => promise.then((value) => ({ value }), (error) => ({ error }));
    runs = { sender: settle(crawlingSender()), reader: settle(stuckReader(content)), honest: settle(honestSender()), paused: settle(slowReader(content, big)) };
  });
  after(() => server?.stop());

  async function outcome(name) {
    const { value, error } = await runs[name];
    if (error) throw error;
    return value;
  }

  async function begin(bytes) {
    const { body, type } = multipart(uploadParts(bytes));
    const wire = await server.wire();
    await wire.write(`POST /content HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${me.token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`);
    return { wire, body };
  }

  /** Ten bytes a second. */
  async function crawlingSender() {
    const { wire, body } = await begin(wav(100_000, 1));
    const started = Date.now();
    for (let at = 0; !(await wire.closed(1_000)) && Date.now() - started < TIMEOUT; at += 10) await wire.write(body.subarray(at, at + 10));
    const took = Date.now() - started;
    const answer = wire.pending.length > 0 ? await wire.finalAnswer() : null;
    wire.destroy();
    return { took, answer };
  }

  /** Reads nothing at all. */
  async function stuckReader(content) {
    const wire = await server.wire({ readableHighWaterMark: 16384 });
    wire.pause(); // from the start: the less the kernel takes in
    await wire.write(`GET /content/${content.id}/stream HTTP/1.1\r\nHost: a\r\n\r\n`);
    await sleep(300);
    await sleep(95_000);
    wire.resume();
    await wire.closed(10_000);
    const got = wire.pending.length;
    wire.destroy();
    return got;
  }

  /** Four KiB a second, for longer than the window. */
  async function honestSender() {
    const bytes = wav(320_000, 2);
    const { wire, body } = await begin(bytes);
    for (let at = 0; at < body.length; at += 4096) {
      await wire.write(body.subarray(at, at + 4096));
      await sleep(1_000);
    }
    const answer = await wire.finalAnswer();
    wire.destroy();
    return { answer, digest: sha256(bytes) };
  }

  /** Some hundred KiB a second, in sips. */
  async function slowReader(content, big) {
    const wire = await server.wire({ readableHighWaterMark: 16384 });
    await wire.write(`GET /content/${content.id}/stream HTTP/1.1\r\nHost: a\r\n\r\n`);
    for (let i = 0; i < 75; ++i) {
      wire.pause();
      await sleep(1_000);
      wire.resume();
      await sleep(3);
    }
    const answer = await wire.finalAnswer({ timeout: 20_000 });
    wire.destroy();
    return answer.body.equals(big);
  }

  test('one who sends ten bytes a second is given up within two windows', { timeout: TIMEOUT + 30_000 }, async () => {
    const { took, answer } = await outcome('sender');
    assert.ok(took > 5_000 && took < TIMEOUT - 5_000, `${took} ms`);
    if (answer) {
      assert.equal(answer.status, 408);
      assert.equal(answer.json().code, 'request_timeout');
    }
  });

  test('one who reads nothing is given up too', { timeout: TIMEOUT }, async () => {
    const got = await outcome('reader');
    assert.ok(got < 24 * 1024 * 1024, 'the whole file was sent after all');
  });

  test('one who sends four KiB a second is borne', { timeout: TIMEOUT }, async () => {
    const { answer, digest } = await outcome('honest');
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.json().sha256, digest);
  });

  test('one who reads in sips gets every byte', { timeout: TIMEOUT }, async () => assert.ok(await outcome('paused')));

  test('nothing is left of those who were given up', () => assertNothingLeftBehind(server));
});
