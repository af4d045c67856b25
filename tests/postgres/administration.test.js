// What an administrator changes through one process counts in every other from its next request on.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD } from '../support/client.js';
import { sql } from '../support/database.js';
import { temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

describe('two processes', () => {
  let dataDir, here, there, admin;
  before(async () => {
    dataDir = await temporaryDirectory();
    [here, there] = await Promise.all([startServer({ dataDir }), startServer({ dataDir })]);
    admin = await newUser(here);
    await sql(dataDir, `UPDATE users SET role = 'admin' WHERE email = '${admin.email}'`);
  });
  after(async () => {
    await Promise.all([here, there].map((server) => server?.stop()));
    await rm(dataDir, { recursive: true, force: true });
  });

  const newKey = async (server, { token }, scopes) => {
    const answer = await server.post('/auth/keys', { token, json: { name: 'key', scopes } });
    assert.equal(answer.status, 201, answer.text());
    return answer.json();
  };
  const change = async ({ id }, json) => {
    const answer = await here.patch(`/users/${id}`, { token: admin.token, json });
    assert.equal(answer.status, 200, answer.text());
  };
  const status = async (token, target = '/auth/me') => (await there.get(target, { token })).status;

  test('a role counts at the next request, of sessions and of keys', async () => {
    const who = await newUser(there);
    await change(who, { role: 'admin' });
    who.token = await login(there, who.email);
    const { key } = await newKey(there, who, 'users:admin');
    for (let round = 0; round < 5; round += 1) {
      assert.equal(await status(who.token, '/users'), 200);
      assert.equal(await status(key, '/users'), 200);
      await change(who, { role: 'viewer' });
      assert.equal(await status(who.token, '/users'), 401, 'the session has ended');
      assert.equal(await status(key, '/users'), 403, 'the key has the role of its owner');
      await change(who, { role: 'admin' });
      who.token = await login(there, who.email);
    }
  });

  test('disabling counts at the next request, and enabling lets the keys in again', async () => {
    const who = await newUser(there);
    await change(who, { role: 'admin' });
    who.token = await login(there, who.email);
    const { key } = await newKey(there, who, 'users:admin');
    for (let round = 0; round < 5; round += 1) {
      assert.equal(await status(key, '/users'), 200);
      await change(who, { is_active: false });
      assert.equal(await status(key, '/users'), 401);
      assert.equal(await status(who.token), 401);
      assert.equal((await there.post('/auth/token', { json: { email: who.email, password: PASSWORD } })).status, 401);
      await change(who, { is_active: true });
    }
  });

  test('a key that is deleted here is refused there', async () => {
    const who = await newUser(here);
    await change(who, { role: 'admin' });
    who.token = await login(here, who.email);
    const { id, key } = await newKey(here, who, 'users:admin');
    assert.equal(await status(key, '/users'), 200);
    assert.equal((await here.delete(`/auth/keys/${id}`, { token: who.token })).status, 204);
    assert.equal(await status(key, '/users'), 401);
    await change(who, { role: 'viewer' });
  });

  test('two administrators who demote each other through two processes leave one', async () => {
    await sql(dataDir, "UPDATE users SET role = 'viewer' WHERE role = 'admin'");
    const pair = [await newUser(here), await newUser(there)];
    for (let round = 0; round < 20; round += 1) {
      for (const who of pair) {
        await sql(dataDir, `UPDATE users SET role = 'admin', is_active = true WHERE email = '${who.email}'`);
        who.token = await login(here, who.email);
      }
      const answers = await Promise.all([
        here.patch(`/users/${pair[1].id}`, { token: pair[0].token, json: round % 2 ? { role: 'editor' } : { is_active: false } }),
        there.patch(`/users/${pair[0].id}`, { token: pair[1].token, json: { role: 'viewer' } }),
      ]);
      assert.equal(answers.filter((answer) => answer.status === 200).length, 1, answers.map((answer) => answer.text()).join());
      assert.equal(await sql(dataDir, "SELECT COUNT(*) FROM users WHERE role = 'admin' AND is_active"), '1');
    }
  });

  test('an account has a hundred keys, through however many processes they are made', async () => {
    const who = await newUser(here);
    let made = 0;
    for (let round = 0; round < 7; round += 1) {
      const answers = await Promise.all(Array.from({ length: 16 }, (_, i) => (i % 2 ? here : there).post('/auth/keys', { token: who.token, json: { name: 'x', scopes: 'content:read' } })));
      made += answers.filter((answer) => answer.status === 201).length;
      for (const answer of answers) assert.ok([201, 409, 503].includes(answer.status), answer.text());
    }
    assert.equal(made, 100);
    assert.equal(await sql(dataDir, `SELECT COUNT(*) FROM api_keys WHERE user_id = '${who.id}'`), '100');
  });
});
