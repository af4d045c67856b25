// S3 refuses, breaks off, talks nonsense or is not there: clients get 503 without internals, the log gets operation,
// key, status and request id, nothing is lost and nothing is left behind.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { newUser, upload, uploadMedia, uploadParts } from '../support/client.js';
import { media, sha256, wav } from '../support/media.js';
import { eventually, runProgram, sleep } from '../support/program.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';
import { answer, cutAnswer, cutRequest, endless, inTwo, refuse, silence, SOURCE as OBJECT, startPeer } from '../support/s3_peer.js';

const LARGE = 20 * 1024 * 1024;
const PART = /partNumber=\d+/;
const COMPLETE = /[?&]uploadId=/;
const CREATE = /\?uploads=$/;

describe('S3 fails', () => {
  let s3, peer, server, token, song, content;

  before(async () => {
    [s3, song] = await Promise.all([startS3(), media('tone.mp3')]);
    peer = await startPeer(s3);
    server = await startServer({ env: s3.settings({ AWS_ENDPOINT_URL: peer.url, STREAM_MODE: 'proxy', STORAGE_TIMEOUT: '1s' }) });
    ({ token } = await newUser(server));
    content = await uploadMedia(server, token, song);
  });
  after(async () => {
    await server?.stop();
    await peer?.stop();
    await s3?.stop();
  });
  beforeEach(() => peer.heal());

  const post = (bytes) => server.post('/content', { token, multipart: uploadParts(bytes) });
  const stream = () => server.get(`/content/${content.id}/stream`);

  function isUnavailable(result) {
    assert.equal(result.status, 503, result.text());
    assert.equal(result.json().code, 'unavailable');
    assert.doesNotMatch(result.text(), /S3|bucket|secret|REQ-|127\.0\.0\.1:\d+\/clinikk/);
  }

  /** A failed upload leaves neither object nor parts behind. */
  async function uploadFails(bytes) {
    const keys = await s3.keys();
    isUnavailable(await post(bytes));
    assert.deepEqual(await s3.keys(), keys);
    assert.deepEqual(await s3.unfinished(), []);
  }

  for (const [status, code] of [
    [403, 'SignatureDoesNotMatch'], [403, 'RequestTimeTooSkewed'], [400, 'ExpiredToken'], [403, 'AccessDenied'],
    [404, 'NoSuchBucket'], [500, 'InternalError'], [503, 'SlowDown'],
  ]) {
    test(`${status} ${code} to a PUT`, async () => {
      peer.break('PUT', OBJECT, refuse(status, code));
      await uploadFails(song.bytes);
      const text = new RegExp(`S3 PutObject objects/[0-9a-f-]{36}: status ${status} ${code} .*request id REQ-4711`);
      await server.logs(`status ${status} ${code}`);
      assert.match(server.log, text);
      const attempts = peer.seen.filter((line) => line.startsWith('PUT')).length;
      assert.equal(attempts, status >= 500 ? 4 : 1);
    });

    test(`${status} ${code} to a GET is no 404`, async () => {
      peer.break('GET', OBJECT, refuse(status, code));
      isUnavailable(await stream());
    });
  }

  test('503 SlowDown that passes', async () => {
    peer.break('PUT', PART, refuse(503, 'SlowDown'), 2);
    const bytes = wav(LARGE, 1);
    assert.equal((await upload(server, token, bytes)).sha256, sha256(bytes));
    peer.break('GET', OBJECT, refuse(503, 'SlowDown'), 1);
    assert.equal(sha256((await stream()).body), song.sha256);
  });

  test('a connection cut in the middle of a part', async () => {
    peer.break('PUT', PART, cutRequest(3_000_000), 2);
    const bytes = wav(LARGE, 2);
    const made = await upload(server, token, bytes);
    peer.heal();
    assert.equal(sha256((await server.get(`/content/${made.id}/stream`)).body), sha256(bytes));
  });

  test('parts that never arrive', async () => {
    peer.break('PUT', PART, cutRequest(1_000_000));
    await uploadFails(wav(LARGE, 3));
  });

  test('a download cut in the middle is taken up again', async () => {
    const bytes = wav(LARGE, 4);
    const made = await upload(server, token, bytes);
    peer.break('GET', OBJECT, cutAnswer(5_000_000), 2);
    const seen = await server.get(`/content/${made.id}/stream`);
    assert.equal(seen.status, 200);
    assert.equal(sha256(seen.body), sha256(bytes));
    assert.equal(peer.seen.filter((line) => line.startsWith('GET /clinikk-media/objects/')).length, 3);
  });

  test('a download that keeps breaking off is not passed off as whole', async () => {
    peer.break('GET', OBJECT, cutAnswer(100));
    await assert.rejects(stream(), /aborted|hang up|ECONNRESET/);
    await server.logs('s3.download_interrupted');
  });

  test('an answer that never comes', async () => {
    peer.break('PUT', OBJECT, silence, 1);
    const made = await uploadMedia(server, token, song);
    await server.logs(`S3 PutObject objects/${new URL(made.storage_url).pathname.split('/').at(-1)}: no answer`);
  });

  test('an answer that comes bit by bit is passed on as it comes', async () => {
    let tellArrived;
    const arrived = new Promise((resolve) => (tellArrived = resolve));
    peer.break('GET', OBJECT, inTwo(1000, arrived), 1);
    const answered = await fetch(`${server.url}/content/${content.id}/stream`);
    const pieces = [];
    for await (const piece of answered.body) {
      pieces.push(piece);
      if (Buffer.concat(pieces).length >= 1000) tellArrived();
    }
    assert.equal(sha256(Buffer.concat(pieces)), song.sha256);
  });

  test('a client that goes while nothing comes takes its request with it', async () => {
    peer.break('GET', OBJECT, silence);
    const wire = await server.wire();
    await wire.write(`GET /content/${content.id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await eventually(() => peer.seen.length === 1, 'S3 is not asked');
    wire.destroy();
    await server.logs('"status":499');
    const asked = peer.seen.length;
    await sleep(2_000); // longer than it takes until the next try
    assert.equal(peer.seen.length, asked);
    peer.heal();
    assert.equal(sha256((await stream()).body), song.sha256);
  });

  test('an answer that never ends', async () => {
    peer.break('POST', CREATE, endless, 4);
    await uploadFails(wav(LARGE, 5));
    await server.logs('the answer has no end');
  });

  test('XML that is not XML', async () => {
    peer.break('POST', CREATE, answer('<html>good evening'));
    await uploadFails(wav(LARGE, 6));
    await server.logs('the answer has no upload id');
    peer.heal();
    peer.break('POST', COMPLETE, answer('{"status": "ok"}'));
    await uploadFails(wav(LARGE, 6));
  });

  test('a 200 whose body is an error', async () => {
    const failure = '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>x</Message></Error>';
    peer.break('POST', COMPLETE, answer(failure), 2);
    assert.equal((await upload(server, token, wav(LARGE, 7))).size, LARGE);
    peer.break('POST', COMPLETE, answer(failure));
    await uploadFails(wav(LARGE, 8));
    await server.logs('S3 CompleteMultipartUpload objects/');
  });

  test('a Complete whose answer was lost has completed', async () => {
    peer.break('POST', COMPLETE, cutAnswer(0), 1);
    const bytes = wav(LARGE, 9);
    const made = await upload(server, token, bytes);
    assert.equal(sha256((await server.get(`/content/${made.id}/stream`)).body), sha256(bytes));
  });

  test('a delete while S3 is away is made up for', async () => {
    const made = await uploadMedia(server, token, song);
    const key = new URL(made.storage_url).pathname.split('/').slice(2).join('/');
    peer.break('DELETE', OBJECT, refuse(500, 'InternalError'));
    assert.equal((await server.delete(`/content/${made.id}`, { token })).status, 200);
    assert.ok((await s3.keys()).includes(key));
    peer.heal();
    const env = s3.settings({ DATA_DIR: server.dataDir });
    const dry = await runProgram(['gc', '--dry-run'], { env, cwd: server.dataDir });
    assert.match(dry.stdout, new RegExp(`^deleted object ${key}$`, 'm'));
    assert.ok((await s3.keys()).includes(key));
    assert.equal((await runProgram(['gc'], { env, cwd: server.dataDir })).code, 0);
    assert.ok(!(await s3.keys()).includes(key));
  });

  test('health says that S3 is down', async () => {
    peer.break('HEAD', /./, refuse(500, 'InternalError'));
    const health = await server.get('/health/detailed');
    assert.equal(health.status, 503);
    assert.equal(health.json().storage.status, 'unhealthy');
  });
});

describe('wrong settings', () => {
  let s3, song;

  before(async () => {
    [s3, song] = await Promise.all([startS3(), media('tone.mp3')]);
  });
  after(() => s3?.stop());

  for (const [what, over, log] of [
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'SignatureDoesNotMatch'],
    ['an unknown key', { AWS_ACCESS_KEY_ID: 'nobody' }, 'InvalidAccessKeyId'],
    ['a wrong bucket', { STORAGE_BUCKET: 'no-such-bucket' }, 'NoSuchBucket'],
    ['nobody there', { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 'no answer'],
  ]) {
    test(what, async () => {
      const server = await startServer({ env: s3.settings(over) });
      const { token } = await newUser(server);
      const result = await server.post('/content', { token, multipart: uploadParts(song.bytes) });
      assert.equal(result.status, 503, result.text());
      await server.logs(log);
      assert.doesNotMatch(server.log, /testsecretkey/);
      await server.stop();
    });
  }
});
