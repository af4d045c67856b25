// Uploads past the service last long: whoever may no longer upload by the time of a call may not make it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { login, newUser } from '../support/client.js';
import { sql } from '../support/database.js';
import { assertClean, begin, begun, complete, sendParts } from '../support/direct_upload.js';
import { sha256, wav } from '../support/media.js';
import { eventually, runProgram } from '../support/program.js';
import { SOURCE, startPeer, waitFor } from '../support/s3_peer.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

describe('in the middle of a direct upload', () => {
  let s3, peer, server;
  const contents = [];

  before(async () => {
    s3 = await startS3();
    peer = await startPeer(s3);
    server = await startServer({ env: s3.settings({ AWS_ENDPOINT_URL: peer.url }) });
  });
  after(async () => {
    await server?.stop();
    await peer?.stop();
    await s3?.stop();
  });

  const env = () => s3.settings({ DATA_DIR: server.dataDir });

  async function user(...args) {
    const { code, stderr } = await runProgram(['user', ...args], { cwd: server.dataDir, env: env() });
    assert.equal(code, 0, stderr);
  }

  /** Completes while `meanwhile` happens before the object is read; the answer. */
  async function completeWhile(token, made, parts, meanwhile) {
    peer.heal();
    let open;
    peer.break('GET', SOURCE, waitFor(new Promise((resolve) => (open = resolve))), 1);
    const under = complete(server, token, made, parts);
    await eventually(() => peer.seen.some((line) => line.startsWith('GET ') && SOURCE.test(line)), 'it never came to that');
    await meanwhile();
    open();
    return under;
  }

  for (const [what, meanwhile, status, code] of [
    ['its account is disabled', ({ email }) => user('disable', email), 401, 'not_authenticated'],
    ['its account is made viewer', ({ email }) => user('role', email, 'viewer'), 401, 'not_authenticated'],
    ['its account is made viewer and keeps the session', ({ email }) => sql(server.dataDir, `UPDATE users SET role = 'viewer' WHERE email = '${email}'`), 403, 'forbidden'],
  ]) {
    test(`${what}: the completion publishes nothing, and the collector leaves nothing`, async () => {
      const who = await newUser(server);
      const bytes = wav(9 * 1024 * 1024, 1);
      const made = await begun(server, who.token, bytes);
      const parts = await sendParts(made, bytes);
      const answer = await completeWhile(who.token, made, parts, () => meanwhile(who));
      assert.equal(answer.status, status, answer.text());
      assert.equal(answer.json().code, code);
      assert.equal((await server.get(`/content/${made.content_id}`)).status, 404);
      for (const call of [
        () => begin(server, who.token, 1000),
        () => server.get(`/uploads/${made.id}`, { token: who.token }),
        () => server.post(`/uploads/${made.id}/parts`, { token: who.token, json: { from: 1 } }),
        () => complete(server, who.token, made, parts),
        () => server.delete(`/uploads/${made.id}`, { token: who.token }),
      ]) assert.equal((await call()).status, status);
      await sql(server.dataDir, `UPDATE uploads SET expires_at = created_at, lease_until = created_at`);
      const gc = await runProgram(['gc'], { env: env(), cwd: server.dataDir });
      assert.match(gc.stdout, /removed 1 uploads/, gc.stderr);
      await assertClean(s3, server, contents);
    });
  }

  test('its session is ended, and another one begun: the upload goes on', async () => {
    const who = await newUser(server);
    const bytes = wav(9 * 1024 * 1024, 2);
    const made = await begun(server, who.token, bytes);
    const parts = await sendParts(made, bytes);
    const answer = await completeWhile(who.token, made, parts, async () => {
      await user('disable', who.email);
      await user('enable', who.email);
    });
    assert.equal(answer.status, 401, answer.text());
    const done = await complete(server, await login(server, who.email), made, parts, { sha256: sha256(bytes) });
    assert.equal(done.status, 201, done.text());
    contents.push(done.json());
    await assertClean(s3, server, contents);
  });

  test('an administrator who is one no longer publishes nothing of others, whose upload goes on', async () => {
    const [owner, boss] = [await newUser(server), await newUser(server)];
    await sql(server.dataDir, `UPDATE users SET role = 'admin' WHERE email = '${boss.email}'`);
    const bytes = wav(9 * 1024 * 1024, 3);
    const made = await begun(server, owner.token, bytes);
    const parts = await sendParts(made, bytes);
    const answer = await completeWhile(boss.token, made, parts, () => sql(server.dataDir, `UPDATE users SET role = 'editor' WHERE email = '${boss.email}'`));
    assert.equal(answer.status, 403, answer.text());
    const done = await complete(server, owner.token, made, parts);
    assert.equal(done.status, 201, done.text());
    contents.push(done.json());
    await assertClean(s3, server, contents);
  });
});
