// Several processes on one PostgreSQL database are one service.

import assert from 'node:assert/strict';
import { readdir, readlink, rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser, PASSWORD, upload } from '../support/client.js';
import { sql } from '../support/database.js';
import { wav } from '../support/media.js';
import { eventually, postgresUrl, runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { TcpProxy } from '../support/tcp_proxy.js';

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

test('ten that migrate at once do it once', async () => {
  const dataDir = await temporaryDirectory();
  postgresUrl(dataDir);
  const ended = await Promise.all(Array.from({ length: 10 }, () => runProgram(['migrate'], { env: { DATA_DIR: dataDir }, timeout: 60_000 })));
  for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
  const steps = ended.map(({ stdout, stderr }) => (stdout + stderr).match(/schema\.migrated/g)?.length ?? 0).filter((count) => count > 0);
  assert.equal(steps.length, 1, 'one of them did all of it');
  assert.equal(await sql(dataDir, 'SELECT count(*) = max(version) FROM schema_version'), 't');
  await rm(dataDir, { recursive: true, force: true });
});

describe('four processes under mixed work', () => {
  const COUNT = 4;
  let dataDir, servers = [], me;
  before(async () => {
    dataDir = await temporaryDirectory();
    servers = await Promise.all(Array.from({ length: COUNT }, () => startServer({ dataDir })));
    me = await newUser(servers[0]);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(dataDir, { recursive: true, force: true });
  });

  test('lose no update, and nothing comes back that was deleted', { timeout: 120_000 }, async () => {
    const kept = [];
    const deleted = [];
    await Promise.all(Array.from({ length: 8 }, async (_, client) => {
      for (let round = 0; round < 6; ++round) {
        const at = (step) => servers[(client + round + step) % COUNT];
        const { id } = await upload(at(0), me.token, wav(200 + client));
        // Two processes change two members at the same time: both changes stay.
        const title = `title ${client}.${round}`;
        const description = `description ${client}.${round}`;
        const changed = await Promise.all([
          at(1).put(`/content/${id}`, { token: me.token, json: { title } }), at(2).put(`/content/${id}`, { token: me.token, json: { description } })]);
        for (const answer of changed) assert.equal(answer.status, 200, answer.text());
        const seen = (await at(3).get(`/content/${id}`)).json();
        assert.deepEqual([seen.title, seen.description], [title, description]);
        if (round % 2) {
          kept.push({ id, title, description });
          continue;
        }
        assert.equal((await at(3).delete(`/content/${id}`, { token: me.token })).status, 200);
        assert.equal((await at(0).get(`/content/${id}`)).status, 404);
        assert.equal((await at(1).get(`/content/${id}/stream`)).status, 404);
        deleted.push(id);
      }
    }));
    for (const server of servers) {
      const listed = (await server.get('/content?limit=100')).json();
      assert.deepEqual(listed.map(({ id }) => id).sort(), kept.map(({ id }) => id).sort());
      for (const { id, title, description } of kept) {
        const found = listed.find((one) => one.id === id);
        assert.deepEqual([found.title, found.description], [title, description]);
      }
    }
    assert.ok(deleted.length > 0);
  });

  test('are told of each other\'s events', async () => {
    const { id } = await upload(servers[0], me.token, wav(300));
    // A process that played it keeps the file open; once told of the deletion it closes it.
    for (const server of servers) assert.equal((await server.get(`/content/${id}/stream`)).status, 200);
    assert.equal((await servers[0].delete(`/content/${id}`, { token: me.token })).status, 200);
    const holdsDeleted = async ({ pid }) => {
      const targets = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
      return targets.some((target) => target.includes(`/objects/`) && target.endsWith('(deleted)'));
    };
    for (const server of servers) await eventually(async () => !(await holdsDeleted(server)), 'it still has the file open');
  });
});

test('a connection cut in the middle of a query harms only its own requests', async () => {
  const dataDir = await temporaryDirectory();
  const url = new URL(postgresUrl(dataDir));
  const proxy = new TcpProxy({ host: url.hostname, port: Number(url.port) });
  await proxy.open();
  url.port = proxy.port;
  const [cut, whole] = await Promise.all([startServer({ dataDir, env: { DATABASE_URL: url.href } }), startServer({ dataDir })]);
  try {
    const me = await newUser(whole);
    const content = await upload(whole, me.token, wav(1000));
    assert.equal((await cut.get(`/content/${content.id}`)).status, 200);
    for (let round = 0; round < 5; ++round) {
      const through = Array.from({ length: 40 }, (_, i) => cut.get(i % 2 ? `/content/${content.id}` : '/content'));
      const beside = Array.from({ length: 40 }, (_, i) => whole.get(i % 2 ? `/content/${content.id}` : '/content'));
      setTimeout(() => proxy.cut(), 2 * round);
      for (const answer of await Promise.all(through)) assert.ok([200, 503].includes(answer.status), answer.text());
      for (const answer of await Promise.all(beside)) assert.equal(answer.status, 200, answer.text());
      await eventually(async () => (await cut.get(`/content/${content.id}`)).status === 200, 'it does not serve again');
    }
  } finally {
    await Promise.all([cut.stop(), whole.stop()]);
    await proxy.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
