// Runs wrk for a while and trusts its numbers only if every answer was what it had to be.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('requests.lua', import.meta.url));
const CONNECTIONS = 32;
const HEAD_AT_MOST = 2048;

let lists = 0;

/** Writes a list of requests, each `path` or `[path, range]`, for wrk to read. */
export function requestList(context, requests) {
  const file = path.join(context.directory, `requests-${++lists}.txt`);
  writeFileSync(file, requests.map((request) => [request].flat().join('\t') + '\n').join(''));
  return file;
}

/**
 * Loads `server` with the requests of a list. `bodySize` is what answers have in them, within a tenth.
 * Returns requests a second, p99 in milliseconds, and what the server spent.
 */
export async function load(context, server, list, bodySize, seconds = context.seconds) {
  server.resetPeak();
  const cpu = server.cpuSeconds();
  const told = await run(seconds, server.port, list);
  const sample = {
    rate: told.requests / (told.microseconds / 1e6),
    p99: told.p99 / 1000,
    cpu: server.cpuSeconds() - cpu,
    seconds: told.microseconds / 1e6,
    count: told.requests,
    peak: server.memory().peak,
  };
  if (told.refused > 0 || told.broken > 0 || told.requests === 0) {
    throw new Error(`wrk: ${told.requests} answers, ${told.refused} refused, ${told.broken} broken\n${server.log}`);
  }
  const mean = told.bytes / told.requests;
  if (mean < bodySize * 0.9 || mean > bodySize * 1.1 + HEAD_AT_MOST) {
    throw new Error(`wrk: answers had ${Math.round(mean)} bytes, those looked at ${bodySize} and a head`);
  }
  return sample;
}

function run(seconds, port, list) {
  const args = ['-t', '1', '-c', String(CONNECTIONS), '-d', `${seconds}s`, '--timeout', '10s', '-s', SCRIPT];
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
