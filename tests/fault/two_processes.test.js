// Two processes on one DATA_DIR: what one changes the next request to the other sees, and neither takes away what
// the other is writing.

import assert from 'node:assert/strict';
import { readdir, readlink, rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD, upload, uploadParts } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { sha256, wav } from '../support/media.js';
import { multipart } from '../support/multipart.js';
import { eventually, runProgram, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const ENV = { GC_GRACE: '0s', MAX_UPLOADS_PER_USER: 100 };

describe('two processes', () => {
  let dataDir, a, b, me;
  before(async () => {
    dataDir = await temporaryDirectory();
    // Both at once: the first start of all, with its migration and its secret, is a race too.
    [a, b] = await Promise.all([startServer({ dataDir, env: ENV }), startServer({ dataDir, env: ENV })]);
    me = await newUser(a);
  });
  after(async () => {
    await a?.stop();
    await b?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('accept each other\'s accounts and tokens', async () => {
    assert.equal((await b.get('/auth/me', { token: me.token })).json().id, me.id);
    const token = await login(b, me.email);
    assert.equal((await a.get('/auth/me', { token })).json().id, me.id);
    const twice = await b.post('/auth/register', { json: { email: me.email, password: PASSWORD } });
    assert.equal(twice.status, 409);
  });

  test('see at once what the other made, changed and deleted', async () => {
    for (let round = 0; round < 20; ++round) {
      const [one, other] = round % 2 === 0 ? [a, b] : [b, a];
      const bytes = wav(2000, round);
      const { id } = await upload(one, me.token, bytes, { title: `Round ${round}` });
      assert.equal((await other.get(`/content/${id}`)).json().title, `Round ${round}`);
      assert.equal((await other.get('/content?limit=1')).json()[0].id, id);
      assert.ok((await other.get(`/content/${id}/stream`)).body.equals(bytes));
      assert.equal((await other.put(`/content/${id}`, { token: me.token, form: { title: 'Changed' } })).status, 200);
      assert.equal((await one.get(`/content/${id}`)).json().title, 'Changed');
      assert.equal((await other.delete(`/content/${id}`, { token: me.token })).status, 200);
      assert.equal((await one.get(`/content/${id}`)).status, 404);
      assert.equal((await one.get(`/content/${id}/stream`)).status, 404);
      assert.deepEqual((await one.get('/content')).json(), []);
    }
  });

  test('give up the bytes that the other deleted', async () => {
    const { id } = await upload(a, me.token, wav(2000, 49));
    assert.equal((await b.get(`/content/${id}/stream`)).status, 200);
    const held = async () => {
      const folder = `/proc/${b.pid}/fd`;
      const targets = await Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')));
      return targets.filter((target) => target.includes('/objects/objects/'));
    };
    assert.ok((await held()).length > 0, 'it is kept open for the next request');
    assert.equal((await a.delete(`/content/${id}`, { token: me.token })).status, 200);
    await eventually(async () => (await held()).length === 0, 'the deleted file is still open');
  });

  test('write at the same time without getting in each other\'s way', async () => {
    const sounds = Array.from({ length: 16 }, (_, i) => wav(20_000 + i, 50 + i));
    const contents = await Promise.all(sounds.map((bytes, i) => upload(i % 2 === 0 ? a : b, me.token, bytes)));
    for (const [i, content] of contents.entries()) {
      const stream = await (i % 2 === 0 ? b : a).get(`/content/${content.id}/stream`);
      assert.equal(sha256(stream.body), sha256(sounds[i]));
    }
    // Both delete the same ones at once: each is deleted once.
    const answers = await Promise.all(contents.flatMap(({ id }) => [a, b].map((server) => server.delete(`/content/${id}`, { token: me.token }))));
    assert.equal(answers.filter(({ status }) => status === 200).length, contents.length);
    assert.equal(answers.filter(({ status }) => status === 404).length, contents.length);
    await assertNothingLeftBehind(a);
  });

  test('do not collect what the other is writing', async () => {
    const bytes = wav(200_000, 77);
    const { body, type } = multipart(uploadParts(bytes));
    const wire = await a.wire();
    await wire.write(`POST /content HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${me.token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`);
    await wire.write(body.subarray(0, 150_000));
    await sleep(300);
    const collected = await runProgram(['gc'], { cwd: dataDir, env: { DATA_DIR: dataDir, ...ENV } });
    assert.equal(collected.code, 0, collected.stderr);
    await wire.write(body.subarray(150_000));
    const answer = await wire.finalAnswer();
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.json().sha256, sha256(bytes));
    wire.destroy();
    assert.ok((await b.get(`/content/${answer.json().id}/stream`)).body.equals(bytes));
  });

  test('outlive each other', async () => {
    const { id } = await upload(b, me.token, wav(3000, 8));
    await b.kill();
    assert.equal((await a.get(`/content/${id}/stream`)).status, 200);
    await upload(a, me.token, wav(3000, 9));
    b = await startServer({ dataDir, env: ENV });
    assert.equal((await b.get('/content')).json().length, (await a.get('/content')).json().length);
  });
});
