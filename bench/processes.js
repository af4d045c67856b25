// The processes under test: started on one CPU, looked at through /proc, stopped by their ids.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort } from '../tests/support/ports.js';
import { get } from './client.js';

const TICKS_PER_SECOND = 100; // USER_HZ, which Linux gives every program alike
const START_TIMEOUT = 20_000;
const STOP_TIMEOUT = 20_000;
const running = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The CPUs this process may use, from the kernel's list ("0-1,4"). */
export function allowedCpus() {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** A process whose CPU time and memory are watched. `pid` is the one that serves. */
class Watched {
  constructor(child, port) {
    this.child = child;
    this.port = port;
    this.pid = child.pid;
    this.log = '';
    running.add(child);
    child.stdout.on('data', (bytes) => (this.log += bytes));
    child.stderr.on('data', (bytes) => (this.log += bytes));
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? code));
    }).then((how) => {
      running.delete(child);
      return (this.how = how);
    });
  }

  /** CPU seconds so far, of all threads and of children that have ended (ffprobe). */
  cpuSeconds() {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
    return (fields[11] + fields[12] + fields[13] + fields[14]) / TICKS_PER_SECOND;
  }

  /** Bytes in memory now (VmRSS) and at most since `resetPeak` (VmHWM). */
  memory() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const bytes = (name) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)[1]) * 1024;
    return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
  }

  /** Bytes it has caused to be written to disk (proc(5), `/proc/pid/io`), its children that have ended included. */
  written() {
    return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${this.pid}/io`, 'utf8'))[1]);
  }

  resetPeak() {
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
  }

  /** Until `GET path` is answered by 200 with a body that `pattern` matches. */
  answers(path, pattern) {
    return this.#until(`answer ${path}`, async () => {
      const answer = await get(this.port, path).catch(() => undefined);
      return answer?.status === 200 && pattern.test(answer.body);
    });
  }

  /** Until it has said on which port it listens. */
  async listens() {
    let port;
    await this.#until('say where it listens', () => (port = /listening on http:\S+:(\d+)\s/.exec(this.log)?.[1]));
    this.port = Number(port);
  }

  async #until(what, isSo) {
    const deadline = Date.now() + START_TIMEOUT;
    while (!(await isSo())) {
      if (this.how !== undefined) throw new Error(`a server ended while starting (${this.how})\n${this.log}`);
      if (Date.now() > deadline) throw new Error(`a server did not ${what} in time\n${this.log}`);
      await sleep(1);
    }
  }

  async stop() {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT);
    const how = await this.ended;
    clearTimeout(late);
    if (how !== 0) throw new Error(`a server ended by ${how}\n${this.log.slice(-3000)}`);
  }
}

function launch(context, program, args, options, port) {
  const pinned = ['-c', String(context.serverCpu), program, ...args];
  return new Watched(spawn('taskset', pinned, { stdio: ['ignore', 'pipe', 'pipe'], ...options }), port);
}

/** `clinikk-tv serve` with one thread on `dataDir`. It listens when this returns, and has answered unless not `wait`. */
export async function startServer(context, dataDir, settings = {}, wait = true) {
  mkdirSync(dataDir, { recursive: true });
  const env = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: dataDir,
    THREADS: '1',
    LOG_LEVEL: 'warning',
    RATE_LIMIT: 'off',
    SHUTDOWN_GRACE: '5s',
    ACCESS_TOKEN_EXPIRE_MINUTES: '240',
    ...settings,
  };
  // In the data directory no .env of the developer's is found.
  const server = launch(context, context.program, ['serve'], { env, cwd: dataDir });
  await server.listens();
  if (wait) await server.answers('/health/ready', /./);
  return server;
}

/**
 * What `measure(server)` returns, measured on a server that has done nothing before, with its CPU time, the bytes it
 * wrote, and its memory at the peak and beyond what it had when idle. `after` puts in order what was left behind.
 */
export async function onFreshServer(context, dataDir, settings, measure, after = () => {}) {
  const server = await startServer(context, dataDir, settings);
  await sleep(300);
  const idle = server.memory().now;
  const written = server.written();
  server.resetPeak();
  const cpu = server.cpuSeconds();
  const sample = await measure(server);
  const { peak } = server.memory();
  const spent = { cpu: server.cpuSeconds() - cpu, written: server.written() - written, peak, growth: peak - idle };
  await after(server, sample);
  await server.stop();
  return { ...sample, ...spent };
}

/** @tus/server, which keeps its files in a directory. */
export async function startTusServer(context, directory) {
  const script = fileURLToPath(new URL('tus_server.js', import.meta.url));
  const server = launch(context, process.execPath, [script, directory], {});
  await server.listens();
  return server;
}

/** nginx with one worker. `files` is what it serves below /files/, `uploads` where PUT below /uploads/ writes. */
export async function startNginx(context, { files = context.directory, uploads = context.directory } = {}) {
  const home = path.join(context.directory, 'nginx');
  for (const folder of ['body', 'other']) mkdirSync(path.join(home, folder), { recursive: true });
  const port = await freePort();
  writeFileSync(path.join(home, 'nginx.conf'), configuration({ home, port, files, uploads }));
  const server = launch(context, 'nginx', ['-p', home, '-c', 'nginx.conf', '-e', 'error.log'], {}, port);
  try {
    await server.answers('/return', /^\{"status":"healthy"\}$/);
  } catch (error) {
    const log = path.join(home, 'error.log');
    throw new Error(`nginx: ${error.message}${existsSync(log) ? readFileSync(log, 'utf8') : ''}`);
  }
  server.pid = onlyChild(server.child.pid);
  return server;
}

/**
 * `tcp_nopush` is off because on loopback, whose segments are 64 KiB, a piece of 64 KiB and its head leave a last
 * small segment that it holds back for 40 ms: a reference slowed like that (to a tenth) would prove nothing.
 */
function configuration({ home, port, files, uploads }) {
  const user = process.getuid() === 0 ? 'user root;' : '';
  const others = ['proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path "${home}/other";`).join(' ');
  return `${user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log error;
events { worker_connections 16384; }
http {
    access_log off;
    sendfile on;
    tcp_nopush off;
    tcp_nodelay on;
    keepalive_timeout 75s;
    keepalive_requests 1000000000;
    open_file_cache max=1000 inactive=600s;
    open_file_cache_valid 600s;
    client_max_body_size 0;
    client_body_temp_path "${home}/body";
    ${others}
    server {
        listen 127.0.0.1:${port} backlog=4096;
        location = /return { default_type application/json; return 200 '{"status":"healthy"}'; }
        location = /redirect { return 302 http://127.0.0.1:${port}/return; }
        location /files/ { alias "${files}/"; types { video/mp4 mp4; } }
        location /uploads/ { alias "${uploads}/"; dav_methods PUT; open_file_cache off; }
    }
}
`;
}

/** The worker of a master. */
function onlyChild(parent) {
  const children = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
    } catch {
      return false; // it ended while we looked
    }
  });
  if (children.length !== 1) throw new Error(`nginx has ${children.length} workers`);
  return Number(children[0]);
}
