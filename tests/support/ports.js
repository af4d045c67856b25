// Loopback ports for servers that must be told theirs. As a program it prints one.

import net from 'node:net';
import { fileURLToPath } from 'node:url';

// Below the range from which Linux takes the ports of outgoing connections (32768 to 60999): between the moment when a
// port is found free and the moment when its server listens there, which can be many seconds, no connection gets it.
const FIRST = 20_000;
const LAST = 32_700;
const TRIES = 100;

function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** A port that was free a moment ago, chosen at random. */
export async function freePort() {
  for (let tried = 0; tried < TRIES; tried++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${TRIES} loopback ports between ${FIRST} and ${LAST} is free`);
}

/** As many different ones. */
export async function freePorts(count) {
  const ports = new Set();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await freePort());
