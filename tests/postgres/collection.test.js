// Of all processes on one PostgreSQL database one collects at a time, wherever they run: here each has a DATA_DIR of its
// own, as on hosts of their own. Who collects is stopped in the middle of it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newUser, upload } from '../support/client.js';
import { lockDatabase, sql } from '../support/database.js';
import { sha256, wav } from '../support/media.js';
import { environment, eventually, postgresUrl, PROGRAM, runProgram, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { TcpProxy } from '../support/tcp_proxy.js';

const STRAYS = 500;
const ENV = { GC_GRACE: '0s' };

/** Two hosts that share the database of the first. */
async function makeHosts() {
  const here = await temporaryDirectory();
  const there = await temporaryDirectory();
  const url = postgresUrl(here);
  const migrated = await runProgram(['migrate'], { cwd: here, env: { DATA_DIR: here, DATABASE_URL: url }, timeout: 60_000 });
  assert.equal(migrated.code, 0, migrated.stderr);
  return { here, there, url, remove: () => Promise.all([here, there].map((directory) => rm(directory, { recursive: true, force: true }))) };
}

async function addStrays(dataDir, count = STRAYS) {
  const folder = path.join(dataDir, 'objects', 'audio');
  await mkdir(folder, { recursive: true });
  const names = Array.from({ length: count }, () => `${randomUUID()}.wav`);
  await Promise.all(names.map((name) => writeFile(path.join(folder, name), '')));
  return async () => (await readdir(folder)).filter((name) => names.includes(name)).length;
}

/** Whether a process collects in this database: `pg_locks` has the locks of all databases of the server. */
const isLocked = async (dataDir) =>
  (await sql(dataDir, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 716348 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)) === '1';

const gc = (dataDir, url, env = {}) => runProgram(['gc'], { cwd: dataDir, env: { DATA_DIR: dataDir, DATABASE_URL: url, ...ENV, ...env }, timeout: 60_000 });

/** `gc` that has the right to collect and is stopped while it waits for a table; `ended` gives what became of it. */
async function stoppedCollector(dataDir, url) {
  const unlock = await lockDatabase(dataDir, 'uploads');
  const child = spawn(PROGRAM, ['gc'], { cwd: dataDir, env: environment({ DATA_DIR: dataDir, DATABASE_URL: url, ...ENV }), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes));
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, output })));
  await eventually(() => isLocked(dataDir), () => `it did not begin: ${output}`);
  child.kill('SIGSTOP');
  await unlock();
  assert.ok(await isLocked(dataDir), 'it has ended before it was stopped');
  return { pid: child.pid, ended, kill: (signal) => child.kill(signal) };
}

/** Until it is let: the server takes a moment to see that a connection has ended. */
async function collectsSoon(dataDir, url) {
  let last;
  await eventually(async () => (last = await gc(dataDir, url)).code === 0, () => `it is not let: ${last.stderr}`, 5_000);
}

describe('`gc` on two hosts', () => {
  let hosts, strays, collector;
  before(async () => (hosts = await makeHosts()));
  after(async () => {
    collector?.kill('SIGKILL');
    await hosts.remove();
  });

  test('one is told who is at it, and may when that has ended', { timeout: 120_000 }, async () => {
    strays = await addStrays(hosts.here);
    collector = await stoppedCollector(hosts.here, hosts.url);
    for (const env of [{}, { POSTGRES_CONNECTIONS: 1 }]) {
      const { code, stdout, stderr } = await gc(hosts.there, hosts.url, env);
      assert.deepEqual([code, stdout], [1, '']);
      const told = /^another process is collecting \(process (\d+) on (\S+)\); try again later\n$/.exec(stderr);
      assert.ok(told, stderr);
      assert.equal(Number(told[1]), collector.pid);
      assert.ok(os.hostname().startsWith(told[2]), stderr);
    }
    collector.kill('SIGCONT');
    const { code, output } = await collector.ended;
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`, ${STRAYS} stray objects\n`));
    assert.equal(await strays(), 0);
    const next = await gc(hosts.there, hosts.url);
    assert.equal(next.code, 0, next.stderr);
  });

  test('works with a single connection', async () => {
    strays = await addStrays(hosts.here, 10);
    const { code, stdout, stderr } = await gc(hosts.here, hosts.url, { POSTGRES_CONNECTIONS: 1 });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /, 10 stray objects\n/);
  });

  test('one that is killed is in nobody\'s way', { timeout: 120_000 }, async () => {
    strays = await addStrays(hosts.here);
    collector = await stoppedCollector(hosts.here, hosts.url);
    collector.kill('SIGKILL');
    assert.equal((await collector.ended).signal, 'SIGKILL');
    await collectsSoon(hosts.there, hosts.url);
    assert.equal((await gc(hosts.here, hosts.url)).code, 0);
    assert.equal(await strays(), 0);
  });
});

test('one whose connections break makes room for another, and both together take nothing that is somebody\'s', { timeout: 180_000 }, async () => {
  const hosts = await makeHosts();
  const direct = new URL(hosts.url);
  const proxy = new TcpProxy({ host: direct.hostname, port: Number(direct.port) });
  await proxy.open();
  const cut = new URL(hosts.url);
  cut.port = proxy.port;
  const server = await startServer({ dataDir: hosts.here, env: { DATABASE_URL: hosts.url } });
  let collector;
  try {
    const { token } = await newUser(server);
    const owed = new Map();
    for (let i = 0; i < 5; ++i) {
      const bytes = wav(1000 + i, i);
      owed.set((await upload(server, token, bytes)).id, sha256(bytes));
    }
    const strays = await addStrays(hosts.here);
    collector = await stoppedCollector(hosts.here, cut.href);
    proxy.cut();
    // The second one collects in the same directory, which the first one goes on with meanwhile.
    let beside;
    await eventually(async () => {
      if (await isLocked(hosts.here)) return false;
      beside = gc(hosts.here, hosts.url);
      return true;
    }, 'the claim outlives its connection', 5_000);
    await eventually(async () => (await isLocked(hosts.here)) || (await strays()) === 0, 'the second one does not begin');
    collector.kill('SIGCONT');
    const [first, second] = await Promise.all([collector.ended, beside]);
    assert.equal(second.code, 0, second.stdout.slice(-2000) + second.stderr);
    assert.ok([0, 1].includes(first.code), `${first.code} ${first.signal} ${first.output.slice(-2000)}`);
    assert.equal((await gc(hosts.here, hosts.url)).code, 0);
    assert.equal(await strays(), 0);
    for (const [id, digest] of owed) assert.equal(sha256((await server.get(`/content/${id}/stream`)).body), digest);
  } finally {
    collector?.kill('SIGKILL');
    await server.stop();
    await proxy.close();
    await hosts.remove();
  }
});

test('servers leave it to whoever is at it, and go on when that one has died', { timeout: 180_000 }, async () => {
  const hosts = await makeHosts();
  const env = { DATABASE_URL: hosts.url, LOG_LEVEL: 'debug' };
  await addStrays(hosts.here);
  const collector = await stoppedCollector(hosts.here, hosts.url);
  const servers = [];
  try {
    // Each collects a minute after its start, and then every minute.
    servers.push(await startServer({ dataDir: hosts.here, env }));
    await sleep(10_000);
    servers.push(await startServer({ dataDir: hosts.there, env }));
    const [first, second] = servers;
    await eventually(() => first.log.includes('collection.skipped'), () => first.tail(), 75_000);
    assert.match(first.log, new RegExp(`collection.skipped.*process ${collector.pid} on `));
    assert.ok(!second.log.includes('collection'), second.tail());
    collector.kill('SIGKILL');
    await eventually(() => second.log.includes('collection.ended'), () => second.tail(), 75_000);
    assert.ok(!second.log.includes('collection.skipped'), second.tail());
  } finally {
    collector.kill('SIGKILL');
    await Promise.all(servers.map((server) => server.stop()));
    await hosts.remove();
  }
});
