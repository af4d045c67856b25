// PostgreSQL goes away and comes back: nobody waits without end, what was acknowledged is there, service resumes.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser, PASSWORD, upload } from '../support/client.js';
import { wav } from '../support/media.js';
import { eventually, postgresUrl, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { TcpProxy } from '../support/tcp_proxy.js';

/** Two deadlines of five seconds, one for a connection and one for a statement, and some room. */
const LONGEST_ANSWER = 14_000;

describe('while PostgreSQL is away', () => {
  let dataDir, proxy, server, me, content;
  before(async () => {
    dataDir = await temporaryDirectory();
    const url = new URL(postgresUrl(dataDir));
    proxy = new TcpProxy({ host: url.hostname, port: Number(url.port) });
    await proxy.open();
    url.port = proxy.port;
    server = await startServer({ dataDir, env: { DATABASE_URL: url.href } });
    me = await newUser(server);
    content = await upload(server, me.token, wav(1000));
  });
  after(async () => {
    await server?.stop();
    await proxy?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function timed(request) {
    const began = Date.now();
    const answer = await request();
    return { answer, took: Date.now() - began };
  }

  const serves = async () => (await server.get(`/content/${content.id}`)).status === 200;

  test('requests are told to come back, and the process stays healthy', async () => {
    await proxy.close();
    try {
      for (const request of [() => server.get(`/content/${content.id}`), () => server.get('/content'), () => server.get('/auth/me', { token: me.token }),
        () => server.post('/auth/register', { json: { email: 'away@example.com', password: PASSWORD } })]) {
        const { answer, took } = await timed(request);
        assert.equal(answer.status, 503, answer.text());
        assert.equal(answer.json().code, 'unavailable');
        assert.ok(Number(answer.headers['retry-after']) > 0);
        assert.ok(took < LONGEST_ANSWER, `${took} ms`);
      }
      assert.equal((await server.get('/health')).status, 200);
      const detailed = await server.get('/health/detailed');
      assert.equal(detailed.status, 503);
      assert.notEqual(detailed.json().database.status, 'healthy');
    } finally {
      await proxy.open();
    }
    await eventually(serves, 'it does not serve again');
  });

  test('a silent server is given up after a while', async () => {
    proxy.silent = true;
    const { answer, took } = await timed(() => server.get(`/content/${content.id}`));
    proxy.silent = false;
    assert.equal(answer.status, 503);
    assert.ok(took < LONGEST_ANSWER, `${took} ms`);
    await eventually(serves, 'it does not serve again');
  });

  test('what was acknowledged is there after five cuts under load', async () => {
    const acknowledged = [];
    let going = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; going; ++i) {
        const email = `load.${writer}.${i}@example.com`;
        const answer = await server.post('/auth/register', { json: { email, password: PASSWORD } });
        assert.ok([201, 503].includes(answer.status), answer.text());
        if (answer.status === 201) acknowledged.push({ email, id: answer.json().id });
        else await sleep(20);
      }
    });
    for (let round = 0; round < 5; ++round) {
      await sleep(300);
      await proxy.close();
      await sleep(200);
      await proxy.open();
      const before = acknowledged.length;
      await eventually(() => acknowledged.length > before, 'nothing is written any more');
    }
    going = false;
    await Promise.all(writers);
    assert.ok(acknowledged.length > 5);
    for (const { email } of acknowledged) {
      const again = await server.post('/auth/register', { json: { email, password: PASSWORD } });
      assert.equal(again.status, 409, email);
    }
  });
});
