// Registration: open, by invitation, or closed; and the invites of administrators.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD } from '../support/client.js';
import { sql } from '../support/database.js';
import { runProgram } from '../support/program.js';
import { startServer } from '../support/server.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';
let people = 0;

const register = (server, invite, email = `guest${++people}@example.org`) =>
  server.post('/auth/register', { json: { email, password: PASSWORD, ...(invite === undefined ? {} : { invite }) } });

/** An account of a role, made on the command line, since registration may be closed. */
async function account(server, role) {
  const email = `${role}${++people}@example.org`;
  const made = await runProgram(['user', 'add', email, '--role', role], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir }, input: `${PASSWORD}\n` });
  assert.equal(made.code, 0, made.stderr);
  return { email, token: await login(server, email) };
}

function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  assert.equal(answer.json().code, code);
}

describe('registration by invitation', () => {
  let server, admin;
  before(async () => {
    server = await startServer({ env: { REGISTRATION: 'invite', REGISTRATION_ROLE: 'viewer', INVITE_URL: 'https://app.example.com/join#{token}' } });
    admin = await account(server, 'admin');
  });
  after(() => server?.stop());

  const invite = async (wanted = { role: 'editor' }) => {
    const answer = await server.post('/invites', { token: admin.token, json: wanted });
    assert.equal(answer.status, 201, answer.text());
    return answer.json();
  };
  const open = async () => (await server.get('/invites', { token: admin.token })).json();

  test('an invite makes one account, with its role', async () => {
    for (const role of ['viewer', 'editor', 'admin']) {
      const { token, url, id } = await invite({ role });
      assert.match(token, /^[A-Za-z0-9_-]{43}$/);
      assert.equal(url, `https://app.example.com/join#${token}`);
      assert.ok((await open()).some((listed) => listed.id === id));
      const made = await register(server, token);
      assert.equal(made.status, 201, made.text());
      assert.equal(made.json().role, role);
      assert.ok(!(await open()).some((listed) => listed.id === id));
      assertRefused(await register(server, token), 403, 'invite_invalid');
    }
  });

  test('nobody registers without one', async () => {
    assertRefused(await register(server), 403, 'registration_closed');
    for (const token of ['x', 'A'.repeat(43), "' OR 1=1 --"]) assertRefused(await register(server, token), 403, 'invite_invalid');
    assert.equal((await register(server, '')).status, 422);
    assert.equal((await register(server, 'x'.repeat(201))).status, 422);
  });

  test('of many who use an invite at once one gets the account', async () => {
    const { token } = await invite();
    const answers = await Promise.all(Array.from({ length: 4 }, () => register(server, token)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 403, 403, 403]);
  });

  test('a registration that fails leaves its invite', async () => {
    const { token } = await invite();
    assertRefused(await register(server, token, admin.email), 409, 'email_taken');
    assert.equal((await register(server, token)).status, 201);
  });

  test('ends at its time, and when it is withdrawn', async () => {
    const late = await invite({ role: 'viewer', expires_in: 60 });
    assert.ok(Math.abs(new Date(late.expires_at) - Date.now() - 60_000) < 10_000);
    assert.ok(Math.abs(new Date((await invite()).expires_at) - Date.now() - 7 * 86_400_000) < 60_000);
    await sql(server.dataDir, `UPDATE invites SET expires_at = created_at`);
    assertRefused(await register(server, late.token), 403, 'invite_invalid');
    assert.deepEqual(await open(), []);
    const withdrawn = await invite();
    const remove = (token, id = withdrawn.id) => server.request('DELETE', `/invites/${id}`, { token });
    assert.equal((await remove(admin.token)).status, 204);
    assertRefused(await remove(admin.token), 404, 'invite_not_found');
    assertRefused(await remove(admin.token, NOBODY), 404, 'invite_not_found');
    assertRefused(await register(server, withdrawn.token), 403, 'invite_invalid');
  });

  test('is for administrators, and for their keys with users:admin', async () => {
    for (const role of ['viewer', 'editor']) {
      const { token } = await account(server, role);
      assertRefused(await server.post('/invites', { token, json: { role: 'admin' } }), 403, 'forbidden');
      assertRefused(await server.get('/invites', { token }), 403, 'forbidden');
      assertRefused(await server.request('DELETE', `/invites/${(await invite()).id}`, { token }), 403, 'forbidden');
    }
    assertRefused(await server.post('/invites', { json: { role: 'admin' } }), 401, 'not_authenticated');
    const keyFor = async (scopes) => (await server.post('/auth/keys', { token: admin.token, json: { name: scopes, scopes } })).json().key;
    assert.equal((await server.post('/invites', { token: await keyFor('users:admin'), json: { role: 'viewer' } })).status, 201);
    assertRefused(await server.post('/invites', { token: await keyFor('content:write'), json: { role: 'viewer' } }), 403, 'insufficient_scope');
  });

  test('takes only what it says', async () => {
    for (const json of [{}, { role: 'god' }, { role: 'viewer', expires_in: 59 }, { role: 'viewer', expires_in: 90 * 86_400 + 1 }, { role: 'viewer', token: 'x' }]) {
      assertRefused(await server.post('/invites', { token: admin.token, json }), 422, 'validation_failed');
    }
  });

  test('at most a thousand are open', async () => {
    const number = server.dataDir && (await sql(server.dataDir, 'SELECT count(*) FROM invites'));
    assert.ok(Number(number) < 1000);
    const answers = [];
    while (answers.length <= 1000 && answers.at(-1) !== 409) {
      const batch = await Promise.all(Array.from({ length: 20 }, () => server.post('/invites', { token: admin.token, json: { role: 'viewer' } })));
      answers.push(...batch.map(({ status }) => status).sort());
    }
    assert.equal(answers.at(-1), 409);
    assert.equal((await open()).length, 100);
    await sql(server.dataDir, 'DELETE FROM invites');
  });
});

test('closed registration makes no accounts, not even by an invite from before', async () => {
  const server = await startServer({ env: { REGISTRATION: 'closed' } });
  try {
    const admin = await account(server, 'admin');
    assertRefused(await register(server), 403, 'registration_closed');
    assertRefused(await register(server, 'x'), 403, 'registration_closed');
    assertRefused(await server.post('/invites', { token: admin.token, json: { role: 'viewer' } }), 403, 'registration_closed');
  } finally {
    await server.stop();
  }
});

test('open registration takes invites too', async () => {
  const server = await startServer({ env: { REGISTRATION_ROLE: 'viewer' } });
  try {
    const admin = await account(server, 'admin');
    assert.equal((await newUser(server)).user.role, 'viewer');
    const { token, url } = (await server.post('/invites', { token: admin.token, json: { role: 'editor' } })).json();
    assert.equal(url, null);
    assert.equal((await register(server, token)).json().role, 'editor');
  } finally {
    await server.stop();
  }
});
