// The second factor: an authenticator and its recovery codes.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser, PASSWORD } from '../support/client.js';
import { sql } from '../support/database.js';
import { runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { totp } from '../support/totp.js';

const logIn = (server, email, code, password = PASSWORD) =>
  server.post('/auth/token', { json: { email, password, ...(code === undefined ? {} : { totp_code: code }) } });

function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  assert.equal(answer.json().code, code);
}

/** Gives an account an authenticator. That uses up the code that is shown now; the next one is accepted already. */
async function enrol(server, me) {
  const begun = await server.post('/auth/totp', { token: me.token, json: { password: PASSWORD } });
  assert.equal(begun.status, 200, begun.text());
  const { secret, otpauth_url: url } = begun.json();
  const confirmed = await server.post('/auth/totp/confirm', { token: me.token, json: { totp_code: totp(secret) } });
  assert.equal(confirmed.status, 200, confirmed.text());
  return { secret, url, codes: confirmed.json().recovery_codes };
}

describe('the second factor', () => {
  let dataDir, server, me, factor;
  before(async () => {
    // Eight threads, so that eight logins from one network may wait for their password at once.
    server = await startServer({ env: { LOG_FORMAT: 'json', THREADS: 8 } });
    ({ dataDir } = server);
    me = await newUser(server);
    factor = await enrol(server, me);
  });
  after(() => server?.stop());

  test('is told once, for an authenticator', () => {
    assert.match(factor.secret, /^[A-Z2-7]{32}$/);
    const url = new URL(factor.url);
    assert.equal(url.protocol, 'otpauth:');
    assert.equal(url.searchParams.get('secret'), factor.secret);
    assert.equal(decodeURIComponent(url.pathname.split(':')[1]), me.email);
    assert.equal(new Set(factor.codes).size, 10);
    for (const code of factor.codes) assert.match(code, /^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/);
  });

  test('is needed after the right password, and says nothing after a wrong one', async () => {
    assertRefused(await logIn(server, me.email), 403, 'totp_required');
    assertRefused(await logIn(server, me.email, '000000'), 403, 'totp_wrong');
    assertRefused(await logIn(server, me.email, undefined, 'wrong password'), 401, 'credentials_invalid');
    assertRefused(await logIn(server, me.email, totp(factor.secret), 'wrong password'), 401, 'credentials_invalid');
  });

  test('opens one session for each code, also of many requests at once', async () => {
    const code = factor.codes[0];
    const answers = await Promise.all(Array.from({ length: 8 }, () => logIn(server, me.email, code)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(403)]);
    const shown = totp(factor.secret, 1);
    const more = await Promise.all(Array.from({ length: 8 }, () => logIn(server, me.email, shown)));
    assert.deepEqual(more.map(({ status }) => status).sort(), [200, ...Array(7).fill(403)]);
    const token = more.find(({ status }) => status === 200).json().access_token;
    assert.equal((await server.get('/auth/me', { token })).status, 200);
  });

  test('works in the OAuth2 form', async () => {
    const form = { grant_type: 'password', username: me.email, password: PASSWORD, totp_code: factor.codes[1].toLowerCase().replaceAll('-', ' ') };
    assert.equal((await server.post('/auth/token', { form })).status, 200);
  });

  test('stands nowhere in plain text', async () => {
    const rows = await sql(dataDir, 'SELECT sealed_secret FROM totp');
    assert.ok(rows.length > 40);
    assert.ok(!rows.includes(factor.secret));
    for (const text of [factor.secret, ...factor.codes]) assert.ok(!server.log.includes(text));
  });

  for (const [what, value] of [['an empty text', ''], ['a number', 123456], ['null', null], ['65 characters', '1'.repeat(65)], ['a line feed', '123\n456'], ['nothing', undefined]]) {
    test(`a code that is ${what} is 422`, async () => {
      assertRefused(await server.post('/auth/totp/confirm', { token: me.token, json: { totp_code: value } }), 422, 'validation_failed');
      assertRefused(await server.delete('/auth/totp', { token: me.token, json: { totp_code: value } }), 422, 'validation_failed');
      if (value !== undefined && value !== null) assertRefused(await logIn(server, me.email, value), 422, 'validation_failed');
    });
  }

  test('is begun with the password, confirmed with a code, and removed with a code', async () => {
    const other = await newUser(server);
    const begin = (password) => server.post('/auth/totp', { token: other.token, json: { password } });
    assertRefused(await begin('wrong password'), 403, 'password_wrong');
    assertRefused(await server.post('/auth/totp/confirm', { token: other.token, json: { totp_code: '123456' } }), 404, 'totp_not_found');
    assertRefused(await server.delete('/auth/totp', { token: other.token, json: { totp_code: '123456' } }), 404, 'totp_not_found');
    assert.equal((await begin(PASSWORD)).status, 200);
    assertRefused(await server.post('/auth/totp/confirm', { token: other.token, json: { totp_code: '000000' } }), 403, 'totp_wrong');
    assert.equal((await logIn(server, other.email)).status, 200, 'it is not confirmed');
    const { codes } = await enrol(server, other);
    assertRefused(await begin(PASSWORD), 409, 'totp_active');
    assertRefused(await server.delete('/auth/totp', { token: other.token, json: { totp_code: factor.codes[9] } }), 403, 'totp_wrong');
    assert.equal((await server.delete('/auth/totp', { token: other.token, json: { totp_code: codes[0] } })).status, 204);
    assert.equal((await logIn(server, other.email)).status, 200);
  });
});

test('a lost second factor is removed by a command', async () => {
  const server = await startServer();
  const reset = (email) => runProgram(['user', 'reset-totp', email], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir } });
  try {
    const who = await newUser(server);
    const without = await reset(who.email);
    assert.equal(without.code, 1);
    assert.match(without.stderr, /has no second factor/);
    assert.equal((await reset('nobody@example.com')).code, 1);
    await enrol(server, who);
    assertRefused(await logIn(server, who.email), 403, 'totp_required');
    const done = await reset(who.email);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, new RegExp(who.email));
    assertRefused(await server.get('/auth/me', { token: who.token }), 401, 'not_authenticated');
    assert.equal((await logIn(server, who.email)).status, 200);
    assertRefused(await logIn(server, who.email, undefined, 'wrong password'), 401, 'credentials_invalid');
  } finally {
    await server.stop();
  }
});

describe('the second factor and the key of the service', () => {
  test('is sealed with the new key when the previous one opens it', async () => {
    const dataDir = await temporaryDirectory();
    const during = async (env, work) => {
      const server = await startServer({ dataDir, env });
      try {
        return await work(server);
      } finally {
        await server.stop();
      }
    };
    const [first, second] = ['a'.repeat(40), 'b'.repeat(40)];
    let me, factor;
    try {
      await during({ SECRET_KEY: first }, async (server) => {
        me = await newUser(server);
        factor = await enrol(server, me);
      });
      await during({ SECRET_KEY: second }, async (server) => {
        assertRefused(await logIn(server, me.email, totp(factor.secret, 1)), 403, 'totp_wrong');
        await server.logs('totp.secret_read_failed');
        assert.equal((await logIn(server, me.email, factor.codes[0])).status, 200, 'recovery codes need no key');
      });
      await during({ SECRET_KEY: second, PREVIOUS_SECRET_KEY: first }, async (server) => {
        assert.equal((await logIn(server, me.email, totp(factor.secret, 1))).status, 200);
      });
      await during({ SECRET_KEY: second }, async (server) => {
        await sql(dataDir, 'UPDATE totp SET last_step = 0');
        assert.equal((await logIn(server, me.email, totp(factor.secret))).status, 200);
      });
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
