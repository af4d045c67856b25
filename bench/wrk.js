// Runs wrk for a while and trusts its numbers only if every answer was what it had to be.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { call } from './client.js';

const SCRIPT = fileURLToPath(new URL('requests.lua', import.meta.url));
const CONNECTIONS = 32;
const HEAD_AT_MOST = 2048;

let lists = 0;

/** Writes a list of requests, each a path to GET or `{path, method, headers}`, for wrk to read. */
export function requestList(context, requests) {
  const file = path.join(context.directory, `requests-${++lists}.txt`);
  writeFileSync(file, requests.map((request) => line(typeof request === 'string' ? { path: request } : request)).join(''));
  return file;
}

const line = ({ path: target, method = 'GET', headers = {} }) =>
  [method, target, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\t') + '\n';

/**
 * Loads `server` with the requests of a list. `bodySize` is what answers have in them, within a tenth.
 * Returns requests a second, p99 in milliseconds, and what the server spent.
 */
export async function load(context, server, list, bodySize, seconds = context.seconds) {
  const { errors, mean, ...sample } = await attempt(server, list, { seconds });
  if (errors > 0 || sample.count === 0) throw new Error(`wrk: ${sample.count} answers, ${errors} errors\n${server.log}`);
  if (mean < bodySize * 0.9 || mean > bodySize * 1.1 + HEAD_AT_MOST) {
    throw new Error(`wrk: answers had ${Math.round(mean)} bytes, those looked at ${bodySize} and a head`);
  }
  return sample;
}

/** The same without judging: `errors` of all kinds are counted, `mean` is the length of an answer and its head. */
export async function attempt(server, list, { seconds, connections = CONNECTIONS }) {
  server.resetPeak();
  const cpu = server.cpuSeconds();
  const told = await run(seconds, connections, server.port, list);
  return {
    rate: told.requests / (told.microseconds / 1e6),
    p99: told.p99 / 1000,
    cpu: server.cpuSeconds() - cpu,
    seconds: told.microseconds / 1e6,
    count: told.requests,
    peak: server.memory().peak,
    errors: told.refused + told.broken,
    mean: told.bytes / Math.max(told.requests, 1),
  };
}

/**
 * Looks at a hundred answers at most, warms up, and returns what measures requests for these paths in random order, all
 * with this method and these header fields.
 */
export async function requestSide(context, server, paths, check, { status = 200, method = 'GET', headers = {} } = {}) {
  const shuffled = paths.map((path) => [Math.random(), path]).sort(([a], [b]) => a - b).map(([, path]) => path);
  let size = 0;
  const looked = shuffled.slice(0, 100);
  for (const path of looked) {
    const answer = await call(server.port, method, path, { headers });
    assert.equal(answer.status, status, `${path}: ${answer.body}`);
    await check(answer, path);
    size += answer.bytes.length / looked.length;
  }
  const list = requestList(context, shuffled.map((path) => ({ path, method, headers })));
  await load(context, server, list, size, 1);
  return () => load(context, server, list, size);
}

function run(seconds, connections, port, list) {
  const args = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s', '-s', SCRIPT];
  return new Promise((resolve, reject) => {
    // It inherits the load generator's CPU.
    const wrk = spawn('wrk', [...args, `http://127.0.0.1:${port}/`, '--', list], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: (seconds + 30) * 1000,
    });
    let text = '';
    wrk.stdout.on('data', (bytes) => (text += bytes));
    wrk.once('error', reject);
    wrk.once('close', (code) => {
      const line = text.split('\n').find((candidate) => candidate.startsWith('{"requests"'));
      if (code === 0 && line) resolve(JSON.parse(line));
      else reject(new Error(`wrk ended with ${code}\n${text}`));
    });
  });
}
