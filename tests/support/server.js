// Starts the program under test on a directory of its own and speaks to it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import http from 'node:http';

import { Contract } from './contract.js';
import { multipart } from './multipart.js';
import { environment, eventually, PROGRAM, sleep, temporaryDirectory } from './program.js';
import { Wire } from './wire.js';

const START_TIMEOUT = 20_000;
const STOP_TIMEOUT = 20_000;
const LOG_KEPT = 1024 * 1024;

/**
 * Starts `clinikk-tv serve`. `env` are settings; the data directory is fresh and removed at the end unless given; `through`
 * is a command that runs the one behind it, in its own place.
 */
export async function startServer({ env = {}, dataDir, args = [], contract = true, through = [] } = {}) {
  if (!existsSync(PROGRAM)) throw new Error(`the program under test is missing: ${PROGRAM} (set CLINIKK_TV)`);
  const owned = dataDir === undefined;
  const directory = owned ? await temporaryDirectory() : dataDir;
  const server = new Server(directory, { owned, checking: contract });
  await server.start(env, args, through);
  return server;
}

export class Server {
  #child;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  #contract;
  #checking;
  #owned;
  #kill = () => this.#child.kill('SIGKILL');

  constructor(dataDir, { owned, checking }) {
    this.dataDir = dataDir;
    this.log = '';
    this.exit = null; // {code, signal} once the process has ended
    this.#owned = owned;
    this.#checking = checking;
  }

  async start(env, args, through) {
    const settings = { PORT: 0, DATA_DIR: this.dataDir, RATE_LIMIT: 'off', SHUTDOWN_GRACE: '5s', ...env };
    // In the data directory no .env of the developer's is found.
    const [command, ...behind] = [...through, PROGRAM, 'serve', ...args];
    this.#child = spawn(command, behind, { env: environment(settings), cwd: this.dataDir, stdio: ['ignore', 'pipe', 'pipe'] });
    process.once('exit', this.#kill);
    const listening = new Promise((resolve, reject) => {
      let stdout = '';
      this.#child.stdout.on('data', (bytes) => {
        this.#keep(bytes);
        stdout += bytes;
        const line = /^clinikk-tv listening on (http:\/\/\S+)\r?\n/.exec(stdout);
        if (line) resolve(line[1]);
      });
      this.#child.once('error', reject);
      this.#child.once('exit', () => setTimeout(() => reject(new Error('it ended before it listened')), 50));
      setTimeout(() => reject(new Error('it did not say within 20 s that it listens')), START_TIMEOUT).unref();
    });
    this.#child.stderr.on('data', (bytes) => this.#keep(bytes));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.exit = { code, signal };
        process.off('exit', this.#kill);
        resolve(this.exit);
      });
    });
    try {
      this.url = await listening;
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw new Error(`clinikk-tv serve: ${error.message}\n${this.log}`);
    }
    const { hostname, port } = new URL(this.url);
    this.host = hostname;
    this.port = Number(port);
  }

  /** The end of the log. */
  tail(length = 3_000) {
    return this.log.slice(-length);
  }

  /** Waits until the log has this: its lines come by a pipe, at times after the answer they tell of. */
  async logs(text) {
    await eventually(() => this.log.includes(text), () => `not in the log: ${text}\n${this.tail()}`);
  }

  get pid() {
    return this.#child.pid;
  }

  /** SIGTERM, and the proof that it ended well: status 0, nothing reported by a sanitizer. */
  async stop() {
    this.#agent.destroy();
    if (!this.exit) this.#child.kill('SIGTERM');
    const late = setTimeout(this.#kill, STOP_TIMEOUT);
    await this.ended;
    clearTimeout(late);
    await this.#clean();
    const { code, signal } = this.exit;
    if (code !== 0) throw new Error(`the server ended with code ${code}, signal ${signal}\n${this.tail()}`);
    const report = /AddressSanitizer|runtime error:|LeakSanitizer|ThreadSanitizer/.exec(this.log);
    if (report) throw new Error(`a sanitizer reported something\n${this.tail(20_000)}`);
  }

  /** SIGKILL, as when the power goes; the data directory stays for the next start. */
  async kill() {
    this.#agent.destroy();
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** The server's OpenAPI document, wrapped. */
  async contract() {
    this.#contract ??= this.#send('GET', '/openapi.json', { check: false }).then((answer) => {
      assert.equal(answer.status, 200, 'GET /openapi.json');
      return new Contract(answer.json());
    });
    return this.#contract;
  }

  /**
   * One request; the answer is held against the OpenAPI document unless `check` is false.
   * Options: `token`, `headers`, and a body as one of `json`, `form`, `multipart` (parts), `body`.
   */
  async request(method, target, options = {}) {
    const answer = await this.#send(method, target, options);
    if (options.check === false || !this.#checking) return answer;
    assert.notEqual(answer.status, 500, `${method} ${target}: ${answer.text()}\n${this.tail()}`);
    const contract = await this.contract();
    contract.check({ method, path: target, answer, publicUrl: options.publicUrl ?? this.url });
    return answer;
  }

  get(target, options) {
    return this.request('GET', target, options);
  }
  head(target, options) {
    return this.request('HEAD', target, options);
  }
  post(target, options) {
    return this.request('POST', target, options);
  }
  put(target, options) {
    return this.request('PUT', target, options);
  }

  patch(target, options) {
    return this.request('PATCH', target, options);
  }
  delete(target, options) {
    return this.request('DELETE', target, options);
  }

  /** A plain connection. */
  wire(options = {}) {
    return Wire.open({ host: this.host, port: this.port, ...options });
  }

  /** Sends bytes over a connection of its own and returns the first final answer with `closed` told. */
  async raw(bytes, { method = 'GET', end = false, closeWait = 3_000 } = {}) {
    const wire = await this.wire();
    try {
      const written = wire.write(bytes);
      if (end) wire.end();
      const answer = await wire.finalAnswer({ method });
      await Promise.race([written, sleep(100)]);
      answer.closed = await wire.closed(closeWait);
      return answer;
    } finally {
      wire.destroy();
    }
  }

  async #send(method, target, { token, headers = {}, json, form, multipart: parts, body, agent = this.#agent } = {}) {
    const sent = { ...headers };
    let bytes = body;
    if (json !== undefined) {
      bytes = JSON.stringify(json);
      sent['Content-Type'] ??= 'application/json';
    } else if (form !== undefined) {
      bytes = new URLSearchParams(form).toString();
      sent['Content-Type'] ??= 'application/x-www-form-urlencoded';
    } else if (parts !== undefined) {
      const message = multipart(parts);
      bytes = message.body;
      sent['Content-Type'] ??= message.type;
    }
    if (token) sent.Authorization = `Bearer ${token}`;
    if (bytes !== undefined && !('Content-Length' in sent) && !('Transfer-Encoding' in sent)) {
      sent['Content-Length'] = Buffer.byteLength(bytes);
    }
    try {
      return await exchange({ host: this.host, port: this.port, method, path: target, headers: sent, agent }, bytes);
    } catch (error) {
      await sleep(50);
      const fate = this.exit ? `; the server ended: ${JSON.stringify(this.exit)}` : '';
      throw new Error(`${method} ${target}: ${error.message}${fate}\n${this.tail()}`, { cause: error });
    }
  }

  #keep(bytes) {
    this.log = (this.log + bytes).slice(-LOG_KEPT);
  }

  async #clean() {
    if (this.#owned && !process.env.KEEP_DATA) await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** One exchange by Node's HTTP client. An answer that comes before the body was taken counts. */
function exchange(options, bytes) {
  return new Promise((resolve, reject) => {
    const request = http.request(options);
    let answered = false;
    request.on('error', (error) => {
      if (!answered) reject(error);
    });
    request.on('response', (response) => {
      answered = true;
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(new Answer(response, Buffer.concat(chunks))));
    });
    if (bytes !== undefined) request.end(bytes);
    else request.end();
  });
}

export class Answer {
  constructor(response, body) {
    this.status = response.statusCode;
    this.headers = response.headers;
    this.rawHeaders = [];
    for (let i = 0; i < response.rawHeaders.length; i += 2) this.rawHeaders.push(response.rawHeaders.slice(i, i + 2));
    this.body = body;
  }

  text() {
    return this.body.toString('utf8');
  }

  json() {
    return JSON.parse(this.text());
  }
}
