// The process dies at every request it makes to S3, before S3 has seen the request and after it has done what was asked:
// what was acknowledged is there, what was not leaves nothing, and `gc` finds it.

import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';

import { listAll, newUser, upload, uploadParts } from '../support/client.js';
import { sql } from '../support/database.js';
import { media, sha256, wav } from '../support/media.js';
import { eventually, runProgram, temporaryDirectory } from '../support/program.js';
import { silence, SOURCE, startPeer, swallowAnswer } from '../support/s3_peer.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

const LARGE = 20 * 1024 * 1024;
const keyOf = (content) => new URL(content.storage_url).pathname.split('/').slice(-2).join('/');

describe('a crash at', () => {
  let s3, peer, dataDir, env, token;

  before(async () => {
    [s3, dataDir] = await Promise.all([startS3(), temporaryDirectory()]);
    peer = await startPeer(s3);
    env = s3.settings({ DATA_DIR: dataDir, AWS_ENDPOINT_URL: peer.url, STREAM_MODE: 'proxy', GC_GRACE: '0s' });
    const server = await startServer({ dataDir, env });
    ({ token } = await newUser(server));
    await upload(server, token, wav(5000, 1));
    await server.stop();
  });
  after(async () => {
    await peer?.stop();
    await s3?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  beforeEach(() => peer.heal());

  const gc = async (...args) => {
    const done = await runProgram(['gc', ...args], { env: s3.settings({ DATA_DIR: dataDir, GC_GRACE: '0s' }), cwd: dataDir, timeout: 60_000 });
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
  };

  /** Every content plays, and nothing else is in the bucket. */
  async function agree() {
    const server = await startServer({ dataDir, env });
    try {
      const contents = await listAll(server);
      for (const { id, sha256: digest } of contents) {
        const answer = await server.get(`/content/${id}/stream`);
        assert.equal(answer.status, 200);
        assert.equal(sha256(answer.body), digest);
      }
      const keys = await s3.keys();
      const isIndex = (key) => key.startsWith('index/');
      assert.deepEqual(keys.filter((key) => !isIndex(key)).sort(), contents.map(keyOf).sort());
      assert.equal(keys.filter(isIndex).length, contents.filter(({ packaging }) => packaging === 'ready').length);
      assert.deepEqual(await s3.unfinished(), []);
      for (const table of ['uploads', "objects WHERE state = 'deleting'"]) {
        assert.equal(await sql(dataDir, `SELECT COUNT(*) FROM ${table}`), '0', table);
      }
      return contents;
    } finally {
      await server.stop();
    }
  }

  /** Has `act` fail by a kill when the program makes that request to S3. */
  async function dieAt(method, pattern, fault, act) {
    const server = await startServer({ dataDir, env });
    const reached = new Promise((resolve) => peer.break(method, pattern, (...all) => fault(...all, resolve), 1));
    const outcome = act(server).then((answer) => `answered ${answer.status}`, () => 'lost');
    await reached;
    await server.kill();
    assert.equal(await outcome, 'lost');
    peer.heal();
  }

  const unseen = (request, response, _, reached) => {
    silence(request);
    reached();
  };
  const faults = [['before S3 has seen it', unseen], ['after S3 has done it', swallowAnswer]];
  const post = (bytes) => (server) => server.post('/content', { token, multipart: uploadParts(bytes) });

  async function movie(server) {
    const { bytes } = await media('plain.mp4');
    return server.post('/content', { token, multipart: uploadParts(bytes, { filename: 'x.mp4', content_type: 'video' }) });
  }

  for (const [when, fault] of faults) {
    // The last is how many writes are under way: that of a movie, and that of its packaging index.
    for (const [step, method, pattern, act, writes = 1] of [
      ['the PUT of a small file', 'PUT', SOURCE, post(wav(5000, 2))],
      ['the beginning of a large one', 'POST', /\?uploads=$/, post(wav(LARGE, 3))],
      ['a part', 'PUT', /partNumber=2/, post(wav(LARGE, 4))],
      ['the completion', 'POST', /uploadId=/, post(wav(LARGE, 5))],
      ['the PUT of a packaging index', 'PUT', /\.idx$/, movie, 2],
      ['the PUT of a movie whose index is there', 'PUT', SOURCE, movie, 2],
    ]) {
      test(`${step}, ${when}`, async () => {
        const before = (await s3.keys()).length;
        await dieAt(method, pattern, fault, act);
        assert.equal(await sql(dataDir, 'SELECT COUNT(*) FROM uploads'), String(writes));
        await sql(dataDir, 'UPDATE uploads SET lease_until = 1');
        assert.match(await gc('--dry-run'), /^upload [0-9a-f-]{36}$/m);
        assert.match(await gc(), new RegExp(`removed ${writes} uploads`));
        assert.equal((await agree()).length, before);
      });
    }

    test(`the delete, ${when}`, async () => {
      const server = await startServer({ dataDir, env });
      const content = await upload(server, token, wav(5000, 6));
      await server.stop();
      await dieAt('DELETE', SOURCE, fault, (victim) => victim.delete(`/content/${content.id}`, { token }));
      assert.match(await gc('--dry-run'), new RegExp(`^deleted object ${keyOf(content)}$`, 'm'));
      assert.match(await gc(), /1 deleted objects/);
      assert.ok(!(await agree()).some(({ id }) => id === content.id));
    });
  }

  test('both kinds of orphans are listed', async () => {
    const stray = 'audio/0190b5f0-0000-7000-8000-0123456789ab.mp3';
    const server = await startServer({ dataDir, env });
    const content = await upload(server, token, wav(5000, 7));
    await s3.send(PutObjectCommand, { Key: stray, Body: 'x' });
    await s3.send(DeleteObjectCommand, { Key: keyOf(content) });
    let listed;
    await eventually(async () => (listed = await gc('--dry-run')).includes(`stray object ${stray}\n`), 'the object without a row is not listed');
    assert.match(listed, new RegExp(`^missing object ${keyOf(content)}$`, 'm'));
    assert.match(listed, /^1 objects are missing from their store$/m);
    // What is lost is told apart from what never was.
    assert.equal((await server.get(`/content/${content.id}/stream`)).json().code, 'source_unavailable');
    assert.equal((await server.delete(`/content/${content.id}`, { token })).status, 200);
    await server.stop();
    assert.doesNotMatch(await gc(), /missing/);
    await agree();
  });
});
