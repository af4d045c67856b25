// Uploads past the service when something goes wrong: processes that die at any step, an S3 that is away, clients that
// leave. The upload is completed by whoever asks next, or collected; nothing else stays.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';

import { login, newUser, upload as uploadByForm } from '../support/client.js';
import { sql } from '../support/database.js';
import { assertClean, begin, begun, complete, keyOf, sendParts } from '../support/direct_upload.js';
import { sha256, wav } from '../support/media.js';
import { eventually, runProgram, temporaryDirectory } from '../support/program.js';
import { refuse, silence, SOURCE, startPeer } from '../support/s3_peer.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

const MEBIBYTE = 1024 * 1024;

describe('direct upload: several processes, faults and crashes', () => {
  let s3, peer, dataDir, env, other, token, account;
  const contents = [];
  const bytes = wav(20 * MEBIBYTE, 20);

  before(async () => {
    [s3, dataDir] = await Promise.all([startS3(), temporaryDirectory()]);
    peer = await startPeer(s3);
    env = s3.settings({ DATA_DIR: dataDir, AWS_ENDPOINT_URL: peer.url, STORAGE_TIMEOUT: '5s', SECRET_KEY: 'the same for both processes, 32 bytes' });
    other = await startServer({ dataDir, env });
    account = await newUser(other);
    token = account.token;
  });
  after(async () => {
    try {
      await assertClean(s3, other, contents);
    } finally {
      await other?.stop();
      await peer?.stop();
      await s3?.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
  beforeEach(() => peer.heal());

  test('begun at one, completed at the other', async () => {
    const one = await startServer({ dataDir, env });
    const made = await begun(one, token, bytes);
    const parts = await sendParts(made, bytes);
    await one.stop();
    const answer = await complete(other, token, made, parts);
    assert.equal(answer.status, 201, answer.text());
    contents.push(answer.json());
  });

  /** Steps of a completion at which S3 falls silent and the process is killed. */
  for (const [what, method, pattern] of [
    ['before the parts are listed', 'GET', /uploadId=/],
    ['before they are put together', 'POST', /uploadId=/],
    ['before the object is looked for', 'HEAD', SOURCE],
    ['while the object is read', 'GET', SOURCE],
  ]) {
    test(`killed ${what}, it is completed by the next request`, async () => {
      const victim = await startServer({ dataDir, env });
      const made = await begun(victim, token, bytes);
      const parts = await sendParts(made, bytes);
      const seen = peer.seen.length;
      peer.break(method, pattern, silence, 1);
      const lost = complete(victim, token, made, parts).catch(() => 'lost');
      const stalled = () => peer.seen.slice(seen).some((line) => line.startsWith(`${method} `) && pattern.test(line));
      await eventually(stalled, 'it never came to that');
      const busy = await complete(other, token, made, parts);
      assert.equal(busy.json().code, 'upload_busy');
      await victim.kill();
      assert.equal(await lost, 'lost');
      // Nobody renews the lease any more. The collector leaves the upload to its client.
      await sql(dataDir, 'UPDATE uploads SET lease_until = 1');
      const gc = await runProgram(['gc'], { env: s3.settings({ DATA_DIR: dataDir }), cwd: dataDir });
      assert.match(gc.stdout, /removed 0 uploads/);
      const answer = await complete(other, token, made, parts);
      assert.equal(answer.status, 201, answer.text());
      assert.equal(answer.json().sha256, sha256(bytes));
      contents.push(answer.json());
      assert.deepEqual((await s3.keys()).sort(), contents.map(keyOf).sort());
    });
  }

  test('killed after the parts were put together, and never asked for again, it is collected', async () => {
    const victim = await startServer({ dataDir, env });
    const made = await begun(victim, token, bytes);
    const parts = await sendParts(made, bytes);
    peer.break('GET', SOURCE, silence, 1);
    complete(victim, token, made, parts).catch(() => {});
    await eventually(async () => (await s3.keys()).some((key) => key.includes(made.id)), 'it was not put together');
    await victim.kill();
    peer.heal();
    const seen = (await other.get(`/uploads/${made.id}`, { token })).json();
    assert.equal(seen.state, 'committing');
    await sql(dataDir, 'UPDATE uploads SET lease_until = 1, expires_at = 1');
    assert.match((await runProgram(['gc'], { env: s3.settings({ DATA_DIR: dataDir }), cwd: dataDir })).stdout, /removed 1 uploads/);
    await assertClean(s3, other, contents);
  });

  test('a client that leaves while its upload is completed loses nothing', async () => {
    const made = await begun(other, token, bytes);
    const parts = await sendParts(made, bytes);
    const wire = await other.wire();
    const body = JSON.stringify({ parts });
    await wire.write(`POST /uploads/${made.id}/complete HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await eventually(() => peer.seen.some((line) => /^POST .*uploadId=/.test(line)), 'it was not put together');
    wire.destroy();
    let answer;
    await eventually(async () => {
      answer = await complete(other, token, made, parts);
      return answer.status !== 409;
    }, 'it is never done');
    assert.equal(answer.status, 201, answer.text());
    contents.push(answer.json());
  });

  for (const [what, method, pattern] of [
    ['list', 'GET', /uploadId=/], ['complete', 'POST', /uploadId=/], ['look', 'HEAD', SOURCE], ['read', 'GET', SOURCE],
  ]) {
    test(`an outage of S3 (${what}) is 503, and the upload goes on afterwards`, async () => {
      const made = await begun(other, token, bytes);
      const parts = await sendParts(made, bytes);
      peer.break(method, pattern, refuse(500, 'InternalError'));
      const answer = await complete(other, token, made, parts);
      assert.equal(answer.status, 503, answer.text());
      assert.doesNotMatch(answer.text(), /S3|REQ-|InternalError/);
      await other.logs('REQ-4711');
      peer.heal();
      const again = await complete(other, token, made, parts);
      assert.equal(again.status, 201, again.text());
      contents.push(again.json());
    });
  }

  test('an outage when it is begun or aborted', async () => {
    peer.break('POST', /\?uploads=$/, refuse(503, 'SlowDown'));
    assert.equal((await begin(other, token, 1000)).status, 503);
    peer.heal();
    const made = await begun(other, token, bytes);
    peer.break('DELETE', /uploadId=/, refuse(500, 'InternalError'));
    assert.equal((await other.delete(`/uploads/${made.id}`, { token })).status, 503);
    peer.heal();
    assert.equal((await other.delete(`/uploads/${made.id}`, { token })).status, 200);
    await sql(dataDir, 'UPDATE uploads SET lease_until = 1, expires_at = 1');
    assert.match((await runProgram(['gc'], { env: s3.settings({ DATA_DIR: dataDir }), cwd: dataDir })).stdout, /removed 1 uploads/);
  });

  test('a token that ends while bytes are under way does not end the upload', async () => {
    const made = await begun(other, token, bytes);
    const parts = await sendParts(made, bytes);
    const fresh = await login(other, account.email);
    const answer = await complete(other, fresh, made, parts);
    assert.equal(answer.status, 201, answer.text());
    contents.push(answer.json());
    await uploadByForm(other, token, wav(5000, 40)).then((content) => contents.push(content));
  });
});
