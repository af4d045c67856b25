// A PostgreSQL server of a test's own, for tests that stop and start it: in a temporary directory, on a free loopback
// port, as a user that is not root.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { freePort } from './ports.js';
import { eventually } from './program.js';

const run = promisify(execFile);
const INSTALLED = '/usr/lib/postgresql';

export class PostgresServer {
  #child;

  /** Makes one, with the database `media`, and starts it. */
  static async make() {
    const server = new PostgresServer();
    const versions = (await readdir(INSTALLED)).sort((a, b) => a - b);
    server.programs = path.join(INSTALLED, versions.at(-1), 'bin');
    server.directory = await mkdtemp(path.join(os.tmpdir(), 'clinikk-postgres-'));
    if (process.getuid() === 0) {
      const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)));
      server.user = { uid, gid };
      await chown(server.directory, uid, gid);
    }
    server.data = path.join(server.directory, 'data');
    const options = { cwd: server.directory, ...server.user };
    await run(path.join(server.programs, 'initdb'), ['-D', server.data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], options);
    server.port = await freePort();
    await server.start();
    await run('createdb', ['--maintenance-db', `${server.url}/postgres`, 'media']);
    return server;
  }

  get url() {
    return `postgresql://test@127.0.0.1:${this.port}`;
  }

  async start() {
    const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${this.directory}`, 'log_min_messages=fatal'].flatMap((setting) => ['-c', setting]);
    this.#child = spawn(path.join(this.programs, 'postgres'), ['-D', this.data, '-p', String(this.port), ...settings], { cwd: this.directory, stdio: 'ignore', ...this.user });
    const ready = () => run(path.join(this.programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(this.port), '-U', 'test']).then(() => true, () => false);
    await eventually(ready, 'PostgreSQL does not start', 30_000);
  }

  /** `SIGINT` rolls back what is under way and ends; `SIGQUIT` ends at once, as a crash does. */
  async stop(signal = 'SIGINT') {
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }

  async remove() {
    if (this.#child.exitCode === null) await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
