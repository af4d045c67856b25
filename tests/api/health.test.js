// What load balancers and people on call ask.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { PROGRAM, runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

describe('health', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  test('alive', async () => {
    const answer = await server.get('/health');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.deepEqual(answer.json(), { status: 'healthy' });
  });

  test('alive, by HEAD', async () => {
    const answer = await server.head('/health');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-length'], String(JSON.stringify({ status: 'healthy' }).length));
  });

  test('ready', async () => {
    assert.equal((await server.get('/health/ready')).status, 200);
  });

  test('in detail, without telling hosts, paths or versions', async () => {
    const answer = await server.get('/health/detailed');
    assert.equal(answer.status, 200);
    const { status, database, storage, sandbox } = answer.json();
    assert.equal(status, 'healthy');
    assert.equal(database.status, 'healthy');
    assert.equal(database.driver, process.env.TEST_POSTGRES_URL ? 'postgres' : 'sqlite');
    assert.ok(database.latency_ms >= 0 && database.latency_ms < 10_000);
    assert.equal(storage.status, 'healthy');
    assert.equal(storage.provider, 'local');
    assert.ok(storage.latency_ms >= 0 && storage.latency_ms < 10_000);
    assert.ok(sandbox !== undefined);
    assert.ok(!answer.text().includes(server.dataDir));
    assert.doesNotMatch(answer.text(), /\d+\.\d+\.\d+|127\.0|localhost/);
  });

  test('in detail, kept by no cache', async () => {
    assert.match((await server.get('/health/detailed')).headers['cache-control'] ?? '', /no-store|no-cache/);
  });

  test('the same questions with a trailing slash', async () => {
    for (const page of ['/health/', '/health/ready/', '/health/detailed/']) {
      assert.equal((await server.get(page)).status, 200, page);
    }
  });
});

describe('when the storage is gone', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  test('the details say which part is down, and being alive is another matter', async () => {
    for (const name of ['objects', 'tmp']) await rm(path.join(server.dataDir, name), { recursive: true, force: true });
    const answer = await server.get('/health/detailed');
    assert.equal(answer.status, 503);
    const { status, database, storage } = answer.json();
    assert.notEqual(status, 'healthy');
    assert.equal(database.status, 'healthy');
    assert.notEqual(storage.status, 'healthy');
    assert.ok(!answer.text().includes(server.dataDir));
    assert.equal((await server.get('/health')).status, 200);
  });
});

describe('clinikk-tv health', () => {
  test('asks at an IPv6 address, too', async () => {
    const server = await startServer({ env: { HOST: '::1' } });
    try {
      const healthy = await runProgram(['health'], { env: { HOST: '::1', PORT: server.port }, cwd: server.dataDir });
      assert.equal(healthy.stdout, 'healthy\n', healthy.stderr);
      assert.equal(healthy.code, 0);
    } finally {
      await server.stop();
    }
  });

  test('tells by its exit status whether the server it is told of is healthy', async () => {
    const server = await startServer();
    const env = { HOST: server.host, PORT: server.port };
    const cwd = await temporaryDirectory();
    try {
      const healthy = await runProgram(['health'], { env, cwd });
      assert.equal(healthy.code, 0, `${PROGRAM} health: ${healthy.stderr}`);
    } finally {
      await server.stop();
    }
    const gone = await runProgram(['health'], { env, cwd });
    await rm(cwd, { recursive: true });
    assert.ok(gone.code > 0, `code ${gone.code}`);
    assert.equal(gone.stderr.trim().split('\n').length, 1, gone.stderr);
  });
});
