// What authentication costs: tokens, logins, and whether a login that fails tells by its time why.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { ACCOUNT, logIn, makeAccount } from '../library.js';
import { startServer } from '../processes.js';

const PROGRAM = 'build/release/bench_primitives';
const AT_ONCE = 2; // one is hashed while the other is answered
const TRIES = 2000;
const token = (algorithm, how) => ({
  id: `token_${algorithm.toLowerCase()}`, work: `verifying an ${algorithm} token${how}`, ours: algorithm, metric: 'again', unit: 'microseconds', below: 15,
});

export const primitives = {
  rows: [
    token('HS256', ''),
    token('RS256', ' that was verified before'),
    token('ES256', ' that was verified before'),
    { id: 'login_rate', work: `logins, ${AT_ONCE} at once, one core`, reference: 'Argon2id alone', ours: 'logins', theirs: 'argon2', metric: 'rate', unit: 'requests', atLeast: 0.9 },
    { id: 'login_time', work: `Welch's t of an unknown address against a wrong password, ${TRIES} logins`, ours: 'times', metric: 't', unit: 'deviations', below: 4 },
  ],

  async open(context, wanted) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: tools/build release bench_primitives`);
    const sides = { HS256: tokens(context, 'HS256'), RS256: tokens(context, 'RS256'), ES256: tokens(context, 'ES256'), argon2: () => run(context, 'hash', context.seconds) };
    if (!wanted.has('logins') && !wanted.has('times')) return { sides, close: () => {} };
    const server = await startServer(context, path.join(context.directory, 'accounts'));
    await makeAccount(server);
    return { sides: { ...sides, logins: () => logins(context, server), times: once(() => times(server)) }, close: () => server.stop() };
  },
};

const run = (context, ...args) =>
  JSON.parse(execFileSync('taskset', ['-c', String(context.serverCpu), PROGRAM, ...args.map(String)], { encoding: 'utf8' }));

function tokens(context, algorithm) {
  const file = path.join(context.directory, `${algorithm}.key`);
  const makers = { HS256: () => 'k'.repeat(64), RS256: () => pair('rsa', { modulusLength: 2048 }), ES256: () => pair('ec', { namedCurve: 'P-256' }) };
  const pair = (kind, options) => generateKeyPairSync(kind, options).privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(file, makers[algorithm]());
  return () => {
    const told = run(context, 'tokens', algorithm, file, context.seconds);
    return { ...told, note: `the first time ${told.first.toFixed(0)} µs` };
  };
}

/** Logins by several clients without pause. */
async function logins(context, server) {
  const cpu = server.cpuSeconds();
  server.resetPeak();
  const began = performance.now();
  let count = 0;
  const client = async () => {
    for (; performance.now() - began < context.seconds * 1000; ++count) await logIn(server);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  const seconds = (performance.now() - began) / 1000;
  return { rate: count / seconds, seconds, cpu: server.cpuSeconds() - cpu, peak: server.memory().peak };
}

/** Measures once, however many rounds there are. */
function once(measure) {
  let sample;
  return async () => (sample ??= await measure());
}

/** Both kinds of failure in turns over one connection; t without the slowest tenth, which is the machine's. */
async function times(server) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const fail = (email) => new Promise((resolve, reject) => {
    const body = JSON.stringify({ email, password: 'a password that is wrong' });
    const request = http.request({ host: '127.0.0.1', port: server.port, method: 'POST', path: '/auth/token', agent, headers: { 'Content-Type': 'application/json', 'Content-Length': body.length } }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 401 ? resolve() : reject(new Error(`${response.statusCode}`))));
    });
    request.on('error', reject);
    request.end(body);
  });
  const unknown = ACCOUNT.email.replace(/^./, 'x');
  assert.notEqual(unknown, ACCOUNT.email);
  const cpu = server.cpuSeconds();
  const [began, samples] = [performance.now(), [[], []]];
  for (let i = 0; i < TRIES / 2; ++i) {
    for (const side of i % 2 ? [0, 1] : [1, 0]) {
      const before = performance.now();
      await fail(side ? unknown : ACCOUNT.email);
      samples[side].push(performance.now() - before);
    }
  }
  agent.destroy();
  const seconds = (performance.now() - began) / 1000;
  return { ...welch(...samples), seconds, cpu: server.cpuSeconds() - cpu, peak: server.memory().peak };
}

function welch(first, second) {
  const limit = [...first, ...second].sort((a, b) => a - b)[Math.floor((first.length + second.length) * 0.9)];
  const [a, b] = [first, second].map((all) => {
    const kept = all.filter((time) => time <= limit);
    const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
    return { mean, part: kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1) / kept.length };
  });
  return { t: Math.abs(a.mean - b.mean) / Math.sqrt(a.part + b.part), note: `${a.mean.toFixed(2)} and ${b.mean.toFixed(2)} ms` };
}
