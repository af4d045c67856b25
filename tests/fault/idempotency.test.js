// Requests with an Idempotency-Key while processes race, and are killed: each is carried out once.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { describe, test } from 'node:test';

import { listAll, newUser, uploadParts } from '../support/client.js';
import { wav } from '../support/media.js';
import { eventually, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const MEBIBYTE = 1024 * 1024;
const LEASE = 30_000;
const ENV = { MAX_UPLOADS_PER_USER: 1000, GC_GRACE: '0s' };

/** Runs `work` with so many servers on one database. */
async function withServers(number, work) {
  const dataDir = await temporaryDirectory();
  const servers = [];
  try {
    servers.push(...await Promise.all(Array.from({ length: number }, () => startServer({ dataDir, env: ENV }))));
    await work(servers, dataDir);
  } finally {
    await Promise.all(servers.filter(({ exit }) => !exit).map((server) => server.stop()));
    await rm(dataDir, { recursive: true, force: true });
  }
}

const post = (server, token, key, bytes, title) =>
  server.post('/content', { token, multipart: uploadParts(bytes, { title }), headers: { 'Idempotency-Key': `"${key}"` } });

async function titled(server, title) {
  return (await listAll(server)).filter((content) => content.title === title);
}

for (const number of [2, 4]) {
  test(`${number} processes carry a request out once`, () => withServers(number, async (servers) => {
    const me = await newUser(servers[0]);
    for (let round = 0; round < 10; ++round) {
      const [key, title] = [randomUUID(), `Round ${round}`];
      const answers = await Promise.all(servers.flatMap((server) => [1, 2].map(() => post(server, me.token, key, wav(50_000, round), title))));
      const made = answers.filter(({ status, headers }) => status === 201 && !headers['idempotency-replayed']);
      assert.equal(made.length, 1, answers.map(({ status }) => status).join(' '));
      for (const answer of answers) assert.ok(answer.status === 201 || answer.json().code === 'idempotency_key_in_use', answer.text());
      for (const server of servers) {
        const again = await post(server, me.token, key, wav(50_000, round), title);
        assert.equal(again.status, 201);
        assert.equal(again.text(), made[0].text());
      }
      assert.equal((await titled(servers[0], title)).length, 1);
    }
  }));
}

describe('a process that is killed', () => {
  test('leaves each upload to be made once by the others', () => withServers(4, async (servers) => {
    const me = await newUser(servers[0]);
    const bytes = wav(10 * MEBIBYTE, 1);
    const jobs = [];
    // Three processes die at different moments of their uploads.
    for (const [index, server] of servers.slice(1).entries()) {
      const batch = Array.from({ length: 6 }, (_, i) => ({ key: randomUUID(), title: `Upload ${index}.${i}` }));
      jobs.push(...batch);
      const running = batch.map(async (job, i) => {
        await sleep(i * 40);
        job.first = await post(server, me.token, job.key, bytes, job.title).catch(() => null);
      });
      await sleep(100 + 130 * index);
      await server.kill();
      await Promise.all(running);
    }
    assert.ok(jobs.some(({ first }) => !first), 'no upload was cut off');
    for (const job of jobs) {
      let answer;
      await eventually(async () => {
        answer = await post(servers[0], me.token, job.key, bytes, job.title);
        return answer.status !== 409;
      }, () => `${job.title}: ${answer.text()}`, LEASE + 15_000);
      assert.equal(answer.status, 201, answer.text());
      if (job.first?.status === 201) assert.equal(answer.json().id, job.first.json().id);
      const found = await titled(servers[0], job.title);
      assert.deepEqual(found.map(({ id }) => id), [answer.json().id], job.title);
    }
  }));
});
