// The audit log of uploads that go to the bucket directly; tests/api/audit.test.js has all other operations.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { login, newUser } from '../support/client.js';
import { sql } from '../support/database.js';
import { begun, complete, sendParts } from '../support/direct_upload.js';
import { wav } from '../support/media.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

describe('the audit log of direct uploads', () => {
  let s3, server, me, admin;
  before(async () => {
    s3 = await startS3();
    server = await startServer({ env: s3.settings() });
    [me, admin] = [await newUser(server), await newUser(server)];
    await sql(server.dataDir, `UPDATE users SET role = 'admin' WHERE email = '${admin.email}'`);
    admin.token = await login(server, admin.email);
  });
  after(async () => {
    await server?.stop();
    await s3?.stop();
  });

  const actions = async (target) => (await server.get(`/audit?target=${target}`, { token: admin.token })).json().map(({ action, actor_id: who }) => [action, who]);

  test('has their beginning and their end', async () => {
    const bytes = wav(100_000, 1);
    const made = await begun(server, me.token, bytes);
    const answer = await complete(server, me.token, made, await sendParts(made, bytes));
    assert.equal(answer.status, 201, answer.text());
    // Upload and content share one id.
    assert.deepEqual(await actions(made.id), [['content.created', me.id], ['upload.begun', me.id]]);
    // A new source of it is an event of the content, and its upload has an id of its own.
    const replacement = await begun(server, me.token, wav(90_000, 2), { replaces: made.id });
    const replaced = await complete(server, me.token, replacement, await sendParts(replacement, wav(90_000, 2)));
    assert.equal(replaced.status, 201, replaced.text());
    assert.deepEqual((await actions(made.id))[0], ['content.source_replaced', me.id]);
    assert.deepEqual(await actions(replacement.id), [['upload.begun', me.id]]);
    const cancelled = await begun(server, me.token, bytes);
    assert.equal((await server.delete(`/uploads/${cancelled.id}`, { token: me.token })).status, 200);
    assert.deepEqual(await actions(cancelled.id), [['upload.aborted', me.id], ['upload.begun', me.id]]);
  });
});
