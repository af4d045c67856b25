// Several processes on one PostgreSQL database are one service.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser, PASSWORD, upload } from '../support/client.js';
import { sql } from '../support/database.js';
import { wav } from '../support/media.js';
import { temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const PROCESSES = 6;

describe('processes on one database', () => {
  let dataDir, servers = [], me;
  before(async () => {
    dataDir = await temporaryDirectory();
    // All at once on an empty database.
    servers = await Promise.all(Array.from({ length: PROCESSES }, () => startServer({ dataDir, env: { POSTGRES_CONNECTIONS: 4 } })));
    me = await newUser(servers[0]);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(dataDir, { recursive: true, force: true });
  });

  test('make the schema once', async () => {
    assert.equal(await sql(dataDir, 'SELECT count(*) = max(version) FROM schema_version'), 't');
  });

  test('register an address once', async () => {
    for (let round = 0; round < 5; ++round) {
      const json = { email: `same.${round}@example.com`, password: PASSWORD };
      const answers = await Promise.all(servers.map((server) => server.post('/auth/register', { json })));
      const statuses = answers.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [201, ...Array(PROCESSES - 1).fill(409)]);
    }
  });

  test('lose no change, and see each other\'s at once', async () => {
    const { id } = await upload(servers[0], me.token, wav(1000));
    const changes = servers.flatMap((server, i) => [
      server.put(`/content/${id}`, { token: me.token, form: { [i % 2 ? 'title' : 'description']: `from ${i}` } }),
    ]);
    for (const answer of await Promise.all(changes)) assert.equal(answer.status, 200, answer.text());
    const content = (await servers[0].get(`/content/${id}`)).json();
    assert.match(content.title, /^from [135]$/);
    assert.match(content.description, /^from [024]$/);
    for (const [i, server] of servers.entries()) {
      await server.put(`/content/${id}`, { token: me.token, form: { title: `now ${i}` } });
      const next = servers[(i + 1) % PROCESSES];
      assert.equal((await next.get(`/content/${id}`)).json().title, `now ${i}`);
      assert.equal((await next.get('/content')).json()[0].title, `now ${i}`);
    }
    const deletions = await Promise.all(servers.map((server) => server.delete(`/content/${id}`, { token: me.token })));
    assert.deepEqual(deletions.map(({ status }) => status).sort(), [200, ...Array(PROCESSES - 1).fill(404)]);
  });

  test('serve many clients over few connections', async () => {
    const { id } = await upload(servers[0], me.token, wav(1000));
    const answers = await Promise.all(Array.from({ length: 600 }, () => servers[0].get(`/content/${id}`)));
    for (const answer of answers) assert.equal(answer.status, 200);
    const open = await sql(dataDir, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'clinikk-tv'");
    assert.ok(Number(open) <= PROCESSES * 4, open);
  });
});
