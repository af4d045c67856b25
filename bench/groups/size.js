// What it costs to be there: start, idle memory, idle connections. Each is on an empty database.

import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { startServer } from '../processes.js';

const MIB = 1024 * 1024;
const WANTED = 10_000;
const OPENING_AT_ONCE = 200;
const ASKED_AGAIN = 100;

export const size = {
  rows: [
    { id: 'start', work: 'start to first healthy answer, empty database', ours: 'start', metric: 'milliseconds', unit: 'milliseconds', below: 100 },
    { id: 'idle', work: 'memory when idle', ours: 'start', metric: 'idle', unit: 'memory', below: 30 * MIB },
    { id: 'connections', work: 'memory 10 000 idle connections add', ours: 'connections', metric: 'growth', unit: 'memory', below: 60 * MIB },
  ],

  async open(context) {
    let count = 0;
    const emptied = async (measure) => {
      const dataDir = path.join(context.directory, `empty-${++count}`);
      const sample = await measure(dataDir);
      rmSync(dataDir, { recursive: true });
      return sample;
    };
    const sides = {
      start: () => emptied((dataDir) => start(context, dataDir)),
      connections: () => emptied((dataDir) => connections(context, dataDir)),
    };
    return { sides, close: () => {} };
  },
};

async function start(context, dataDir) {
  const started = performance.now();
  const server = await startServer(context, dataDir, {}, false);
  await server.answers('/health', /"healthy"/);
  const milliseconds = performance.now() - started;
  await sleep(1000);
  const { now, peak } = server.memory();
  const cpu = server.cpuSeconds();
  await server.stop();
  return { milliseconds, idle: now, peak, cpu };
}

/** WANTED, or fewer where `ulimit -n` is low: the server reserves three descriptors for each connection and refuses more. */
function possibleConnections() {
  const limit = Number(/^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1]);
  const possible = Math.min(WANTED, limit / 4); // NaN where the limit is "unlimited"
  return Number.isNaN(possible) ? WANTED : possible - (possible % OPENING_AT_ONCE);
}

async function connections(context, dataDir) {
  const count = possibleConnections();
  const server = await startServer(context, dataDir, { IDLE_TIMEOUT: '600s' });
  await sleep(500);
  const before = server.memory().now;
  const cpu = server.cpuSeconds();
  let closed = 0;
  const sockets = [];
  while (sockets.length < count) {
    const opening = Array.from({ length: OPENING_AT_ONCE }, async () => {
      const socket = net.connect({ host: '127.0.0.1', port: server.port });
      socket.on('close', () => ++closed);
      sockets.push(socket);
      await health(socket);
    });
    await Promise.all(opening);
  }
  await sleep(1000);
  const { now, peak } = server.memory();
  // They are all still there, and some show that they work.
  assert.equal(closed, 0, `${closed} connections were closed`);
  await Promise.all(sockets.filter((_, i) => i % (count / ASKED_AGAIN) === 0).map(health));
  const spent = server.cpuSeconds() - cpu;
  for (const socket of sockets) socket.destroy();
  await server.stop();
  const note = count < WANTED ? `as ${count} add, since ulimit -n is too low for more` : undefined;
  return { growth: ((now - before) * WANTED) / count, peak, cpu: spent, note };
}

function health(socket) {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (bytes) => {
      text += bytes;
      if (!text.endsWith('{"status":"healthy"}')) return;
      socket.off('data', take).off('error', reject).off('timeout', fail).off('close', fail);
      socket.setTimeout(0);
      resolve();
    };
    const fail = () => reject(new Error(`a connection had no good answer: ${text}`));
    socket.on('data', take).on('error', reject).on('timeout', fail).on('close', fail);
    socket.setTimeout(20_000);
    socket.write('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  });
}
