// Sessions: they outlive their access tokens by refresh tokens, each of which is used once, and end when they should.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser, PASSWORD } from '../support/client.js';
import { startServer } from '../support/server.js';

const logIn = async (server, email, options = {}) => {
  const answer = await server.post('/auth/token', { json: { email, password: PASSWORD }, ...options });
  assert.equal(answer.status, 200, answer.text());
  return answer.json();
};

const refresh = (server, token) => server.post('/auth/refresh', { json: { refresh_token: token } });
const isIn = async (server, token) => (await server.get('/auth/me', { token })).status === 200;

function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  assert.equal(answer.json().code, code);
}

describe('sessions', () => {
  let server, email;
  before(async () => {
    server = await startServer({ env: { LOG_FORMAT: 'json' } });
    ({ email } = await newUser(server));
  });
  after(() => server?.stop());

  test('a login gives both tokens, and a refresh gives new ones', async () => {
    const first = await logIn(server, email);
    assert.match(first.refresh_token, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(first.refresh_expires_in, 30 * 86_400);
    const answer = await refresh(server, first.refresh_token);
    assert.equal(answer.status, 200, answer.text());
    assert.equal(answer.headers['cache-control'], 'no-store');
    const second = answer.json();
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.ok(await isIn(server, second.access_token));
    assert.ok(await isIn(server, first.access_token), 'an access token lasts for its own life');
  });

  test('the OAuth2 form refreshes too', async () => {
    const { refresh_token: token } = await logIn(server, email);
    const answer = await server.post('/auth/token', { form: { grant_type: 'refresh_token', refresh_token: token } });
    assert.equal(answer.status, 200, answer.text());
    assert.ok(await isIn(server, answer.json().access_token));
    const missing = await server.post('/auth/token', { form: { grant_type: 'refresh_token' } });
    assertRefused(missing, 422, 'validation_failed');
    assert.equal(missing.json().errors[0].pointer, '#/refresh_token');
  });

  test('a repeated request ends nothing; a stolen token ends its session, and only that', async () => {
    const stolen = await logIn(server, email);
    const other = await logIn(server, email);
    const second = (await refresh(server, stolen.refresh_token)).json();
    assertRefused(await refresh(server, stolen.refresh_token), 409, 'refresh_token_reused');
    assert.ok(await isIn(server, second.access_token));
    const third = (await refresh(server, second.refresh_token)).json();
    assertRefused(await refresh(server, stolen.refresh_token), 401, 'refresh_token_invalid');
    for (const { access_token: token } of [stolen, second, third]) assert.ok(!(await isIn(server, token)));
    assertRefused(await refresh(server, third.refresh_token), 401, 'refresh_token_invalid');
    assert.ok(await isIn(server, other.access_token));
    assert.match(server.log, /"session\.replay_detected"/);
    assert.ok(!server.log.includes(stolen.refresh_token));
  });

  for (const [what, token] of [
    ['an empty text', ''], ['a number', 7], ['null', null], ['a text of a mebibyte', 'A'.repeat(1024 * 1024)], ['nothing', undefined],
  ]) {
    test(`no refresh token: ${what}`, async () => {
      const answer = await refresh(server, token);
      assert.ok([413, 422].includes(answer.status), answer.text());
    });
  }

  for (const [what, token] of [
    ['43 letters', 'A'.repeat(43)], ['a quote and SQL', "' OR 1=1 --"], ['other bytes', '\u{1F511}'], ['base64 with padding', `${'A'.repeat(43)}=`],
  ]) {
    test(`nobody's refresh token: ${what}`, async () => assertRefused(await refresh(server, token), 401, 'refresh_token_invalid'));
  }

  test('an access token is no refresh token, and the other way round', async () => {
    const login = await logIn(server, email);
    const answer = await refresh(server, login.access_token);
    assert.ok([401, 422].includes(answer.status), answer.text());
    assert.ok(!(await isIn(server, login.refresh_token)));
  });

  test('logging out ends one session, and logging out everywhere all of one account', async () => {
    const { email: name } = await newUser(server);
    const [first, second, third] = [await logIn(server, name), await logIn(server, name), await logIn(server, name)];
    const stranger = await logIn(server, email);
    const out = await server.post('/auth/logout', { token: first.access_token });
    assert.equal(out.status, 204, out.text());
    assert.equal(out.text(), '');
    assert.ok(!(await isIn(server, first.access_token)));
    assertRefused(await refresh(server, first.refresh_token), 401, 'refresh_token_invalid');
    assert.ok(await isIn(server, second.access_token));
    assert.equal((await server.post('/auth/logout', { token: first.access_token })).status, 401);
    assert.equal((await server.post('/auth/logout-all', { token: second.access_token })).status, 204);
    for (const { access_token: token, refresh_token: again } of [second, third]) {
      assert.ok(!(await isIn(server, token)));
      assertRefused(await refresh(server, again), 401, 'refresh_token_invalid');
    }
    assert.ok(await isIn(server, stranger.access_token));
  });

  test('sessions are listed with their devices, and may be ended one by one', async () => {
    const { email: name } = await newUser(server);
    const phone = await logIn(server, name, { headers: { 'User-Agent': 'Clinikk/2.1 (iPhone)' } });
    const laptop = await logIn(server, name, { headers: { 'User-Agent': `Browser ${'x'.repeat(1000)}` } });
    const answer = await server.get('/auth/sessions', { token: phone.access_token });
    assert.equal(answer.status, 200, answer.text());
    const sessions = answer.json();
    const current = sessions.filter((session) => session.is_current);
    assert.equal(current.length, 1);
    assert.equal(current[0].device, 'Clinikk/2.1 (iPhone)');
    const other = sessions.find(({ device }) => device.startsWith('Browser'));
    assert.equal(other.device.length, 200);
    assert.ok(new Date(other.expires_at) > new Date(other.last_used_at));

    const strangers = await logIn(server, email);
    assertRefused(await server.delete(`/auth/sessions/${other.id}`, { token: strangers.access_token }), 404, 'session_not_found');
    assert.ok(await isIn(server, laptop.access_token));
    assert.equal((await server.delete(`/auth/sessions/${other.id}`, { token: phone.access_token })).status, 204);
    assert.ok(!(await isIn(server, laptop.access_token)));
    assertRefused(await server.delete(`/auth/sessions/${other.id}`, { token: phone.access_token }), 404, 'session_not_found');
    for (const id of ['1', 'x', '%00', '0190b5f0-0000-7000-8000-00000000000', `${other.id}x`]) {
      assert.equal((await server.delete(`/auth/sessions/${id}`, { token: phone.access_token })).status, 404, id);
    }
    assert.ok(await isIn(server, phone.access_token));
  });

  test('a new password needs the old one, and ends all other sessions', async () => {
    const { email: name } = await newUser(server);
    const [here, elsewhere] = [await logIn(server, name), await logIn(server, name)];
    const change = (json, token = here.access_token) => server.request('PUT', '/auth/password', { token, json });
    const next = 'another battery staple';
    assertRefused(await change({ current_password: 'wrong horse', new_password: next }), 403, 'password_wrong');
    assert.ok(await isIn(server, elsewhere.access_token));
    for (const json of [{}, { new_password: next }, { current_password: PASSWORD }, { current_password: PASSWORD, new_password: 'short' }]) {
      assertRefused(await change(json), 422, 'validation_failed');
    }
    assertRefused(await change({ current_password: PASSWORD, new_password: next }, 'x'), 401, 'not_authenticated');
    const changed = await change({ current_password: PASSWORD, new_password: next });
    assert.equal(changed.status, 204, changed.text());
    assert.ok(await isIn(server, here.access_token));
    assert.ok(!(await isIn(server, elsewhere.access_token)));
    assertRefused(await refresh(server, elsewhere.refresh_token), 401, 'refresh_token_invalid');
    assert.equal((await refresh(server, here.refresh_token)).status, 200);
    assertRefused(await server.post('/auth/token', { json: { email: name, password: PASSWORD } }), 401, 'credentials_invalid');
    assert.equal((await server.post('/auth/token', { json: { email: name, password: next } })).status, 200);
  });

  for (const [method, target] of [
    ['POST', '/auth/logout'], ['POST', '/auth/logout-all'], ['GET', '/auth/sessions'], ['PUT', '/auth/password'], ['DELETE', '/auth/sessions/0190b5f0-0000-7000-8000-000000000001'],
  ]) {
    test(`${method} ${target} needs a session`, async () => assertRefused(await server.request(method, target), 401, 'not_authenticated'));
  }
});

describe('with a limit', () => {
  test('guesses at the old password are slowed down as logins are', async () => {
    const server = await startServer({ env: { RATE_LIMIT: 'on' } });
    try {
      const { email } = await newUser(server);
      const { access_token: token } = await logIn(server, email);
      const json = { current_password: 'a wrong guess', new_password: PASSWORD };
      const guess = () => server.request('PUT', '/auth/password', { token, json });
      for (let i = 0; i < 10; i += 1) assertRefused(await guess(), 403, 'password_wrong');
      const limited = await guess();
      assertRefused(limited, 429, 'rate_limited');
      assert.ok(Number(limited.headers['retry-after']) > 0);
    } finally {
      await server.stop();
    }
  });
});

describe('short sessions', () => {
  test('an unused session ends with its refresh token', async () => {
    const server = await startServer({ env: { REFRESH_TOKEN_EXPIRE: '60s' } });
    try {
      const { email } = await newUser(server);
      assert.equal((await logIn(server, email)).refresh_expires_in, 60);
    } finally {
      await server.stop();
    }
  });
});
