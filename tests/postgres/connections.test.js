// What the connections of a process are for, and how many there are.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { newUser, upload } from '../support/client.js';
import { sql } from '../support/database.js';
import { wav } from '../support/media.js';
import { eventually, postgresUrl, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { Wire } from '../support/wire.js';

const CLIENTS = 1000;

describe('a process on PostgreSQL', () => {
  let dataDir, server, me, content;
  before(async () => {
    dataDir = await temporaryDirectory();
    server = await startServer({ dataDir, env: { THREADS: 2 } });
    me = await newUser(server);
    content = await upload(server, me.token, wav(1000));
  });
  after(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const activity = (condition) =>
    sql(dataDir, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'clinikk-tv' AND ${condition}`);

  test('answers a thousand clients at once over eight connections', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
    try {
      for (let round = 0; round < 3; ++round) {
        const answers = await Promise.all(Array.from({ length: CLIENTS }, () => server.get(`/content/${content.id}`, { agent, check: false })));
        const wrong = answers.filter(({ status, body }) => status !== 200 || JSON.parse(body).id !== content.id);
        assert.equal(wrong.length, 0, wrong[0]?.text());
      }
    } finally {
      agent.destroy();
    }
    const open = Number(await activity('true'));
    assert.ok(open >= 4 && open <= 8, `${open} connections`);
    assert.equal(await activity("query = 'LISTEN clinikk_outbox'"), '1');
  });

  test('survives the end of every connection at once', async () => {
    const ended = await sql(dataDir, "SELECT string_agg(pid::text, ',') FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'clinikk-tv'");
    await sql(dataDir, `SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[${ended}]) AS pid`);
    await eventually(async () => (await activity(`pid IN (${ended})`)) === '0', 'the connections do not end');
    // A connection that ended while it was idle costs nobody an answer.
    const lists = await Promise.all(Array.from({ length: 20 }, () => server.get('/content')));
    for (const { status } of lists) assert.equal(status, 200);
    await eventually(async () => (await server.get(`/content/${content.id}`)).status === 200, 'it does not serve again');
    await eventually(async () => (await activity("query = 'LISTEN clinikk_outbox'")) === '1', 'it does not listen again');
  });

  test('ends the queries of clients that have gone', async () => {
    const gone = 20; // more than there are connections
    const holder = sql(dataDir, 'BEGIN; LOCK TABLE contents; SELECT pg_sleep(60)').catch(() => {});
    const waiting = async () => Number(await activity("wait_event_type = 'Lock'"));
    await eventually(async () => (await sql(dataDir, "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'contents'::regclass")) === '1', 'nothing is locked');
    const answered = (status) => server.log.split(`"status":${status}`).length - 1;
    const refused = answered(503);
    try {
      const wires = await Promise.all(Array.from({ length: gone }, () => Wire.open(server)));
      for (const wire of wires) await wire.write('GET /content?limit=7 HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await eventually(async () => (await waiting()) > 1, 'no query waits for the lock');
      for (const wire of wires) wire.socket.destroy();
      await eventually(async () => (await waiting()) === 0, 'queries go on for nobody');
      // A request that was not read before its client went leaves no line. Those that the server gives up by itself, after
      // 4.5 seconds, would be 503.
      await eventually(() => answered(499) > 1, () => server.tail());
      assert.equal(answered(503), refused);
    } finally {
      await sql(dataDir, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()");
      await holder;
    }
    const answers = await Promise.all(Array.from({ length: gone }, () => server.get('/content')));
    for (const answer of answers) assert.equal(answer.status, 200);
  });

  test('answers a client that closes its side at once', async () => {
    const wire = await Wire.open(server);
    await wire.write('GET /content HTTP/1.0\r\n\r\n');
    wire.socket.end();
    assert.equal((await wire.answer()).status, 200);
  });

  for (const connections of [1, 2, 3, 4]) {
    test(`works with ${connections} connections`, async () => {
      const small = await startServer({ dataDir, env: { THREADS: 2, POSTGRES_CONNECTIONS: connections } });
      try {
        const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => small.get(i % 2 ? `/content/${content.id}` : '/content')));
        for (const answer of answers) assert.equal(answer.status, 200);
        const { id } = await upload(small, me.token, wav(1000));
        assert.equal((await small.delete(`/content/${id}`, { token: me.token })).status, 200);
      } finally {
        await small.stop();
      }
    });
  }

  test('finds the server among several hosts', async () => {
    const url = new URL(postgresUrl(dataDir));
    const several = `postgresql://${url.username}@127.0.0.1:1,${url.host}${url.pathname}`;
    const other = await startServer({ dataDir, env: { DATABASE_URL: several } });
    try {
      assert.equal((await other.get(`/content/${content.id}`)).status, 200);
    } finally {
      await other.stop();
    }
  });

  test('reaches the server by its unix socket', async () => {
    const url = new URL(postgresUrl(dataDir));
    const directory = await sql(dataDir, 'SHOW unix_socket_directories');
    const settings = { POSTGRES_USER: url.username, POSTGRES_DB: url.pathname.slice(1), POSTGRES_HOST: directory, POSTGRES_PORT: url.port };
    const other = await startServer({ dataDir, env: settings });
    try {
      assert.equal((await other.get(`/content/${content.id}`)).status, 200);
    } finally {
      await other.stop();
    }
  });
});
