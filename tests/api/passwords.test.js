// Passwords: which are taken, that their form does not matter, and that old hashes are replaced when the password is known.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD } from '../support/client.js';
import { sql } from '../support/database.js';
import { runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const COMMON = ['password', '12345678', 'PassWord1', 'qwertyuiop', '\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44'];

function assertRefused(answer, pointer, reason) {
  assert.equal(answer.status, 422, answer.text());
  assert.equal(answer.json().code, 'validation_failed');
  const [error, ...others] = answer.json().errors;
  assert.deepEqual(others, []);
  assert.equal(error.pointer, pointer);
  assert.match(error.detail, reason);
}

describe('passwords', () => {
  let server, me;
  before(async () => {
    server = await startServer();
    me = await newUser(server);
  });
  after(() => server?.stop());

  const register = (email, password) => server.post('/auth/register', { json: { email, password } });
  const change = (password) => server.put('/auth/password', { token: me.token, json: { current_password: me.password, new_password: password } });

  for (const password of COMMON) {
    test(`one of the most common is refused: ${JSON.stringify(password)}`, async () => {
      assertRefused(await register('common@example.com', password), '#/password', /most common/);
      assertRefused(await change(password), '#/new_password', /most common/);
      const added = await runProgram(['user', 'add', 'common@example.com'], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir }, input: `${password}\n` });
      assert.equal(added.code, 1);
      assert.match(added.stderr, /most common/);
    });
  }

  test('the e-mail address of the account is refused, in any case', async () => {
    for (const password of ['own.name@example.com', 'OWN.NAME@example.COM']) {
      assertRefused(await register('Own.Name@example.com', password), '#/password', /e-mail address/);
    }
    assertRefused(await change(me.email.toUpperCase()), '#/new_password', /e-mail address/);
    const added = await runProgram(['user', 'add', 'own.name@example.com'], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir }, input: 'own.name@example.com\n' });
    assert.equal(added.code, 1);
    assert.match(added.stderr, /e-mail address/);
    assert.equal((await register('own.name@example.com', 'other.name@example.com')).status, 201, "another's address is a password like any other");
  });

  test('characters count as they are compared', async () => {
    assertRefused(await register('marks@example.com', 'a\u0308'.repeat(7)), '#/password', /8 to 256/);
    assertRefused(await register('marks@example.com', 'a\u0308'.repeat(257)), '#/password', /8 to 256/);
    const longest = 'a\u0308'.repeat(256);
    assert.equal((await register('marks@example.com', longest)).status, 201);
    assert.ok(await login(server, 'marks@example.com', longest));
    assert.ok(await login(server, 'marks@example.com', '\u00e4'.repeat(256)));
    // The most bytes that 256 characters can have.
    const syllables = '\u1112\u1161\u11ab'.repeat(256);
    assert.equal((await register('syllables@example.com', syllables)).status, 201);
    assert.ok(await login(server, 'syllables@example.com', syllables));
  });

  test('a changed password is the same in every form too', async () => {
    const { email, token } = await newUser(server);
    const answer = await server.put('/auth/password', { token, json: { current_password: PASSWORD, new_password: 'A\u030angstro\u0308m \ufb01ne' } });
    assert.equal(answer.status, 204, answer.text());
    assert.ok(await login(server, email, '\u212bngstr\u00f6m fine'));
  });

  test('a hash of the predecessor still works, for the bytes that it was made of, and is replaced', async () => {
    const { email } = await newUser(server);
    const [form, hash] = ['pa\u0308sswo\u0308rd', '$2b$04$abcdefghijklmnopqrstuum.H8tSlPhQn/VuSVJi6xI9ZNXWmk.Zu'];
    const set = `UPDATE users SET password_hash = '${hash}' WHERE email = '${email}'`;
    await sql(server.dataDir, set);
    assert.ok(await login(server, email, form), 'the hash is of the text that is not normalised');
    const stored = await sql(server.dataDir, `SELECT password_hash FROM users WHERE email = '${email}'`);
    assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.ok(await login(server, email, 'p\u00e4ssw\u00f6rd'), 'from now on the form does not matter');
    assert.equal((await server.post('/auth/token', { json: { email, password: 'passwort' } })).status, 401);
  });
});

describe('the cost of a hash', () => {
  test('is a setting; a login renews what was made at another cost', async () => {
    const dataDir = await temporaryDirectory();
    const stored = async (email) => (await sql(dataDir, `SELECT password_hash FROM users WHERE email = '${email}'`)).split('$').slice(1, 4).join(' ');
    const serve = async (env, work) => {
      const server = await startServer({ dataDir, env });
      try {
        await work(server);
      } finally {
        await server.stop();
      }
    };
    let email;
    await serve({ PASSWORD_MEMORY: '12MiB', PASSWORD_ITERATIONS: '3' }, async (server) => {
      ({ email } = await newUser(server));
      assert.equal(await stored(email), 'argon2id v=19 m=12288,t=3,p=1');
    });
    await serve({ PASSWORD_MEMORY: '32MiB' }, async (server) => {
      assert.equal((await server.post('/auth/token', { json: { email, password: 'not the one' } })).status, 401);
      assert.equal(await stored(email), 'argon2id v=19 m=12288,t=3,p=1', 'a wrong password renews nothing');
      await login(server, email);
      assert.equal(await stored(email), 'argon2id v=19 m=32768,t=2,p=1');
    });
    await serve({}, async (server) => {
      await login(server, email);
      assert.equal(await stored(email), 'argon2id v=19 m=19456,t=2,p=1', 'less memory is another cost too');
    });
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('passwords that wait to be hashed', () => {
  test('are four for each core; for more there is 503, with the time to come back', async () => {
    const server = await startServer({ env: { THREADS: 1, PASSWORD_MEMORY: '256MiB', PASSWORD_ITERATIONS: '2' } });
    const agents = Array.from({ length: 8 }, (_, i) => new http.Agent({ localAddress: `127.0.0.${i + 10}` }));
    try {
      // One is hashed and four wait; one of those places is kept for clients that have logged in before.
      const wrong = { email: 'nobody@example.com', password: PASSWORD };
      const answers = await Promise.all(agents.flatMap((agent) => Array.from({ length: 4 }, () => server.post('/auth/token', { json: wrong, agent }))));
      const refused = answers.filter(({ status }) => status === 503);
      assert.equal(answers.filter(({ status }) => status === 401).length + refused.length, 32);
      assert.ok(refused.length > 0);
      for (const answer of refused) {
        assert.equal(answer.json().code, 'unavailable');
        assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
      }
      assert.equal((await server.post('/auth/token', { json: wrong })).status, 401, 'the places are free again');
    } finally {
      agents.forEach((agent) => agent.destroy());
      await server.stop();
    }
  });
});
