// What the attacks have in common: the service on both databases, each as several processes, and ways to compare answers.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { after, before, describe } from 'node:test';
import { promisify } from 'node:util';

import { databaseFile, sql } from './database.js';
import { temporaryDirectory } from './program.js';
import { startServer } from './server.js';

const run = promisify(execFile);
const PROCESSES = 4;
const SETTINGS = { LOG_FORMAT: 'json', THREADS: 2 };

/** Several processes on one database. Each request goes to the next one, so that nothing can rest on one's memory. */
class Service {
  #next = 0;

  constructor(database, dataDir, servers) {
    Object.assign(this, { database, dataDir, servers, isPostgres: database === 'PostgreSQL' });
  }

  get one() {
    this.#next = (this.#next + 1) % this.servers.length;
    return this.servers[this.#next];
  }

  request(...args) { return this.one.request(...args); }
  get(...args) { return this.one.get(...args); }
  head(...args) { return this.one.head(...args); }
  post(...args) { return this.one.post(...args); }
  put(...args) { return this.one.put(...args); }
  patch(...args) { return this.one.patch(...args); }
  delete(...args) { return this.one.delete(...args); }
  contract() { return this.one.contract(); }
  get url() { return this.one.url; }
  get log() { return this.servers.map(({ log }) => log).join(''); }

  /** Runs statements against the database and returns what they print. */
  async sql(statements) {
    if (this.isPostgres) return sql(this.dataDir, statements);
    return (await run('sqlite3', ['-batch', '-cmd', '.timeout 5000', await databaseFile(this.dataDir), statements])).stdout.trim();
  }

  /** How an id is written in statements. */
  id(uuid) {
    return this.isPostgres ? `'${uuid}'` : `X'${uuid.replaceAll('-', '')}'`;
  }

  /** Sets a role without ending sessions, as a command would. */
  setRole({ email }, role) {
    return this.sql(`UPDATE users SET role = '${role}' WHERE email = '${email}'`);
  }
}

/**
 * Describes attacks, on SQLite and on PostgreSQL. `attacks` gets a holder whose `service` is there when the tests run.
 * `env`: settings, or what makes them.
 */
export function attack(what, { env = {}, processes = PROCESSES } = {}, attacks) {
  for (const database of ['SQLite', 'PostgreSQL']) {
    describe(`${what}, ${database}`, () => {
      const holder = {};
      before(async () => {
        assert.ok(process.env.TEST_POSTGRES_URL, 'run by tools/test, or by tools/with-postgres');
        const dataDir = await temporaryDirectory();
        const settings = { ...SETTINGS, ...(database === 'SQLite' ? { DATABASE_URL: '' } : {}), ...(typeof env === 'function' ? await env() : env) };
        const start = () => startServer({ dataDir, env: settings });
        // The first one makes the schema, and the generated secret.
        const servers = [await start(), ...(await Promise.all(Array.from({ length: processes - 1 }, start)))];
        holder.service = new Service(database, dataDir, servers);
      });
      after(async () => {
        await Promise.all((holder.service?.servers ?? []).map((server) => server.stop()));
        if (holder.service) await rm(holder.service.dataDir, { recursive: true, force: true });
      });
      attacks(holder);
    });
  }
}

export const NOBODY = '01890000-0000-7000-8000-000000000000';

export function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  if (code) assert.equal(answer.json().code, code);
}

/** What an answer tells, without what differs with every request: its id, its time, and the id that was asked for. */
export function told(answer, ...ids) {
  const { date, 'x-request-id': request, 'request-id': other, ...headers } = answer.headers;
  const requestId = request ?? other ?? 'no request id';
  let text = JSON.stringify([answer.status, headers, answer.text()]).replaceAll(requestId, '<request>');
  for (const id of ids) text = text.replaceAll(id, '<id>');
  return text.replace(/urn:uuid:[0-9a-f-]{36}/g, '<request>').replace(/127\.0\.0\.1:\d+/g, '<host>');
}

/** Welch's t of two lists of numbers, without the slowest tenth of all, which is the machine's. */
export function welch(first, second) {
  const limit = [...first, ...second].sort((a, b) => a - b)[Math.floor((first.length + second.length) * 0.9)];
  const of = (values) => {
    const kept = values.filter((value) => value <= limit);
    const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
    return { mean, part: kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (kept.length - 1) / kept.length };
  };
  const [a, b] = [of(first), of(second)];
  return Math.abs(a.mean - b.mean) / Math.sqrt(a.part + b.part);
}
