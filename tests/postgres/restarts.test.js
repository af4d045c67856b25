// The server itself is stopped and started under load: no request outlives its deadline, nothing acknowledged is
// missing, memory is flat, and service is back soon after the database is.

import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { newUser, PASSWORD, upload } from '../support/client.js';
import { wav } from '../support/media.js';
import { PostgresServer } from '../support/postgres.js';
import { eventually, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

/** A wait for a connection and one for a statement, five seconds each, and some room. */
const LONGEST_ANSWER = 14_000;
const GROWTH = 24 * 1024 * 1024;

let postgres, dataDir, server, me, content;
before(async () => {
  postgres = await PostgresServer.make();
  dataDir = await temporaryDirectory();
  server = await startServer({ dataDir, env: { DATABASE_URL: `${postgres.url}/media` } });
  me = await newUser(server);
  content = await upload(server, me.token, wav(1000));
});
after(async () => {
  await server?.stop();
  await postgres?.remove();
  await rm(dataDir, { recursive: true, force: true });
});

const memory = async () => 1024 * Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.pid}/status`, 'utf8'))[1]);

test('five times', { timeout: 180_000 }, async () => {
  const acknowledged = [];
  const taken = [];
  let going = true;
  let served = 0;
  async function timed(request) {
    const began = Date.now();
    const answer = await request();
    taken.push(Date.now() - began);
    assert.ok([200, 201, 503].includes(answer.status), answer.text());
    if (answer.status === 503) await sleep(20);
    return answer;
  }
  const readers = Array.from({ length: 8 }, async (_, reader) => {
    while (going) if ((await timed(() => server.get(reader % 2 ? '/content?limit=10' : `/content/${content.id}`))).status === 200) ++served;
  });
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let i = 0; going; ++i) {
      const email = `restart.${writer}.${i}@example.com`;
      const answer = await timed(() => server.post('/auth/register', { json: { email, password: PASSWORD } }));
      if (answer.status === 201) acknowledged.push(email);
    }
  });
  await sleep(500);
  const before = await memory();
  for (let round = 0; round < 5; ++round) {
    await sleep(300);
    await postgres.stop(round % 2 ? 'SIGQUIT' : 'SIGINT');
    await sleep(500);
    assert.equal((await server.get('/health')).status, 200);
    await postgres.start();
    const reached = served;
    await eventually(() => served > reached, 'service is not back');
    const written = acknowledged.length;
    await eventually(() => acknowledged.length > written, 'nothing is written any more');
  }
  going = false;
  await Promise.all([...readers, ...writers]);
  assert.ok(Math.max(...taken) < LONGEST_ANSWER, `${Math.max(...taken)} ms`);
  assert.ok((await memory()) - before < GROWTH, `${before} and then ${await memory()} bytes`);
  assert.ok(acknowledged.length > 10, String(acknowledged.length));
  for (const email of acknowledged) {
    assert.equal((await server.post('/auth/register', { json: { email, password: PASSWORD } })).status, 409, email);
  }
});
