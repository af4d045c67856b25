// A request acts long after its head was authorised, when its body came slowly. What it does is asked for again then.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser, PASSWORD, upload, uploadParts } from '../../support/client.js';
import { sql } from '../../support/database.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { wav } from '../../support/media.js';
import { multipart } from '../../support/multipart.js';
import { eventually, postgresUrl, runProgram } from '../../support/program.js';
import { startServer } from '../../support/server.js';

describe('in the middle of a request', () => {
  let server, bytes;
  before(async () => {
    server = await startServer();
    bytes = wav(3 * 1024 * 1024, 1);
  });
  after(() => server?.stop());

  async function change(args, input = '') {
    const { code, stderr } = await runProgram(['user', ...args], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir }, input });
    assert.equal(code, 0, stderr);
  }

  /** What may happen to an account, and how a request that comes then is answered. */
  const CHANGES = [
    ['an account is disabled', ({ email }) => change(['disable', email]), 401, 'not_authenticated'],
    ['an account is made viewer', ({ email }) => change(['role', email, 'viewer']), 401, 'not_authenticated'],
    ['a password is changed, which ends the sessions', ({ email }) => change(['passwd', email], `${PASSWORD} 2\n`), 401, 'not_authenticated'],
    ['an account is made viewer and keeps its session', ({ email }) => sql(server.dataDir, `UPDATE users SET role = 'viewer' WHERE email = '${email}'`), 403, 'forbidden'],
  ];

  /** Sends head and half of the body, lets `meanwhile` happen, and sends the rest; the answer. */
  async function inTheMiddle({ method, target, token, type, body }, begun, meanwhile) {
    const wire = await server.wire();
    const half = Math.floor(body.length / 2);
    await wire.write(`${method} ${target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`);
    await wire.write(body.subarray(0, half));
    await begun(wire);
    await meanwhile();
    await wire.write(body.subarray(half));
    const answer = await wire.finalAnswer({ method, timeout: 30_000 });
    wire.destroy();
    return answer;
  }

  const rows = async (table) => Number(await sql(server.dataDir, `SELECT COUNT(*) FROM ${table}`));

  async function uploading(who, meanwhile) {
    const form = multipart(uploadParts(bytes));
    const begun = () => eventually(async () => (await rows('uploads')) > 0, 'the upload has not begun');
    return inTheMiddle({ method: 'POST', target: '/content', token: who.token, ...form }, begun, meanwhile);
  }

  test('an API key is deleted: its upload becomes nothing', async () => {
    const who = await newUser(server);
    const made = await server.post('/auth/keys', { token: who.token, json: { name: 'import', scopes: 'content:write' } });
    const { id, key } = made.json();
    const before = [await rows('contents'), await rows('objects')];
    const answer = await uploading({ token: key }, async () => {
      assert.equal((await server.delete(`/auth/keys/${id}`, { token: who.token })).status, 204);
    });
    assert.equal(answer.status, 401, answer.text());
    assert.equal(answer.json().code, 'not_authenticated');
    assert.deepEqual([await rows('contents'), await rows('objects')], before);
    await assertNothingLeftBehind(server);
  });

  for (const [what, meanwhile, status, code] of CHANGES) {
    test(`${what}: its upload becomes nothing`, async () => {
      const who = await newUser(server);
      const before = [await rows('contents'), await rows('objects'), await rows('outbox')];
      const answer = await uploading(who, () => meanwhile(who));
      assert.equal(answer.status, status, answer.text());
      assert.equal(answer.json().code, code);
      assert.deepEqual([await rows('contents'), await rows('objects'), await rows('outbox')], before);
      assert.equal(await rows('uploads'), 0);
      await assertNothingLeftBehind(server);
    });

    test(`${what}: its change changes nothing`, async () => {
      const who = await newUser(server);
      const content = await upload(server, who.token, wav(1000, 2));
      const request = { method: 'PUT', target: `/content/${content.id}`, token: who.token, type: 'application/json', body: Buffer.from('{"title":"Another title"}') };
      // Its head has been read and authorised by then.
      const answer = await inTheMiddle(request, (wire) => wire.quiet(300), () => meanwhile(who));
      assert.equal(answer.status, status, answer.text());
      assert.equal(answer.json().code, code);
      assert.equal((await server.get(`/content/${content.id}`)).json().title, content.title);
    });
  }

  test('a session that only expires does no harm: uploads may take longer than tokens last', async () => {
    const who = await newUser(server);
    const now = postgresUrl(server.dataDir) ? 'now()' : "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)";
    const answer = await uploading(who, () => sql(server.dataDir, `UPDATE sessions SET expires_at = ${now}`));
    assert.equal(answer.status, 201, answer.text());
    assert.equal((await server.get('/auth/me', { token: who.token })).status, 401);
    await assertNothingLeftBehind(server);
  });

  test('an administrator who is one no longer changes nothing of others', async () => {
    const [owner, boss] = [await newUser(server), await newUser(server)];
    await sql(server.dataDir, `UPDATE users SET role = 'admin' WHERE email = '${boss.email}'`);
    const content = await upload(server, owner.token, wav(1000, 3));
    const request = { method: 'PUT', target: `/content/${content.id}`, token: boss.token, type: 'application/json', body: Buffer.from('{"title":"Another title"}') };
    const answer = await inTheMiddle(request, (wire) => wire.quiet(300), () => sql(server.dataDir, `UPDATE users SET role = 'editor' WHERE email = '${boss.email}'`));
    assert.equal(answer.status, 403, answer.text());
    assert.equal((await server.get(`/content/${content.id}`)).json().title, content.title);
  });
});
