// Guessing at passwords is slowed down; who knows the password is not kept out, whatever others do.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD } from '../../support/client.js';
import { sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';

const CROWD = 120;

/** Connections that come from this address of the loopback network. */
const from = (localAddress) => new http.Agent({ keepAlive: true, maxSockets: CROWD, localAddress });

describe('logins', () => {
  let server;
  const agents = {};
  before(async () => {
    // 36 places: 4 at the hasher and 32 that wait. One network has 18 of them, and 9 are for clients that are known.
    server = await startServer({ env: { RATE_LIMIT: 'on', THREADS: 8 } });
    for (const name of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) agents[name] = from(name);
  });
  after(async () => {
    Object.values(agents).forEach((agent) => agent.destroy());
    await server?.stop();
  });

  const attempt = (address, email, password = PASSWORD) => server.post('/auth/token', { json: { email, password }, agent: agents[address] });

  async function registered(email) {
    assert.equal((await server.post('/auth/register', { json: { email, password: PASSWORD } })).status, 201);
    return email;
  }

  /** How long the answer asks to be left alone, in whole seconds. */
  function retryAfter(answer, least, most) {
    assert.match(answer.headers['retry-after'], /^\d+$/, answer.text());
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(seconds >= least && seconds <= most, `Retry-After: ${seconds}`);
    return seconds;
  }

  /** Has a crowd of strangers from that address at the door as long as `work` goes on; what they were answered. */
  async function crowded(address, work) {
    let over = false;
    const answers = [];
    const stranger = async (number) => {
      for (let round = 0; !over; round += 1) answers.push(await attempt(address, `made.up.${number}.${round}@example.com`));
    };
    const crowd = Promise.all(Array.from({ length: CROWD }, (_, number) => stranger(number)));
    await sleep(100);
    try {
      await work();
    } finally {
      over = true;
      await crowd;
    }
    for (const answer of answers) {
      assert.ok([401, 503].includes(answer.status), answer.text());
      if (answer.status === 503) retryAfter(answer, 1, 600);
    }
    assert.ok(answers.some(({ status }) => status === 503), 'the crowd was not large enough to overflow');
    return answers;
  }

  test('a crowd of strangers does not keep out who has logged in before, from the same address', async () => {
    const { email } = await newUser(server);
    await crowded('127.0.0.1', async () => {
      const answers = await Promise.all(Array.from({ length: 15 }, () => attempt('127.0.0.1', email)));
      for (const answer of answers) assert.equal(answer.status, 200, answer.text());
    });
  });

  test('nor who comes for the first time, from another address', async () => {
    const email = await registered('first.time@example.com');
    await crowded('127.0.0.2', async () => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => attempt('127.0.0.3', email)));
      for (const answer of answers) assert.equal(answer.status, 200, answer.text());
    });
  });

  test('a login that was not looked at counts as nothing', async () => {
    const email = await registered('in.the.crowd@example.com');
    await crowded('127.0.0.2', async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => attempt('127.0.0.2', email)));
      for (const answer of answers) assert.ok([200, 503].includes(answer.status), answer.text());
    });
    for (let i = 0; i < 30; i += 1) assert.equal((await server.post('/auth/token', { json: { email }, agent: agents['127.0.0.2'] })).status, 422);
    assert.equal((await attempt('127.0.0.2', email)).status, 200);
  });

  test('wrong guesses from another address do not keep the right password out', async () => {
    const email = await registered('guessed.at@example.com');
    for (let i = 0; i < 10; i += 1) assert.equal((await attempt('127.0.0.2', email, `guess ${i}`)).status, 401);
    const slowed = await attempt('127.0.0.2', email, 'guess 10');
    assert.equal(slowed.status, 429);
    assert.equal(slowed.json().code, 'rate_limited');
    assert.equal((await attempt('127.0.0.1', email)).status, 200);
    assert.equal((await attempt('127.0.0.3', email, 'a slip')).status, 401);
    assert.equal((await attempt('127.0.0.3', email)).status, 200);
    // Where the guesses came from the right password waits as well, and no longer than it is told.
    const told = await attempt('127.0.0.2', email);
    if (told.status !== 200) {
      await sleep(retryAfter(told, 1, 5) * 1000);
      assert.equal((await attempt('127.0.0.2', email)).status, 200);
    }
    assert.ok(await login(server, email));
  });

  test('the wait grows with each failure', async () => {
    const email = await registered('grows@example.com');
    const all = await Promise.all(Array.from({ length: 14 }, (_, i) => attempt('127.0.0.2', email, `guess ${i}`)));
    assert.deepEqual(all.map(({ status }) => status), Array(14).fill(401));
    // 5, 10, 20, 40 and 80 seconds for the tenth to the fourteenth.
    retryAfter(await attempt('127.0.0.2', email), 75, 155);
    assert.equal((await attempt('127.0.0.1', email)).status, 200);
  });
});
