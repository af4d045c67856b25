// The engine that tools/test-container started, its images, and a client for what its containers serve.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { multipart } from './multipart.js';
import { eventually } from './program.js';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const DOCKER = process.env.DOCKER ?? 'docker';
// The legacy builder by the engine's client has built the image already; whoever builds goes on from its cache.
const LEGACY = { DOCKER_BUILDKIT: '0', COMPOSE_DOCKER_CLI_BUILD: '1', PATH: `${path.dirname(DOCKER)}:${process.env.PATH}` };

function run(program, args, { env = {}, input = '', cwd = ROOT } = {}) {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...LEGACY, ...env }, maxBuffer: 64 << 20, timeout: 900_000 };
    const child = execFile(program, args, options, (failure, stdout, stderr) => resolve({ code: failure ? failure.code ?? 1 : 0, stdout, stderr, all: stdout + stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Runs `docker` to its end: `{code, stdout, stderr, all}`. */
export const docker = (args, options) => run(DOCKER, args, options);

/** The same, and fails unless it succeeded; returns what it printed. */
export async function dockerOk(args, options) {
  const done = await docker(args, options);
  assert.equal(done.code, 0, `docker ${args.join(' ')}: ${done.all}`);
  return done.stdout.trim();
}

export const compose = (args, options) => run('docker-compose', ['-p', 'clinikk-test', ...args], options);

export async function composeOk(args, options) {
  const done = await compose(args, options);
  assert.equal(done.code, 0, `docker-compose ${args.join(' ')}: ${done.all}`);
  return done.stdout.trim();
}

export const inspect = async (what, format) => dockerOk(['inspect', '-f', format, what]);

export const healthy = (container) =>
  eventually(async () => (await inspect(container, '{{.State.Health.Status}}')) === 'healthy', async () => `${container} is not healthy: ${(await docker(['logs', container])).all.slice(-3000)}`, 120_000);

/** Speaks to a port of this machine as tests/support/client.js expects it of a server. */
export class Client {
  #agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

  constructor(port) {
    this.port = port;
  }

  request(method, target, { token, json, multipart: parts, headers = {} } = {}) {
    const sent = { ...headers };
    let bytes;
    if (json !== undefined) {
      bytes = JSON.stringify(json);
      sent['Content-Type'] = 'application/json';
    } else if (parts !== undefined) {
      const message = multipart(parts);
      bytes = message.body;
      sent['Content-Type'] = message.type;
    }
    if (bytes !== undefined) sent['Content-Length'] = Buffer.byteLength(bytes);
    if (token) sent.Authorization = `Bearer ${token}`;
    return new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port: this.port, method, path: target, headers: sent, agent: this.#agent });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          resolve({ status: response.statusCode, headers: response.headers, body, text: () => body.toString('utf8'), json: () => JSON.parse(body.toString('utf8')) });
        });
      });
      request.end(bytes);
    });
  }

  get(target, options) {
    return this.request('GET', target, options);
  }
  post(target, options) {
    return this.request('POST', target, options);
  }

  close() {
    this.#agent.destroy();
  }
}

/** What a container's lines say while it runs, from its first one on. */
export function follow(container) {
  const child = spawn(DOCKER, ['logs', '-f', container], { stdio: ['ignore', 'pipe', 'pipe'] });
  const following = { text: '', stop: () => child.kill() };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (following.text += bytes));
  return following;
}
