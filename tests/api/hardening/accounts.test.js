// `clinikk-tv user …` beside a running server: what it changes holds at once.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD, upload, uploadParts } from '../../support/client.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { wav } from '../../support/media.js';
import { runProgram } from '../../support/program.js';
import { startServer } from '../../support/server.js';

describe('accounts', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  const user = (args, input = '') => runProgram(['user', ...args], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir }, input });

  async function done(args, input) {
    const { code, stdout, stderr } = await user(args, input);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  test('add makes one that can log in', async () => {
    const stdout = await done(['add', 'admin@example.com', '--role', 'admin'], `${PASSWORD}\n`);
    assert.match(stdout, /admin@example\.com/);
    const token = await login(server, 'admin@example.com');
    assert.equal((await server.get('/auth/me', { token })).json().role, 'admin');
  });

  for (const [what, args, input] of [
    ['an address that is taken', ['add', 'admin@example.com'], `${PASSWORD}\n`],
    ['no address', ['add', 'nonsense'], `${PASSWORD}\n`],
    ['a short password', ['add', 'short@example.com'], 'short\n'],
    ['no password', ['add', 'none@example.com'], ''],
    ['a role that nobody knows', ['add', 'king@example.com', '--role', 'king'], `${PASSWORD}\n`],
    ['somebody unknown', ['disable', 'nobody@example.com'], ''],
    ['a role for somebody unknown', ['role', 'nobody@example.com', 'viewer'], ''],
  ]) {
    test(`${what} is refused with one line`, async () => {
      const { code, stdout, stderr } = await user(args, input);
      assert.ok(code > 0, `code ${code}`);
      assert.equal(stdout, '');
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.ok(!stderr.includes(PASSWORD));
    });
  }

  test('list shows all, and no secret', async () => {
    const { email, id } = await newUser(server);
    const stdout = await done(['list']);
    const lines = stdout.trim().split('\n');
    assert.ok(lines.some((line) => line.includes(email) && line.includes(id) && line.includes('editor')));
    assert.ok(lines.some((line) => line.includes('admin@example.com') && line.includes('admin')));
    assert.doesNotMatch(stdout, /argon2/);
  });

  test('a viewer may look and play, not upload or change', async () => {
    const owner = await newUser(server);
    const content = await upload(server, owner.token, wav());
    const viewer = await newUser(server);
    await done(['role', viewer.email, 'viewer']);
    const token = await login(server, viewer.email);
    assert.equal((await server.get('/auth/me', { token })).json().role, 'viewer');
    assert.equal((await server.get(`/content/${content.id}/stream`, { token })).status, 200);
    for (const answer of [
      await server.post('/content', { token, multipart: uploadParts(wav()) }),
      await server.put(`/content/${content.id}`, { token, form: { title: 'x' } }),
      await server.delete(`/content/${content.id}`, { token }),
    ]) {
      assert.equal(answer.status, 403);
      assert.equal(answer.json().code, 'forbidden');
    }
  });

  test('an admin may change and delete what is others\'', async () => {
    const owner = await newUser(server);
    const content = await upload(server, owner.token, wav());
    const token = await login(server, 'admin@example.com');
    const changed = await server.put(`/content/${content.id}`, { token, form: { title: 'Edited' } });
    assert.equal(changed.status, 200);
    assert.equal(changed.json().owner_id, owner.id, 'it stays its owner\'s');
    assert.equal((await server.delete(`/content/${content.id}`, { token })).status, 200);
    await assertNothingLeftBehind(server);
  });

  test('a role holds at once, also for tokens given out before', async () => {
    const me = await newUser(server);
    await done(['role', me.email, 'viewer']);
    const answer = await server.post('/content', { token: me.token, multipart: uploadParts(wav()) });
    assert.ok([401, 403].includes(answer.status), answer.text());
  });

  test('disable locks out at once, and what was theirs stays', async () => {
    const me = await newUser(server);
    const content = await upload(server, me.token, wav());
    await done(['disable', me.email]);
    assert.equal((await server.get('/auth/me', { token: me.token })).status, 401);
    const refused = await server.post('/auth/token', { json: { email: me.email, password: PASSWORD } });
    assert.equal(refused.status, 401);
    assert.equal(refused.json().code, 'credentials_invalid');
    assert.equal((await server.get(`/content/${content.id}`)).status, 200);
    await done(['enable', me.email]);
    assert.ok(await login(server, me.email));
  });

  test('passwd replaces the password and ends the sessions', async () => {
    const me = await newUser(server);
    await done(['passwd', me.email], 'another good password\n');
    assert.equal((await server.get('/auth/me', { token: me.token })).status, 401);
    assert.equal((await server.post('/auth/token', { json: { email: me.email, password: PASSWORD } })).status, 401);
    assert.ok(await login(server, me.email, 'another good password'));
  });
});
