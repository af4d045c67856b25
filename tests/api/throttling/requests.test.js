// Each caller has a bucket of requests in each process: an account, an API key, or a network.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser, upload } from '../../support/client.js';
import { wav } from '../../support/media.js';
import { assertLimited, rateLimits } from '../../support/rate_limit.js';
import { startServer } from '../../support/server.js';

const from = (address) => ({ 'X-Forwarded-For': address });

/** Requests until one is refused; how many were not. */
async function spend(request, most = 40) {
  for (let count = 0; count < most; count += 1) {
    const answer = await request();
    if (answer.status === 429) return { count, answer };
  }
  return assert.fail(`${most} requests were let through`);
}

describe('requests of one caller', () => {
  let server, me, other, key, content;
  before(async () => {
    // 20 at once, 2 a second.
    server = await startServer({ env: { RATE_LIMIT: 'on', REQUEST_RATE: 2, TRUSTED_PROXIES: '127.0.0.1' } });
    me = await newUser(server);
    other = await newUser(server);
    content = await upload(server, me.token, wav(500));
    const made = await server.post('/auth/keys', { token: me.token, json: { name: 'a key', scopes: 'content:read' } });
    assert.equal(made.status, 201, made.text());
    key = made.json().key;
  });
  after(() => server?.stop());

  test('are answered as long as some are left, and each answer says how many', async () => {
    const address = '203.0.113.1';
    let last;
    const { count, answer } = await spend(async () => {
      const each = await server.get('/content', { headers: from(address) });
      const told = rateLimits(each).requests;
      assert.deepEqual([told.q, told.w], [20, 10]);
      if (each.status === 200 && last !== undefined) assert.ok(told.r <= last, `${told.r} after ${last}`);
      last = told.r;
      return each;
    });
    assert.ok(count >= 20 && count <= 24, `${count}`);
    assert.equal(assertLimited(answer, 'requests'), 1);
    assert.equal((await server.get('/content', { headers: from('203.0.113.2') })).status, 200, 'others have their own');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal((await server.get('/content', { headers: from(address) })).status, 200, 'it has waited as long as it was told');
  });

  test('are those of an account from wherever they come, apart from those of its keys', async () => {
    let i = 0;
    const { answer } = await spend(() => server.get('/auth/me', { token: me.token, headers: from(`192.0.2.${++i}`) }));
    assertLimited(answer, 'requests');
    assertLimited(await server.get('/content', { token: me.token }), 'requests');
    assert.equal((await server.get('/content', { token: key })).status, 200);
    assert.equal((await server.get('/auth/me', { token: other.token })).status, 200);
    assert.equal((await server.get('/content', { headers: from('192.0.2.1') })).status, 200);
    const ofKey = await spend(() => server.get('/content', { token: key }));
    assertLimited(ofKey.answer, 'requests');
  });

  test('are counted where credentials are refused, so tokens cannot be guessed faster', async () => {
    const { count } = await spend(() => server.get('/auth/me', { token: 'guess', headers: from('203.0.113.10') }));
    assert.ok(count >= 20 && count <= 24, `${count}`);
    assertLimited(await server.get('/auth/me', { headers: from('203.0.113.10') }), 'requests');
    assertLimited(await server.get('/content', { token: 'guess', headers: from('203.0.113.10') }), 'requests');
  });

  test('are counted where media is played: one for each request, however long the answer', async () => {
    const { count } = await spend(() => server.get(`/content/${content.id}/stream`, { headers: { ...from('203.0.113.20'), Range: 'bytes=0-9' } }));
    assert.ok(count >= 20 && count <= 24, `${count}`);
  });

  test('are not counted where the service is watched over, nor where there is nothing', async () => {
    const headers = from('203.0.113.30');
    await spend(() => server.get('/content', { headers }));
    for (const path of ['/health', '/health/ready']) {
      for (let i = 0; i < 30; i += 1) {
        const answer = await server.get(path, { headers });
        assert.equal(answer.status, 200);
        assert.deepEqual(rateLimits(answer), {});
      }
    }
    assert.equal((await server.get('/nothing', { headers, check: false })).status, 404);
    assert.equal((await server.request('OPTIONS', '/content', { headers, check: false })).status, 204);
  });

  test('are those of a /64 of IPv6', async () => {
    let i = 0;
    await spend(() => server.get('/content', { headers: from(`2001:db8:1:2::${(++i).toString(16)}`) }));
    assertLimited(await server.get('/content', { headers: from('2001:db8:1:2:ffff::1') }), 'requests');
    assert.equal((await server.get('/content', { headers: from('2001:db8:1:3::1') })).status, 200);
  });

  test('are not told apart by what a client writes itself', async () => {
    let i = 0;
    const { count } = await spend(() => server.get('/content', { headers: from(`192.0.2.${++i}, 203.0.113.40`) }));
    assert.ok(count <= 24, `${count}`);
  });
});

test('by default no client of ordinary size is refused', async () => {
  const server = await startServer({ env: { RATE_LIMIT: 'on' } });
  try {
    const answers = await Promise.all(Array.from({ length: 500 }, () => server.get('/content')));
    for (const answer of answers) assert.equal(answer.status, 200);
    const { q, w } = rateLimits(answers[0]).requests;
    assert.deepEqual([q, w], [10_000, 10]);
  } finally {
    await server.stop();
  }
});

test('REQUEST_RATE=0 counts no requests, and attempts all the same', async () => {
  const server = await startServer({ env: { RATE_LIMIT: 'on', REQUEST_RATE: 0 } });
  try {
    assert.deepEqual(rateLimits(await server.get('/content')), {});
    const answer = await server.post('/auth/refresh', { json: { refresh_token: 'x' } });
    assert.deepEqual(Object.keys(rateLimits(answer)), ['token']);
  } finally {
    await server.stop();
  }
});
