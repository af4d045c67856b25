// What can be guessed or makes work is slowed down by account and by network. Each limit is exceeded here.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD } from '../../support/client.js';
import { sql } from '../../support/database.js';
import { mailSettings, startMailServer } from '../../support/mail_server.js';
import { OpenIdProvider } from '../../support/openid_provider.js';
import { postgresUrl, temporaryDirectory } from '../../support/program.js';
import { assertLimited, rateLimits } from '../../support/rate_limit.js';
import { startServer } from '../../support/server.js';
import { APP, SignIn } from '../../support/sign_in.js';
import { totp } from '../../support/totp.js';

// Eight threads have room for 36 passwords, of which strangers of one network have 18.
const ENV = { RATE_LIMIT: 'on', TRUSTED_PROXIES: '127.0.0.1', THREADS: 8 };
const HOME = '198.51.100.1';
const from = (address) => ({ 'X-Forwarded-For': address });

const attempt = (server, email, password, address = HOME) => server.post('/auth/token', { json: { email, password }, headers: from(address) });
const fail = (server, email, address) => attempt(server, email, 'not the one', address);

/** Makes requests until one is answered with 429; how many were not. */
async function allowed(request, most = 2_000) {
  for (let count = 0; count < most; count += 1) {
    const answer = await request(count);
    if (answer.status === 429) return { count, answer };
  }
  return assert.fail(`${most} requests were let through`);
}

/** The same, many at a time: no more may get through. */
async function allowedAtOnce(request, count) {
  const answers = await Promise.all(Array.from({ length: count }, (_, i) => request(i)));
  return answers.filter(({ status }) => status !== 429).length;
}

describe('logins', () => {
  let dataDir, server;
  before(async () => {
    dataDir = await temporaryDirectory();
    server = await startServer({ dataDir, env: ENV });
  });
  after(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const restart = async () => {
    await server.kill();
    server = await startServer({ dataDir, env: ENV });
  };

  test('a refusal says what is left of the limit', async () => {
    const { email } = await newUser(server);
    for (let left = 9; left >= 0; left -= 1) {
      const answer = await fail(server, email);
      assert.equal(answer.status, 401);
      assert.deepEqual(rateLimits(answer).login, { q: 10, w: 3600, r: left, t: left > 0 ? 3600 : 5 });
      assert.ok(rateLimits(answer).requests, 'beside the limit on requests');
    }
    assert.ok(assertLimited(await fail(server, email), 'login') <= 5);
    assert.equal((await attempt(server, email, PASSWORD, '198.51.100.2')).status, 200);
  });

  test('failures, waits and known networks outlive a kill', async () => {
    const { email } = await newUser(server);
    assert.equal((await attempt(server, email, PASSWORD, '203.0.113.1')).status, 200);
    // Five cost a wait, which together is longer than a restart.
    const all = await Promise.all(Array.from({ length: 14 }, () => fail(server, email, '203.0.113.2')));
    assert.deepEqual(all.map(({ status }) => status), Array(14).fill(401));
    await restart();
    assert.ok(assertLimited(await attempt(server, email, PASSWORD, '203.0.113.2'), 'login') > 60);
    // Strangers from many networks: after a hundred they wait, and the known network does not.
    for (let i = 0; i < 80; i += 1) assert.equal((await fail(server, email, `192.0.2.${i}`)).status, 401, String(i));
    // Passwords are counted when they have been compared: these together are more than a hundred.
    await Promise.all(Array.from({ length: 20 }, (_, i) => fail(server, email, `192.0.2.${100 + i}`)));
    await restart();
    assertLimited(await attempt(server, email, PASSWORD, '203.0.113.3'), 'login');
    assert.equal((await attempt(server, email, PASSWORD, '203.0.113.1')).status, 200);
  });

  test('a network that guesses at many accounts is slowed down, and those that it has logged in to before are not', async () => {
    const { email } = await newUser(server);
    assert.equal((await attempt(server, email, PASSWORD, '203.0.113.9')).status, 200);
    // A thousand cost a minute of hashing: all but the last ones are put into the database, each at three seconds.
    assert.equal((await fail(server, 'made.up@example.com', '203.0.113.9')).status, 401);
    const key = createHash('sha256').update('login\n\n203.0.113.9').digest('hex');
    const bytes = postgresUrl(dataDir) ? `'\\x${key}'` : `X'${key}'`;
    const was = Number(await sql(dataDir, `SELECT wait_until FROM throttles WHERE key_hash = ${bytes}`));
    assert.ok(Math.abs(was - Date.now() - 3_000) < 10_000);
    await sql(dataDir, `UPDATE throttles SET wait_until = ${Date.now() + 3_000 * 990} WHERE key_hash = ${bytes}`);
    const { count, answer } = await allowed((i) => fail(server, `another.${i}@example.com`, '203.0.113.9'), 30);
    assert.ok(count >= 10 && count <= 15, `${count}`);
    assertLimited(answer, 'login');
    assert.equal((await attempt(server, email, PASSWORD, '203.0.113.9')).status, 200);
    assert.equal((await fail(server, 'another.one@example.com', '203.0.113.8')).status, 401);
  });

  test('of codes of a second factor that are guessed at once no more get through than one by one', async () => {
    const { email, token } = await newUser(server);
    const { secret } = (await server.post('/auth/totp', { token, json: { password: PASSWORD } })).json();
    assert.equal((await server.post('/auth/totp/confirm', { token, json: { totp_code: totp(secret) } })).status, 200);
    const guess = (code) => server.post('/auth/token', { json: { email, password: PASSWORD, totp_code: code }, headers: from('203.0.113.20') });
    const compared = [];
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(Array.from({ length: 6 }, () => guess('000000')));
      compared.push(...answers.filter(({ status, json }) => status !== 429 && status !== 503));
    }
    assert.ok(compared.length <= 10, `${compared.length} codes were compared`);
    assertLimited(await guess(totp(secret, 1)), 'login');
  });

  test('networks are IPv6 by /64, and IPv4 however it is written', async () => {
    const { email } = await newUser(server);
    for (let i = 0; i < 10; i += 1) assert.equal((await fail(server, email, `2001:db8:1:2::${i + 1}`)).status, 401);
    assertLimited(await fail(server, email, '2001:db8:1:2:ffff::1'), 'login');
    assert.equal((await fail(server, email, '2001:db8:1:3::1')).status, 401);
    for (let i = 0; i < 10; i += 1) assert.equal((await fail(server, email, i % 2 ? '::ffff:192.0.2.200' : '192.0.2.200')).status, 401);
    assertLimited(await fail(server, email, '192.0.2.200'), 'login');
  });

  test('nobody chooses their network but a trusted proxy', async () => {
    const cautious = await startServer({ env: { ...ENV, TRUSTED_PROXIES: '' } });
    try {
      const { email } = await newUser(cautious);
      const spoofed = await allowed((i) => fail(cautious, email, `192.0.2.${i}`), 20);
      assert.equal(spoofed.count, 10, 'X-Forwarded-For of somebody who is no proxy means nothing');
      const forwarded = await cautious.post('/auth/token', { json: { email, password: 'x' }, headers: { Forwarded: 'for=192.0.2.99' } });
      assertLimited(forwarded, 'login');
    } finally {
      await cautious.stop();
    }
    // Behind the proxy, what the client has written before the proxy's own word means nothing either.
    const { email } = await newUser(server);
    const through = await allowed((i) => fail(server, email, `192.0.2.${i}, 203.0.113.50`), 20);
    assert.equal(through.count, 10);
    assertLimited(await server.post('/auth/token', { json: { email, password: 'x' }, headers: { ...from('203.0.113.50'), Forwarded: 'for=192.0.2.99' } }), 'login');
    assert.equal((await fail(server, email, '203.0.113.51')).status, 401);
  });
});

describe('registrations', () => {
  let server;
  before(async () => (server = await startServer({ env: ENV })));
  after(() => server?.stop());
  const register = (email, address, more = {}) => server.post('/auth/register', { json: { email, password: PASSWORD, ...more }, headers: from(address) });

  test('of one address are slowed down after ten', async () => {
    const { count, answer } = await allowed(() => register('somebody@example.com', HOME), 20);
    assert.equal(count, 10);
    assertLimited(answer, 'registration');
    assert.equal((await register('somebody@example.com', '198.51.100.2')).status, 409);
  });

  test('from one network are slowed down after fifty', { timeout: 60_000 }, async () => {
    const { count, answer } = await allowed((i) => register(`person.${i}@example.com`, '203.0.113.1'), 60);
    assert.equal(count, 50);
    assertLimited(answer, 'registration');
    assert.equal((await register('one.more@example.com', '203.0.113.2')).status, 201);
  });

  test('that are not let in at all count as nothing', async () => {
    const closed = await startServer({ env: { ...ENV, REGISTRATION: 'closed' } });
    try {
      for (let i = 0; i < 60; i += 1) {
        const answer = await closed.post('/auth/register', { json: { email: 'somebody@example.com', password: PASSWORD } });
        assert.equal(answer.json().code, 'registration_closed');
      }
      assert.equal(await sql(closed.dataDir, 'SELECT count(*) FROM throttles'), '0');
    } finally {
      await closed.stop();
    }
  });
});

describe('mails', () => {
  let server, mailServer;
  before(async () => {
    mailServer = await startMailServer();
    server = await startServer({ env: mailSettings(mailServer, ENV) });
  });
  after(async () => {
    await server?.stop();
    await mailServer?.stop();
  });

  test('from one network are slowed down after a hundred, whatever the addresses', async () => {
    const targets = ['/auth/password-reset', '/auth/verify-email/resend'];
    const ask = (i, address = '203.0.113.1') => server.post(targets[i % 2], { json: { email: `person.${i}@example.com` }, headers: from(address) });
    const { count, answer } = await allowed((i) => ask(i), 120);
    assert.equal(count, 100);
    assertLimited(answer, 'mail');
    assert.equal((await ask(200, '203.0.113.2')).status, 202);
  });

  test('to one address from many networks are slowed down after a hundred, but not for where it has logged in', async () => {
    const { email } = await newUser(server);
    assert.equal((await attempt(server, email, PASSWORD, '203.0.113.77')).status, 200);
    const ask = (address) => server.post('/auth/password-reset', { json: { email }, headers: from(address) });
    const { count, answer } = await allowed((i) => ask(`192.0.2.${i}`), 120);
    assert.equal(count, 100);
    assertLimited(answer, 'mail');
    assert.equal((await ask('203.0.113.77')).status, 202);
  });
});

describe('secrets that are none', () => {
  let server, provider;
  before(async () => {
    provider = await new OpenIdProvider().start();
    const oidc = { OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: 'clinikk', OIDC_CLIENT_SECRET: 'the & secret', OIDC_REDIRECT_URLS: APP };
    server = await startServer({ env: { ...ENV, ...oidc } });
  });
  after(async () => {
    await server?.stop();
    await provider?.stop();
  });

  const secret = 'x'.repeat(43);
  const ways = {
    refresh: (headers) => server.post('/auth/refresh', { json: { refresh_token: secret }, headers }),
    grant: (headers) => server.post('/auth/token', { form: { grant_type: 'refresh_token', refresh_token: secret }, headers }),
    invite: (headers) => server.post('/auth/register', { json: { email: 'guest@example.com', password: PASSWORD, invite: secret }, headers }),
    reset: (headers) => server.post('/auth/password-reset/confirm', { json: { token: secret, new_password: PASSWORD }, headers }),
    verification: (headers) => server.post('/auth/verify-email', { json: { token: secret }, headers }),
    'return from the provider': (headers) => server.get(`/auth/oidc/callback?state=${secret}&code=x`, { headers: { ...headers, Cookie: 'sign_in=x' } }),
    'code of a sign-in': (headers) => server.post('/auth/oidc/token', { json: { code: secret, code_verifier: secret }, headers }),
  };
  for (const [name, show] of Object.entries(ways)) {
    test(`${name}: a network may show a hundred`, async () => {
      const address = `203.0.113.${Object.keys(ways).indexOf(name)}`;
      const { count, answer } = await allowed(() => show(from(address)), 120);
      assert.ok(count >= 100 && count < 105, `${count}`);
      assertLimited(answer, 'token');
    });
  }

  test('they share the limit, refusals write nothing, and who has a good one is let in', async () => {
    const { email } = await newUser(server);
    const { refresh_token: good } = (await attempt(server, email, PASSWORD, '203.0.113.99')).json();
    const all = Object.values(ways);
    const { count } = await allowed((i) => all[i % all.length](from('203.0.113.99')), 120);
    assert.ok(count >= 100 && count < 105, `${count}`);
    const rows = () => sql(server.dataDir, 'SELECT sum(count), max(wait_until) FROM throttles');
    const before = await rows();
    for (const show of all) assertLimited(await show(from('203.0.113.99')), 'token');
    assert.equal(await rows(), before);
    assert.equal((await server.post('/auth/refresh', { json: { refresh_token: good }, headers: from('203.0.113.99') })).status, 200);
  });

  test('a network may begin two hundred sign-ins, and no more at once than one by one', async () => {
    const { challenge } = new SignIn(server);
    const query = new URLSearchParams({ redirect_uri: APP, code_challenge: challenge });
    const begin = (address) => server.get(`/auth/oidc/authorize?${query}`, { headers: from(address) });
    assert.equal((await begin('203.0.113.60')).status, 302);
    const before = Number(await sql(server.dataDir, 'SELECT count(*) FROM sign_ins'));
    const through = await allowedAtOnce(() => begin('203.0.113.61'), 230);
    assert.ok(through >= 200 && through <= 203, `${through}`);
    assert.equal(Number(await sql(server.dataDir, 'SELECT count(*) FROM sign_ins')) - before, through, 'a row for each of them and for no other');
    assertLimited(await begin('203.0.113.61'), 'sign-in');
    assert.equal((await begin('203.0.113.60')).status, 302);
  });
});

describe('with RATE_LIMIT=off', () => {
  test('nothing is counted, told or refused', async () => {
    const server = await startServer({ env: { ...ENV, RATE_LIMIT: 'off', REQUEST_RATE: 1 } });
    try {
      const { email } = await newUser(server);
      for (let i = 0; i < 30; i += 1) {
        const answer = await fail(server, email);
        assert.equal(answer.status, 401);
        assert.deepEqual(rateLimits(answer), {});
      }
      assert.ok(await login(server, email));
      assert.equal(await sql(server.dataDir, 'SELECT count(*) FROM throttles'), '0');
    } finally {
      await server.stop();
    }
  });
});
