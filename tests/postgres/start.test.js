// The start against a PostgreSQL that is not there yet, or that refuses.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser } from '../support/client.js';
import { refused, temporaryDirectory } from '../support/program.js';
import { PostgresServer } from '../support/postgres.js';
import { startServer } from '../support/server.js';

describe('a start', () => {
  let postgres;
  before(async () => (postgres = await PostgresServer.make()));
  after(() => postgres?.remove());

  test('waits for a server that comes late', async () => {
    await postgres.stop();
    const dataDir = await temporaryDirectory();
    const starting = startServer({ dataDir, env: { DATABASE_URL: `${postgres.url}/media` } });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await postgres.start();
    const server = await starting;
    try {
      assert.equal(server.log.match(/postgres\.awaited/g).length, 1, server.log);
      assert.match(server.log, /postgres\.connected/);
      await newUser(server);
    } finally {
      await server.stop();
      await rm(dataDir, { recursive: true });
    }
  });

  test('ends with one line when POSTGRES_WAIT is over', async () => {
    const line = await refused({ DATABASE_URL: 'postgresql://test@127.0.0.1:1/media', POSTGRES_WAIT: '1s' });
    assert.match(line, /^clinikk-tv: PostgreSQL: .*port 1 failed.*\(start it, or correct DATABASE_URL/);
  });

  // Longer than `refused` is patient: a server that refuses is not waited for.
  test('does not wait for a server that refuses', async () => {
    const line = await refused({ DATABASE_URL: `${postgres.url}/nowhere`, POSTGRES_WAIT: '10m' });
    assert.match(line, /database "nowhere" does not exist.*\(correct DATABASE_URL or the POSTGRES settings\)/);
  });
});
