// The two ways in which the service is run, each as several processes on one database: SQLite and the local disk, and
// PostgreSQL and S3.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { after, before, describe } from 'node:test';
import { promisify } from 'node:util';

import { listAll, newUser } from './client.js';
import { databaseFile, sql } from './database.js';
import { keyOf } from './direct_upload.js';
import { assertNothingLeftBehind } from './leftovers.js';
import { eventually, runProgram, temporaryDirectory } from './program.js';
import { startS3 } from './s3.js';
import { startServer } from './server.js';

const run = promisify(execFile);
export const [LOCAL, REMOTE] = ['SQLite and local disk', 'PostgreSQL and S3'];
const DEPLOYMENTS = [LOCAL, REMOTE];
const TIMEOUT = 240_000; // a client that never gives up would wait for ever
const SETTINGS = { MAX_UPLOADS_PER_USER: 1000, GC_GRACE: '0s' };

class Deployment {
  #next = 0;

  constructor({ env, dataDir, s3 }) {
    Object.assign(this, { env, dataDir, s3, servers: [] });
  }

  /** Starts one more process. */
  async start() {
    const server = await startServer({ dataDir: this.dataDir, env: this.env });
    this.servers.push(server);
    return server;
  }

  /** The next process in turn. */
  get next() {
    return this.servers[(this.#next = (this.#next + 1) % this.servers.length)];
  }

  /** Kills a process, and starts another in its place. */
  async replace(server) {
    await server.kill();
    const place = this.servers.indexOf(server);
    this.servers[place] = await startServer({ dataDir: this.dataDir, env: this.env });
  }

  /** Runs statements against the database and returns what they print. */
  async sql(statements) {
    if (this.s3) return sql(this.dataDir, statements);
    return (await run('sqlite3', ['-batch', '-cmd', '.timeout 5000', await databaseFile(this.dataDir), statements])).stdout.trim();
  }

  /** Runs a command of the program beside the processes, which collect now and then; gives what it prints. */
  async command(...args) {
    let done;
    await eventually(async () => {
      done = await runProgram(args, { cwd: this.dataDir, env: { DATA_DIR: this.dataDir, ...this.env }, timeout: 60_000 });
      return !/^another process is collecting/.test(done.stderr);
    }, 'the collector is always busy', 60_000);
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stdout}${done.stderr}`);
    return done.stdout;
  }

  /** Ends an upload, as the account that began it. */
  async end(id, token) {
    const answer = await this.next.delete(`/uploads/${id}`, { token, headers: { 'Tus-Resumable': '1.0.0' } });
    assert.equal(answer.status, 204, answer.text());
  }

  /** The uploads of an account that are under way. */
  async underWay(token) {
    const answer = await this.next.get('/uploads?limit=100', { token });
    assert.equal(answer.status, 200, answer.text());
    return answer.json();
  }

  /** Exactly these contents exist, by their ids, and every byte and row that is kept belongs to one of them. */
  async assertOnly(ids) {
    const contents = await listAll(this.servers[0]);
    assert.deepEqual(contents.map(({ id }) => id).sort(), [...ids].sort());
    const indexed = contents.filter(({ packaging }) => packaging === 'ready').length;
    // What a connection that broke off has left goes when its process notices.
    await eventually(async () => (await this.sql('SELECT COUNT(*) FROM uploads')) === '0', async () => `uploads under way: ${await this.sql('SELECT method, state, length FROM uploads')}`);
    assert.equal(await this.command('gc', '--dry-run'), 'would remove 0 uploads, 0 temporary files, 0 deleted objects, 0 stray objects\n');
    assert.match(await this.command('verify'), new RegExp(`^${contents.length + indexed} objects, \\d+ bytes, 0 faults\n$`));
    if (!this.s3) return assertNothingLeftBehind(this.servers[0]);
    const keys = await this.s3.keys();
    const isIndex = (key) => key.startsWith('index/');
    assert.deepEqual(keys.filter((key) => !isIndex(key)).sort(), contents.map(keyOf).sort());
    assert.equal(keys.filter(isIndex).length, indexed);
    assert.deepEqual(await this.s3.unfinished(), []);
  }
}

/**
 * Describes tests on both deployments. `tests` gets a holder whose `service` (a Deployment) and `me` (an account) are
 * there when the tests run. At the end exactly the contents of `holder.made` (their ids) may be there.
 */
export function onDeployments(what, { processes = 1, env = {}, deployments = DEPLOYMENTS }, tests) {
  for (const name of deployments) {
    describe(`${what}, ${name}`, { timeout: TIMEOUT }, () => {
      const holder = { made: [] };
      let s3;
      before(async () => {
        const isLocal = name === LOCAL;
        assert.ok(isLocal || process.env.TEST_POSTGRES_URL, 'run by tools/test, or by tools/with-postgres');
        const dataDir = await temporaryDirectory();
        if (!isLocal) s3 = await startS3();
        const service = new Deployment({ dataDir, s3, env: { ...SETTINGS, ...(isLocal ? { DATABASE_URL: '' } : s3.settings()), ...env } });
        await service.start(); // makes the schema, and the generated secret
        await Promise.all(Array.from({ length: processes - 1 }, () => service.start()));
        Object.assign(holder, { service, me: await newUser(service.next) });
      });
      after(async () => {
        const { service } = holder;
        await Promise.all((service?.servers ?? []).map((server) => server.stop()));
        await s3?.stop();
        if (service) await rm(service.dataDir, { recursive: true, force: true });
      });
      tests(holder);
    });
  }
}
