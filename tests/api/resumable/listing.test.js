// GET /uploads and GET /uploads/{id}: the resumable uploads of an account, whichever protocol began them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser, nextLink } from '../../support/client.js';
import { idLiteral, sql } from '../../support/database.js';
import { append, begun, finish, offsetOf, openAppend } from '../../support/ietf_upload.js';
import { sha256, wav } from '../../support/media.js';
import { runProgram, sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';
import * as tus from '../../support/tus.js';

describe('uploads under way', () => {
  let server, owner, token;
  const sound = wav(8_000);
  before(async () => {
    server = await startServer({ env: { MAX_UPLOADS_PER_USER: '100' } });
  });
  after(() => server?.stop());

  const list = async (query = '', as = token) => {
    const answer = await server.get(`/uploads${query}`, { token: as });
    assert.equal(answer.status, 200, answer.text());
    assert.equal(answer.headers['cache-control'], 'no-store');
    return answer.json();
  };
  const fresh = async () => {
    owner = await newUser(server);
    ({ token } = owner);
  };

  test('are those of the account, the newest first, until they end', async () => {
    await fresh();
    assert.deepEqual(await list(), []);
    const first = await begun(server, token, { body: sound.subarray(0, 100), length: sound.length, fields: { title: 'First' }, headers: { 'Content-Disposition': 'inline; filename="a.wav"' } });
    const second = await begun(server, token, { fields: { title: 'Second' } });
    const third = await tus.begun(server, token, sound);
    const entries = await list();
    assert.deepEqual(entries.map(({ id }) => id), [third.id, second.id, first.id]);
    const { created_at, expires_at, ...rest } = entries[2];
    assert.deepEqual(rest, { id: first.id, content_id: first.id, state: 'receiving', offset: 100, size: sound.length, title: 'First', file_name: 'a.wav' });
    assert.ok(Date.parse(created_at) <= Date.now() && Date.parse(expires_at) > Date.now());
    assert.deepEqual([entries[1].size, entries[1].file_name], [null, null]);

    await finish(server, first, sound, 100);
    assert.equal((await server.delete(`/uploads/${second.id}`, { token })).status, 204);
    assert.deepEqual((await list()).map(({ id }) => id), [third.id]);
  });

  test('are nobody else\'s', async () => {
    await fresh();
    await begun(server, token);
    const other = await newUser(server);
    assert.deepEqual(await list('', other.token), []);
    assert.equal((await server.get('/uploads')).status, 401);
    await sql(server.dataDir, `UPDATE users SET role = 'viewer' WHERE id = ${idLiteral(other.id)}`);
    assert.equal((await server.get('/uploads', { token: other.token })).status, 403);
  });

  test('come in pages', async () => {
    await fresh();
    const made = [];
    for (let i = 0; i < 7; ++i) made.unshift((await begun(server, token)).id);
    const seen = [];
    let pages = 0;
    for (let target = '/uploads?limit=3'; target; ++pages) {
      const answer = await server.get(target, { token });
      assert.equal(answer.status, 200, answer.text());
      seen.push(...answer.json().map(({ id }) => id));
      target = nextLink(answer);
    }
    assert.deepEqual(seen, made);
    assert.equal(pages, 3);
    for (const query of ['?limit=0', '?limit=x', '?cursor=x']) assert.equal((await server.get(`/uploads${query}`, { token })).status, 422, query);
  });

  test('are told of one by one, without disturbing whoever sends', async () => {
    await fresh();
    const upload = await begun(server, token, { length: sound.length });
    const wire = await openAppend(server, upload, 0, sound.length);
    await wire.write(sound.subarray(0, 4_000));
    await sleep(200);
    const status = await server.get(upload.path);
    assert.equal(status.json().state, 'receiving');
    assert.equal(status.json().content, null);
    assert.equal(status.headers['upload-complete'], '?0');
    await wire.write(sound.subarray(4_000));
    assert.equal((await wire.finalAnswer()).status, 201);
    wire.destroy();
    const done = (await server.get(upload.path)).json();
    assert.equal(done.state, 'done');
    assert.equal(done.offset, sound.length);
    assert.deepEqual(done.content, (await server.get(`/content/${upload.id}`)).json());
    assert.equal(done.failure, null);
  });

  test('outlive the token that began them', async () => {
    await fresh();
    const upload = await begun(server, token, { body: sound.subarray(0, 10) });
    await server.post('/auth/logout', { token, check: false });
    assert.equal(await offsetOf(server, upload), 10);
    assert.equal((await append(server, upload, 10, sound.subarray(10, 20))).status, 204);
  });

  test('make no content that is told of as parts of a file', async () => {
    await fresh();
    const partial = (options) => tus.begun(server, token, sound, { fields: null, headers: { 'Upload-Concat': 'partial' }, ...options });
    const underWay = await partial();
    const done = await partial();
    await tus.send(server, done, sound);
    for (const [{ id, path }, state] of [[underWay, 'receiving'], [done, 'done']]) {
      for (const answer of [await server.get(path), await server.get(`/uploads/${id}`, { token })]) {
        assert.equal(answer.json().state, state, answer.text());
        assert.equal(answer.json().content_id ?? null, null);
        assert.equal(answer.json().content ?? null, null);
      }
    }
  });

  test('show no content that was given to somebody else', async () => {
    await fresh();
    const [upload, bob] = [await tus.begun(server, token, sound, { fields: { ...tus.DESCRIPTION, title: 'A secret' } }), await newUser(server)];
    await tus.send(server, upload, sound);
    assert.equal((await server.get(upload.path)).json().content.id, upload.id);
    const env = { DATA_DIR: server.dataDir };
    const given = await runProgram(['content', 'assign-owner', bob.email, '--content', upload.id], { cwd: server.dataDir, env });
    assert.equal(given.code, 0, given.stderr);
    const hidden = await server.put(`/content/${upload.id}`, { token: bob.token, json: { visibility: 'private', title: 'A secret of Bob' } });
    assert.equal(hidden.status, 200, hidden.text());
    assert.equal((await server.get(`/content/${upload.id}`, { token })).status, 404);

    for (const as of [{}, { token }]) {
      const answer = await server.get(upload.path, as);
      assert.equal(answer.status, 200, answer.text());
      assert.equal(answer.json().state, 'done');
      assert.equal(answer.json().content ?? null, null, answer.text());
      assert.doesNotMatch(answer.text(), /of Bob/);
    }
    assert.equal((await tus.head(server, upload)).headers['content-location'], undefined);
    const replayed = await append(server, upload, sound.length, Buffer.alloc(0), { complete: '?1' });
    assert.doesNotMatch(replayed.text(), new RegExp(`of Bob|storage_url|${sha256(sound)}`));
  });
});
