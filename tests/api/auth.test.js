// Accounts and tokens: what is accepted, what is refused, and that a refusal tells nothing it should not.

import assert from 'node:assert/strict';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { assertInvalid, login, newUser, PASSWORD } from '../support/client.js';
import { decodeToken } from '../support/jwt.js';
import { startServer } from '../support/server.js';

const SECRET = 'a secret that is long enough for HS256, at least in tests';

describe('registration', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  for (const [what, json, expected] of [
    ['nothing', {}, ['#/email', '#/password']],
    ['no password', { email: 'a@example.com' }, ['#/password']],
    ['no e-mail', { password: PASSWORD }, ['#/email']],
    ['all of it wrong, all said at once', { email: 'x', password: '', age: 3, role: 'admin' }, ['#/age', '#/email', '#/password', '#/role']],
    ['a number as e-mail', { email: 7, password: PASSWORD }, ['#/email']],
    ['null as e-mail', { email: null, password: PASSWORD }, ['#/email']],
    ['a list as e-mail', { email: ['a@example.com'], password: PASSWORD }, ['#/email']],
    ['an object as password', { email: 'a@example.com', password: { a: PASSWORD } }, ['#/password']],
    ['true as password', { email: 'a@example.com', password: true }, ['#/password']],
    ['a password with NUL', { email: 'a@example.com', password: 'long enough\u0000but' }, ['#/password']],
    ['a member that nobody knows', { email: 'a@example.com', password: PASSWORD, 'a/b~c': 1 }, ['#/a~1b~0c']],
  ]) {
    test(`refuses ${what}`, async () => assertInvalid(await server.post('/auth/register', { json }), expected));
  }

  for (const email of [
    '', ' ', 'plain', '@example.com', 'a@', 'a@b@example.com', 'a b@example.com', 'a@exa mple.com', 'a..b@example.com',
    '.a@example.com', 'a.@example.com', 'a@example', 'a@-example.com', 'a@example..com', 'a@.example.com', 'a@127.0.0.1',
    'a@example.com\nBcc: b@example.com', 'a\u0000@example.com', '<a@example.com>', `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(250)}.com`, 'a@exa\u202emple.com',
  ]) {
    test(`refuses the e-mail ${JSON.stringify(email).slice(0, 40)}`, async () => {
      assertInvalid(await server.post('/auth/register', { json: { email, password: PASSWORD } }), ['#/email']);
    });
  }

  test('holds passwords to the lengths that the document states, in characters', async () => {
    const contract = await server.contract();
    const body = contract.operations().find(({ template, method }) => template === '/auth/register' && method === 'POST').operation.requestBody;
    const schema = contract.resolve(contract.resolve(body.content['application/json'].schema).properties.password);
    assert.ok(schema.minLength >= 8 && schema.maxLength >= 64, JSON.stringify(schema)); // NIST SP 800-63B
    const attempt = (name, length) =>
      server.post('/auth/register', { json: { email: `${name}@example.com`, password: '\u{1F511}'.repeat(length) } });
    assertInvalid(await attempt('short', schema.minLength - 1), ['#/password']);
    assertInvalid(await attempt('long', schema.maxLength + 1), ['#/password']);
    assert.equal((await attempt('shortest', schema.minLength)).status, 201);
    assert.equal((await attempt('longest', schema.maxLength)).status, 201);
    assert.ok(await login(server, 'longest@example.com', '\u{1F511}'.repeat(schema.maxLength)));
  });

  test('knows an e-mail address in whatever case', async () => {
    const first = await newUser(server, { email: 'Mixed.Case@Example.COM' });
    for (const email of ['Mixed.Case@Example.COM', 'mixed.case@example.com', 'MIXED.CASE@EXAMPLE.COM']) {
      const again = await server.post('/auth/register', { json: { email, password: PASSWORD } });
      assert.equal(again.status, 409);
      assert.equal(again.json().code, 'email_taken');
      assert.equal(again.json().detail, 'Email already registered');
      const token = await login(server, email);
      assert.equal((await server.get('/auth/me', { token })).json().id, first.id);
    }
  });

  test('lets one of many at the same moment have an address', async () => {
    const json = { email: 'race@example.com', password: PASSWORD };
    const answers = await Promise.all(Array.from({ length: 6 }, () => server.post('/auth/register', { json })));
    const statuses = answers.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 201).length, 1, statuses.join());
    // Of one network no more wait than half of the places at the hasher.
    assert.ok(statuses.every((status) => [201, 409, 503].includes(status)) && statuses.includes(409), statuses.join());
  });

  test('takes one password however its characters are composed', async () => {
    const { email } = await newUser(server, { password: 'Caf\u00e9 \u212b ngstr\u00f6m' });
    assert.ok(await login(server, email, 'Cafe\u0301 \u00c5 ngstro\u0308m'));
  });

  test('takes addresses of all scripts', async () => {
    const { user } = await newUser(server, { email: 'дарья@почта.рф' });
    assert.equal(user.email, 'дарья@почта.рф');
  });

  test('never shows or logs a password or its hash', async () => {
    const answer = await server.post('/auth/register', { json: { email: 'quiet@example.com', password: 'hush hush hush' } });
    assert.doesNotMatch(answer.text(), /hush|argon2/);
    assert.doesNotMatch(server.log, /hush|argon2|correct horse/);
  });
});

describe('bodies', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  const deep = `${'[['.repeat(20_000)}${']]'.repeat(20_000)}`;
  for (const [what, body] of [
    ['nothing', ''], ['a space', ' '], ['half an object', '{"email":"a@example.com"'], ['a list', '[]'], ['a list of numbers', '[1]'], ['a list of words', '["x"]'], ['a list of objects', '[{"email":"a@example.com","password":"a long password"}]'], ['a list of lists', '[[true]]'], ['null', 'null'],
    ['a string', '"x"'], ['a number', '7'], ['two objects', '{}{}'], ['a comment', '{/**/}'], ['a trailing comma', '{"email":"a@example.com",}'],
    ['single quotes', "{'email':'a'}"], ['a bare NaN', '{"email":NaN}'], ['a byte order mark', '\ufeff{}'],
    ['a lone surrogate', '{"email":"\\ud800"}'], ['bytes that are no UTF-8', Buffer.from('{"email":"\xff\xfe"}', 'latin1')],
    ['40 000 lists in each other', `{"email":${deep}}`], ['a raw control character', '{"email":"a\u0001"}'],
    ['a NUL behind the object', '{}\0'],
  ]) {
    test(`that are no JSON object: ${what}`, async () => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await server.post('/auth/register', { body, headers });
      // Nesting that deep may also be over the size limit.
      assert.ok([400, 413].includes(answer.status), `${answer.status} ${answer.text()}`);
      assert.equal(answer.json().code, answer.status === 413 ? 'body_too_large' : 'malformed_json');
    });
  }

  test('with a member twice are refused', async () => {
    const body = `{"email":"a@example.com","password":"${PASSWORD}","email":"b@example.com"}`;
    const answer = await server.post('/auth/register', { body, headers: { 'Content-Type': 'application/json' } });
    assert.ok([400, 422].includes(answer.status), answer.text());
  });

  test('that are too large are refused', async () => {
    const body = JSON.stringify({ email: 'a@example.com', password: 'x'.repeat(1024 * 1024) });
    const answer = await server.post('/auth/register', { body, headers: { 'Content-Type': 'application/json' } });
    assert.equal(answer.status, 413);
    assert.equal(answer.json().code, 'body_too_large');
  });

  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', 'application/xml', 'x', '']) {
    test(`of type ${JSON.stringify(type)} are not what registration takes`, async () => {
      const body = JSON.stringify({ email: 'a@example.com', password: PASSWORD });
      const answer = await server.post('/auth/register', { body, headers: { 'Content-Type': type } });
      assert.equal(answer.status, 415, answer.text());
      assert.equal(answer.json().code, 'unsupported_media_type');
    });
  }

  for (const [i, type] of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="UTF-8"'].entries()) {
    test(`of type ${type} are`, async () => {
      const body = JSON.stringify({ email: `type${i}@example.com`, password: PASSWORD });
      const answer = await server.post('/auth/register', { body, headers: { 'Content-Type': type } });
      assert.equal(answer.status, 201, answer.text());
    });
  }
});

describe('logging in', () => {
  let server, me;
  before(async () => {
    server = await startServer();
    me = await newUser(server);
  });
  after(() => server?.stop());

  test('fails alike for a wrong password and an unknown address', async () => {
    const attempts = [
      { json: { email: me.email, password: 'wrong password' } },
      { json: { email: 'nobody@example.com', password: PASSWORD } },
      { json: { email: me.email, password: `${PASSWORD} ` } },
      { json: { email: me.email, password: PASSWORD.toUpperCase() } },
      { form: { username: me.email, password: 'wrong password' } },
    ];
    for (const attempt of attempts) {
      const answer = await server.post('/auth/token', attempt);
      assert.equal(answer.status, 401);
      const { code, detail, title } = answer.json();
      assert.deepEqual({ code, detail, title }, {
        code: 'credentials_invalid',
        detail: 'Incorrect email or password',
        title: 'Incorrect email or password',
      });
      assert.match(answer.headers['www-authenticate'], /^Bearer/);
    }
  });

  for (const [what, body, expected] of [
    ['an empty object', { json: {} }, ['#/email', '#/password']],
    ['an unknown member', { json: { email: 'a@example.com', password: PASSWORD, admin: true } }, ['#/admin']],
    ['an empty form', { form: { grant_type: 'password' } }, ['#/password', '#/username']],
    ['another grant type', { form: { grant_type: 'client_credentials', username: 'a@example.com', password: PASSWORD } }, ['#/grant_type']],
  ]) {
    test(`refuses ${what}`, async () => assertInvalid(await server.post('/auth/token', body), expected));
  }

  // The time on the clock depends on what else the machine does; the processor time of the service does not.
  test('works as much for an address that nobody has', async () => {
    const processorTime = async () => {
      const fields = (await readFile(`/proc/${server.pid}/stat`, 'latin1')).split(') ')[1].split(' ');
      return Number(fields[11]) + Number(fields[12]);
    };
    const work = async (email) => {
      const before = await processorTime();
      for (let i = 0; i < 7; ++i) await server.post('/auth/token', { json: { email: email(i), password: 'a wrong password' } });
      return (await processorTime()) - before;
    };
    const known = await work(() => me.email);
    const unknown = await work((i) => `nobody${i}@example.com`);
    assert.ok(known > 0 && unknown > known / 2 && unknown < known * 2, `${known} and ${unknown} clock ticks`);
  });
});

describe('tokens', () => {
  let server, me, header, claims;
  before(async () => {
    server = await startServer({ env: { SECRET_KEY: SECRET } });
    me = await newUser(server);
    ({ header, claims } = decodeToken(me.token));
  });
  after(() => server?.stop());

  const withToken = (token) => server.get('/auth/me', { headers: { Authorization: token } });

  function assertUnauthenticated(answer) {
    assert.equal(answer.status, 401, answer.text());
    assert.equal(answer.json().code, 'not_authenticated');
    assert.match(answer.headers['www-authenticate'], /^Bearer/);
  }

  test('carry what they must', () => {
    assert.equal(header.alg, 'HS256');
    assert.equal(claims.sub, me.id);
    assert.ok(claims.sid && claims.iss);
    for (const name of ['exp', 'iat', 'nbf']) assert.ok(Number.isInteger(claims[name]), name);
    assert.equal(claims.exp - claims.iat, 30 * 60);
  });

  test('are accepted whatever the case of the scheme', async () => {
    assert.equal((await withToken(`bearer ${me.token}`)).status, 200);
    assert.equal((await withToken(`BEARER ${me.token}`)).status, 200);
  });

  test('are needed', async () => assertUnauthenticated(await server.get('/auth/me')));

  for (const credentials of ['Bearer', 'Bearer ', 'Basic YTpi', 'Bearer x', 'Bearer a.b.c', 'Bearer ..', 'Bearer .', `Bearer ${'x'.repeat(4000)}`, 'Token abc', 'Bearer eyJhbGciOiJub25lIn0.e30.']) {
    test(`are not ${credentials.slice(0, 40)}`, async () => assertUnauthenticated(await withToken(credentials)));
  }

  test('are needed to change anything, and not to look', async () => {
    const id = '01890000-0000-7000-8000-000000000000';
    assertUnauthenticated(await server.post('/content', { multipart: [] }));
    assertUnauthenticated(await server.put(`/content/${id}`, { form: { title: 'x' } }));
    assertUnauthenticated(await server.delete(`/content/${id}`));
    assert.equal((await server.get('/content')).status, 200);
    assert.equal((await server.get(`/content/${id}`)).status, 404);
  });

  test('never reach the log', () => {
    assert.ok(!server.log.includes(me.token.split('.')[2]));
    assert.ok(!server.log.includes(SECRET));
  });
});

describe('restarts', () => {
  test('keep the generated secret, so tokens stay valid, and keep it to the owner of the directory', async () => {
    const first = await startServer();
    const me = await newUser(first);
    await first.kill();
    const second = await startServer({ dataDir: first.dataDir });
    try {
      const answer = await second.get('/auth/me', { token: me.token });
      assert.equal(answer.status, 200);
      assert.equal(answer.json().id, me.id);
      const names = await readdir(first.dataDir);
      for (const name of names.filter((entry) => /secret|key/i.test(entry))) {
        assert.equal((await stat(path.join(first.dataDir, name))).mode & 0o777, 0o600, name);
      }
      assert.ok(names.some((entry) => /secret|key/i.test(entry)), names.join());
    } finally {
      await second.stop();
      await rm(first.dataDir, { recursive: true });
    }
  });
});
