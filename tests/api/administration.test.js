// Accounts, as administrators see and change them, and as each account sees and removes itself.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { listAll, login, newUser, nextLink, PASSWORD, upload } from '../support/client.js';
import { sql } from '../support/database.js';
import { wav } from '../support/media.js';
import { eventually, runProgram } from '../support/program.js';
import { startServer } from '../support/server.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';
const SOUND = wav(1000);
const run = promisify(execFile);

function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  assert.equal(answer.json().code, code);
}

/** An administrator; the session goes on, unlike with the command. */
async function newAdmin(server, options) {
  const admin = await newUser(server, options);
  await sql(server.dataDir, `UPDATE users SET role = 'admin' WHERE email = '${admin.email}'`);
  return admin;
}

const isIn = async (server, { token }) => (await server.get('/auth/me', { token })).status === 200;

async function everybody(server, token, query) {
  const all = [];
  for (let target = `/users?${query}`; target;) {
    const answer = await server.get(target, { token });
    assert.equal(answer.status, 200, answer.text());
    all.push(...answer.json());
    target = nextLink(answer);
  }
  return all;
}

describe('administration', () => {
  let server, admin, editor;
  before(async () => {
    server = await startServer({ env: { LOG_FORMAT: 'json' } });
    admin = await newAdmin(server);
    editor = await newUser(server);
  });
  after(() => server?.stop());

  test('is for administrators alone', async () => {
    const calls = [['GET', '/users'], ['GET', `/users/${admin.id}`], ['GET', `/users/${editor.id}`], ['PATCH', `/users/${editor.id}`, { json: { role: 'admin' } }],
      ['DELETE', `/users/${admin.id}`], ['DELETE', `/users/${NOBODY}`]];
    for (const [method, target, options = {}] of calls) {
      assertRefused(await server.request(method, target, options), 401, 'not_authenticated');
      assertRefused(await server.request(method, target, { ...options, token: editor.token }), 403, 'forbidden');
    }
    assert.equal((await server.get('/auth/me', { token: editor.token })).json().role, 'editor');
  });

  test('pages through all accounts, each once', async () => {
    for (let i = 0; i < 7; i += 1) await newUser(server);
    const answer = await server.get('/users?limit=3', { token: admin.token });
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.json().length, 3);
    const all = await everybody(server, admin.token, 'limit=3');
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    assert.equal(String(all.length), await sql(server.dataDir, 'SELECT COUNT(*) FROM users'));
    assert.deepEqual(all, await everybody(server, admin.token, 'limit=100'));
    assert.ok(all.every((user) => !Object.keys(user).some((member) => member.includes('password'))));
  });

  test('finds accounts by part of the address, role and state', async () => {
    await newUser(server, { email: 'Straße.100%_sure@needle.example' });
    await newUser(server, { email: 'plain@needle.example' });
    await newUser(server, { email: 'back+slash@needle.example' });
    const found = async (query) => (await everybody(server, admin.token, query)).map(({ email }) => email);
    assert.equal((await found('search=needle')).length, 3);
    assert.equal((await found('search=NEEDLE.Example')).length, 3);
    assert.deepEqual(await found(`search=${encodeURIComponent('STRASSE')}`), ['Straße.100%_sure@needle.example']);
    for (const literal of ['%', '_', '100%_']) assert.deepEqual(await found(`search=${encodeURIComponent(literal)}`), ['Straße.100%_sure@needle.example'], literal);
    for (const nothing of ['\\', 'n_edle', 'p%n', "' OR '1'='1", '*', '?']) assert.deepEqual(await found(`search=${encodeURIComponent(nothing)}`), [], nothing);
    assert.equal((await found('search=needle&limit=1')).length, 3, 'the next link keeps the search');
    assert.equal((await found(`search=${encodeURIComponent('e')}&role=editor&is_active=true&limit=2`)).length, (await found('role=editor&is_active=true')).length);
    assert.ok((await found('role=admin')).includes(admin.email));
    assert.ok(!(await found('role=viewer')).includes(admin.email));
  });

  for (const query of ['limit=0', 'limit=x', 'role=god', 'is_active=maybe', 'cursor=x', 'search=', 'search=X%0D%0AX', `search=${'x'.repeat(321)}`, 'role=admin&role=viewer']) {
    test(`not a query: ${query.slice(0, 40)}`, async () => assertRefused(await server.get(`/users?${query}`, { token: admin.token }), 422, 'validation_failed'));
  }

  test('shows one account', async () => {
    const answer = await server.get(`/users/${editor.id}`, { token: admin.token });
    assert.deepEqual(answer.json(), editor.user);
    for (const id of [NOBODY, 'x', '1', 'me', '%00']) {
      const unknown = await server.get(`/users/${id}`, { token: admin.token });
      assert.ok([404, 405].includes(unknown.status), unknown.text());
    }
  });

  test('changes role and state, from the next request on', async () => {
    const who = await newUser(server);
    const patch = (json, id = who.id) => server.patch(`/users/${id}`, { token: admin.token, json });
    const promoted = await patch({ role: 'admin' });
    assert.equal(promoted.status, 200, promoted.text());
    assert.equal(promoted.json().role, 'admin');
    assert.ok(!(await isIn(server, who)), 'the sessions of another role have ended');
    who.token = await login(server, who.email);
    assert.equal((await server.get('/users', { token: who.token })).status, 200);
    assert.equal((await patch({ is_active: false })).json().is_active, false);
    assert.ok(!(await isIn(server, who)));
    assertRefused(await server.post('/auth/token', { json: { email: who.email, password: PASSWORD } }), 401, 'credentials_invalid');
    const both = (await patch({ is_active: true, role: 'viewer' })).json();
    assert.deepEqual([both.is_active, both.role], [true, 'viewer']);
    assertRefused(await patch({ role: 'viewer' }, NOBODY), 404, 'user_not_found');
  });

  test('changes nothing else', async () => {
    for (const member of ['email', 'password', 'password_hash', 'id', 'created_at', 'email_key', '__proto__']) {
      const body = `{"role":"admin","${member}":"x"}`;
      const answer = await server.request('PATCH', `/users/${editor.id}`, { token: admin.token, body, headers: { 'Content-Type': 'application/json' } });
      assertRefused(answer, 422, 'validation_failed');
    }
    for (const json of [{ role: 'god' }, { role: 7 }, { is_active: 'false' }, { is_active: 0 }, { role: ['admin'] }]) {
      assertRefused(await server.patch(`/users/${editor.id}`, { token: admin.token, json }), 422, 'validation_failed');
    }
    assert.deepEqual((await server.get(`/users/${editor.id}`, { token: admin.token })).json(), editor.user);
  });

  test('says what becomes of the contents of a deleted account', async () => {
    const heir = await newUser(server);
    const remove = (id, query = '') => server.delete(`/users/${id}${query}`, { token: admin.token });
    const make = async () => {
      const who = await newUser(server);
      who.contents = [await upload(server, who.token, SOUND), await upload(server, who.token, SOUND)];
      return who;
    };
    const [deleted, kept, handedOn] = [await make(), await make(), await make()];
    assertRefused(await remove(deleted.id), 422, 'account_has_contents');
    assert.ok(await isIn(server, deleted));
    for (const query of ['?contents=reassign', '?contents=burn', `?contents=delete&to=${heir.id}`, '?contents=reassign&to=x',
      `?contents=reassign&to=${NOBODY}`, `?contents=reassign&to=${handedOn.id}`]) {
      assertRefused(await remove(handedOn.id, query), 422, 'validation_failed');
    }
    assert.ok(await isIn(server, handedOn));

    const gone = await remove(deleted.id, '?contents=delete');
    assert.equal(gone.status, 204, gone.text());
    for (const { id } of deleted.contents) assert.equal((await server.get(`/content/${id}`)).status, 404);
    assert.equal((await remove(kept.id, '?contents=keep')).status, 204);
    for (const { id } of kept.contents) assert.equal((await server.get(`/content/${id}`)).json().owner_id, null);
    assert.equal((await remove(handedOn.id, `?contents=reassign&to=${heir.id}`)).status, 204);
    for (const { id } of handedOn.contents) {
      assert.equal((await server.get(`/content/${id}`)).json().owner_id, heir.id);
      assert.equal((await server.delete(`/content/${id}`, { token: heir.token })).status, 200);
    }
    for (const who of [deleted, kept, handedOn]) {
      assert.ok(!(await isIn(server, who)));
      assertRefused(await remove(who.id), 404, 'user_not_found');
      await newUser(server, { email: who.email });
    }
  });

  test('removes many contents, in several transactions', async () => {
    const who = await newUser(server);
    const { id } = await upload(server, who.token, SOUND);
    const columns = 'title, description, content_type, owner_id, visibility, status, created_at, updated_at';
    const fresh = process.env.TEST_POSTGRES_URL ? 'gen_random_uuid()' : 'randomblob(16)';
    for (let i = 0; i < 7; i += 1) await sql(server.dataDir, `INSERT INTO contents (id, ${columns}) SELECT ${fresh}, ${columns} FROM contents WHERE owner_id = (SELECT id FROM users WHERE email = '${who.email}')`);
    assert.equal((await server.delete(`/users/${who.id}?contents=delete`, { token: admin.token })).status, 204);
    assert.equal((await server.get(`/content/${id}`)).status, 404);
    assert.equal(await sql(server.dataDir, "SELECT COUNT(*) FROM contents WHERE title = 'A title' AND owner_id IS NULL"), '2', 'those of the test before');
  });

  test('a key for administration administers', async () => {
    const made = await server.post('/auth/keys', { token: admin.token, json: { name: 'ops', scopes: 'users:admin' } });
    const { key } = made.json();
    assert.equal((await server.get('/users', { token: key })).status, 200);
    const who = await newUser(server);
    assert.equal((await server.patch(`/users/${who.id}`, { token: key, json: { is_active: false } })).status, 200);
    assert.equal((await server.delete(`/users/${who.id}`, { token: key })).status, 204);
    await newAdmin(server); // so that the other is not the last
    for (const json of [{ role: 'viewer' }, { is_active: false }]) assertRefused(await server.patch(`/users/${admin.id}`, { token: key, json }), 403, 'forbidden');
    assertRefused(await server.delete(`/users/${admin.id}?contents=keep`, { token: key }), 403, 'forbidden');
    assert.ok(await isIn(server, admin));
    assertRefused(await server.delete('/users/me', { token: key, json: { password: PASSWORD } }), 403, 'insufficient_scope');
    assertRefused(await server.get('/users/me/export', { token: key }), 403, 'insufficient_scope');
  });
});

describe('the last administrator', () => {
  test('stays, whatever is tried, also at the same moment', async () => {
    const server = await startServer();
    try {
      const [first, second] = [await newAdmin(server), await newAdmin(server)];
      const race = await Promise.all([
        server.patch(`/users/${second.id}`, { token: first.token, json: { role: 'viewer' } }),
        server.patch(`/users/${first.id}`, { token: second.token, json: { is_active: false } }),
        server.delete('/users/me', { token: second.token, json: { password: PASSWORD } }),
      ]);
      for (const answer of race) assert.ok([200, 204, 401, 403, 409].includes(answer.status), answer.text());
      const admins = async () => Number(await sql(server.dataDir, "SELECT COUNT(*) FROM users WHERE role = 'admin' AND is_active"));
      assert.equal(await admins(), 1);
      const last = (await isIn(server, first)) ? first : second;
      assert.ok(await isIn(server, last));
      for (const json of [{ role: 'viewer' }, { role: 'editor' }, { is_active: false }, { role: 'editor', is_active: false }]) {
        assertRefused(await server.patch(`/users/${last.id}`, { token: last.token, json }), 409, 'last_admin');
      }
      assertRefused(await server.delete(`/users/${last.id}?contents=delete`, { token: last.token }), 409, 'last_admin');
      assertRefused(await server.delete('/users/me', { token: last.token, json: { password: PASSWORD } }), 409, 'last_admin');
      const command = await runProgram(['user', 'role', last.email, 'viewer'], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir } });
      assert.equal(command.code, 1);
      assert.equal((await server.patch(`/users/${last.id}`, { token: last.token, json: { role: 'admin' } })).status, 200);
      assert.equal(await admins(), 1);
      const third = await newAdmin(server);
      assert.equal((await server.delete(`/users/${last.id}`, { token: third.token })).status, 204);
    } finally {
      await server.stop();
    }
  });
});

describe('one\'s own account', () => {
  let server, me, stranger;
  before(async () => {
    server = await startServer({ env: { LOG_FORMAT: 'json' } });
    me = await newUser(server);
    stranger = await newUser(server);
  });
  after(() => server?.stop());

  test('is exported as a ZIP archive of JSON, without secrets', async () => {
    const key = (await server.post('/auth/keys', { token: me.token, json: { name: 'Über "alles"', scopes: 'content:read' } })).json();
    const contents = [];
    for (let i = 0; i < 3; i += 1) contents.push(await upload(server, me.token, SOUND, { title: `title ${i}` }));
    await upload(server, stranger.token, SOUND, { title: 'of somebody else' });
    const answer = await server.get('/users/me/export', { token: me.token });
    assert.equal(answer.status, 200, answer.text());
    assert.equal(answer.headers['content-type'], 'application/zip');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.match(answer.headers['content-disposition'], /^attachment; filename="clinikk-tv-account\.zip"$/);
    const file = path.join(server.dataDir, 'export.zip');
    await writeFile(file, answer.body);
    await run('unzip', ['-tq', file]);
    const names = (await run('unzip', ['-Z1', file])).stdout.trim().split('\n');
    const files = {};
    for (const name of names) files[name] = JSON.parse((await run('unzip', ['-p', file, name])).stdout);
    const stdout = JSON.stringify(files);
    assert.deepEqual(Object.keys(files).sort(), ['account.json', 'contents.json', 'keys.json', 'sessions.json']);
    assert.deepEqual(files['account.json'], (await server.get('/auth/me', { token: me.token })).json());
    assert.deepEqual(files['sessions.json'], (await server.get('/auth/sessions', { token: me.token })).json());
    assert.deepEqual(files['keys.json'].map(({ id }) => id), [key.id]);
    assert.ok(!stdout.includes(key.key) && !stdout.includes('argon2'));
    assert.deepEqual(files['contents.json'].map(({ title }) => title).sort(), contents.map(({ title }) => title));
  });

  test('an export has all of many contents, and none of an account without any', async () => {
    const who = await newUser(server);
    const zipped = async () => {
      const file = path.join(server.dataDir, 'many.zip');
      await writeFile(file, (await server.get('/users/me/export', { token: who.token })).body);
      const { stdout } = await run('unzip', ['-p', file, 'contents.json'], { maxBuffer: 1e8 });
      return JSON.parse(stdout);
    };
    assert.deepEqual(await zipped(), []);
    await upload(server, who.token, SOUND);
    const columns = 'title, description, content_type, owner_id, visibility, status, created_at, updated_at';
    const fresh = process.env.TEST_POSTGRES_URL ? 'gen_random_uuid()' : 'randomblob(16)';
    for (let i = 0; i < 8; i += 1) await sql(server.dataDir, `INSERT INTO contents (id, ${columns}) SELECT ${fresh}, ${columns} FROM contents WHERE owner_id = (SELECT id FROM users WHERE email = '${who.email}')`);
    assert.equal(new Set((await zipped()).map(({ id }) => id)).size, 256);
  });

  test('exports are bounded while their clients read them', { timeout: 180_000 }, async () => {
    const fresh = process.env.TEST_POSTGRES_URL ? 'gen_random_uuid()' : 'randomblob(16)';
    const noise = process.env.TEST_POSTGRES_URL
      ? "(SELECT string_agg(md5(random()::text || n || g), '') FROM generate_series(1, 150) g)" : 'hex(randomblob(2400))';
    const columns = 'title, content_type, owner_id, visibility, status, created_at, updated_at';
    const people = [];
    for (let i = 0; i < 5; i += 1) {
      const who = await newUser(server);
      people.push(who);
      if (i === 4) continue; // it gets none
      await upload(server, who.token, SOUND, { title: 'the first' });
      // Contents whose descriptions cannot be compressed to less than half: more than the buffers of a socket hold.
      const rows = `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2500)
        INSERT INTO contents (id, description, ${columns}) SELECT ${fresh}, ${noise}, ${columns} FROM contents, c
        WHERE owner_id = (SELECT id FROM users WHERE email = '${who.email}')`;
      await sql(server.dataDir, rows);
    }
    const wires = [];
    const begin = async (who) => {
      const wire = await server.wire();
      wires.push(wire);
      const begun = new Promise((resolve) => wire.socket.once('data', () => resolve(wire.pause())));
      await wire.write(`GET /users/me/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${who.token}\r\n\r\n`);
      await begun;
      assert.match(wire.pending.toString('latin1', 0, 12), /^HTTP\/1.1 200/);
    };
    const assertFull = async (who) => {
      const answer = await server.get('/users/me/export', { token: who.token });
      assertRefused(answer, 503, 'unavailable');
      assert.equal(answer.headers['retry-after'], '5');
    };
    try {
      await begin(people[0]);
      await assertFull(people[0]); // one for each account
      assert.equal((await server.get('/users/me/export', { token: people[1].token })).status, 200, 'others may have theirs');
      for (const who of people.slice(1, 4)) await begin(who);
      await assertFull(people[4]); // four in all
    } finally {
      for (const wire of wires) wire.destroy();
    }
    await eventually(async () => (await server.get('/users/me/export', { token: people[4].token })).status === 200, 'a place is not free again');
  });

  test('is removed by its password alone', async () => {
    const who = await newUser(server);
    const { id } = await upload(server, who.token, SOUND);
    const remove = (json, token = who.token) => server.delete('/users/me', { token, json });
    assertRefused(await remove({ password: PASSWORD }, 'x'), 401, 'not_authenticated');
    assertRefused(await remove({ password: 'not the one', contents: 'delete' }), 403, 'password_wrong');
    assertRefused(await remove({ password: PASSWORD }), 422, 'account_has_contents');
    for (const json of [{}, { contents: 'delete' }, { password: PASSWORD, contents: 'reassign' }, { password: PASSWORD, contents: 'delete', to: me.id }, { password: PASSWORD, user_id: me.id }]) {
      assertRefused(await remove(json), 422, 'validation_failed');
    }
    assert.ok(await isIn(server, who));
    assert.equal((await remove({ password: PASSWORD, contents: 'delete' })).status, 204);
    assert.ok(!(await isIn(server, who)));
    assert.equal((await server.get(`/content/${id}`)).status, 404);
    assertRefused(await server.post('/auth/token', { json: { email: who.email, password: PASSWORD } }), 401, 'credentials_invalid');
    assert.ok(await isIn(server, me));
    assert.match(server.log, /"account\.removed"/);
  });

  test('may leave its contents behind', async () => {
    const who = await newUser(server);
    const { id } = await upload(server, who.token, SOUND);
    assert.equal((await server.delete('/users/me', { token: who.token, json: { password: PASSWORD, contents: 'keep' } })).status, 204);
    assert.equal((await server.get(`/content/${id}`)).json().owner_id, null);
    assert.ok((await listAll(server)).some((content) => content.id === id));
    assertRefused(await server.delete(`/content/${id}`, { token: me.token }), 403, 'forbidden');
  });
});
