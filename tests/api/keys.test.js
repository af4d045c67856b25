// API keys: they act for their owner, as far as their scopes go, until they are deleted or expire.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser, PASSWORD, upload, uploadParts } from '../support/client.js';
import { sql } from '../support/database.js';
import { wav } from '../support/media.js';
import { runProgram } from '../support/program.js';
import { startServer } from '../support/server.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';
const SOUND = wav(1000);
const FORM = /^ctv_[A-Za-z0-9_-]{47}$/;

function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  assert.equal(answer.json().code, code);
}

const ask = (server, token, json) => server.post('/auth/keys', { token, json });

async function newKey(server, token, over = {}) {
  const answer = await ask(server, token, { name: 'a key', scopes: 'content:read content:write', ...over });
  assert.equal(answer.status, 201, answer.text());
  return answer.json();
}

/** Makes it the account's role; the sessions go on, unlike with the command. */
const setRole = (server, { email }, role) => sql(server.dataDir, `UPDATE users SET role = '${role}' WHERE email = '${email}'`);

describe('API keys', () => {
  let server, me, stranger;
  before(async () => {
    server = await startServer({ env: { LOG_FORMAT: 'json' } });
    me = await newUser(server);
    stranger = await newUser(server);
  });
  after(() => server?.stop());

  test('a key is shown once, and listed by its prefix', async () => {
    const who = await newUser(server);
    const answer = await ask(server, who.token, { name: 'Nightly import', scopes: 'content:write content:read', expires_in: 3600 });
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.headers['cache-control'], 'no-store');
    const { key, ...described } = answer.json();
    assert.match(key, FORM);
    assert.equal(answer.headers.location, `/auth/keys/${described.id}`);
    assert.equal(described.name, 'Nightly import');
    assert.equal(described.scopes, 'content:read content:write');
    assert.equal(new Date(described.expires_at) - new Date(described.created_at), 3_600_000);
    assert.equal(described.last_used_at, null);
    assert.ok(key.startsWith(described.prefix) && described.prefix.length === 10);
    const listed = await server.get('/auth/keys', { token: who.token });
    assert.equal(listed.headers['cache-control'], 'no-store');
    assert.deepEqual(listed.json(), [described]);
    assert.ok(!server.log.includes(key));
    assert.equal(await sql(server.dataDir, `SELECT COUNT(*) FROM api_keys WHERE name LIKE '%${key}%' OR prefix = '${key}' OR scopes = '${key}'`), '0');
  });

  test('it uploads, changes and deletes for its owner, and its use is noted', async () => {
    const { id, key } = await newKey(server, me.token);
    const content = await upload(server, key, SOUND);
    assert.equal(content.owner_id ?? me.id, me.id);
    assert.equal((await server.patch(`/content/${content.id}`, { token: key, json: { title: 'by a key' } })).status, 200);
    const strangers = await upload(server, stranger.token, SOUND);
    assertRefused(await server.delete(`/content/${strangers.id}`, { token: key }), 403, 'forbidden');
    assert.equal((await server.delete(`/content/${content.id}`, { token: key })).status, 200);
    const listed = (await server.get('/auth/keys', { token: me.token })).json().find((one) => one.id === id);
    assert.ok(Date.now() - new Date(listed.last_used_at) < 60_000);
  });

  test('a missing scope is told apart from a missing right', async () => {
    const { key } = await newKey(server, me.token, { scopes: 'content:read' });
    const answer = await server.post('/content', { token: key, multipart: uploadParts(SOUND) });
    assertRefused(answer, 403, 'insufficient_scope');
    assert.equal(answer.headers['www-authenticate'], 'Bearer error="insufficient_scope", scope="content:write"');
    const who = await newUser(server);
    const viewers = await newKey(server, who.token);
    await setRole(server, who, 'viewer');
    assertRefused(await server.post('/content', { token: viewers.key, multipart: uploadParts(SOUND) }), 403, 'forbidden');
  });

  test('every operation states its scope, and is closed to a key without it', async () => {
    const contract = await server.contract();
    const { key: reader } = await newKey(server, me.token, { scopes: 'content:read' });
    const schemes = contract.document.components.securitySchemes;
    assert.equal(schemes.api_key.type, 'http');
    let closed = 0;
    for (const { id, method, template, operation } of contract.operations()) {
      if (operation.security.length === 0) continue;
      const scopes = operation.security.find((way) => way.api_key)?.api_key ?? [];
      assert.ok(scopes.length <= 1, id);
      if (template.startsWith('/auth/')) assert.deepEqual(scopes, [], `${id} is about sessions and keys`);
      if (scopes.includes('content:read')) continue;
      const answer = await server.request(method, template.replace(/\{[^}]+\}/g, NOBODY), { token: reader });
      if (method === 'HEAD') assert.equal(answer.status, 403, id); // its answers have no body
      else assertRefused(answer, 403, 'insufficient_scope');
      const challenge = scopes.length ? `Bearer error="insufficient_scope", scope="${scopes[0]}"` : 'Bearer error="insufficient_scope"';
      assert.equal(answer.headers['www-authenticate'], challenge, id);
      closed += 1;
    }
    assert.ok(closed >= 15, String(closed));
  });

  test('a key opens neither sessions nor keys, whatever its scopes', async () => {
    const admin = await newUser(server);
    await setRole(server, admin, 'admin');
    const { key } = await newKey(server, admin.token, { scopes: 'content:read content:write users:admin' });
    assertRefused(await ask(server, key, { name: 'child', scopes: 'content:read' }), 403, 'insufficient_scope');
    assertRefused(await server.get('/auth/keys', { token: key }), 403, 'insufficient_scope');
    assertRefused(await server.post('/auth/logout', { token: key }), 403, 'insufficient_scope');
    assertRefused(await server.request('PUT', '/auth/password', { token: key, json: { current_password: PASSWORD, new_password: `${PASSWORD} 2` } }), 403, 'insufficient_scope');
    assertRefused(await server.post('/auth/refresh', { json: { refresh_token: key } }), 401, 'refresh_token_invalid');
    assertRefused(await server.post('/auth/token', { json: { email: admin.email, password: key } }), 401, 'credentials_invalid');
    assert.equal((await server.get('/auth/keys', { token: admin.token })).json().length, 1);
  });

  test('administration is for the keys of admins, and ends with the role', async () => {
    assertRefused(await ask(server, me.token, { name: 'x', scopes: 'users:admin' }), 403, 'forbidden');
    const admin = await newUser(server);
    await setRole(server, admin, 'admin');
    const { key } = await newKey(server, admin.token, { scopes: 'users:admin' });
    assert.equal((await server.get('/users', { token: key })).status, 200);
    await setRole(server, admin, 'editor');
    assertRefused(await server.get('/users', { token: key }), 403, 'forbidden');
  });

  test('it ends when it is deleted or expires, and rests while its owner is disabled', async () => {
    const who = await newUser(server);
    const [deleted, expired, kept] = [await newKey(server, who.token), await newKey(server, who.token, { expires_in: 60 }), await newKey(server, who.token)];
    const isIn = async ({ key }) => (await server.post('/uploads', { token: key, json: {} })).status !== 401;
    for (const key of [deleted, expired, kept]) assert.ok(await isIn(key));

    assertRefused(await server.delete(`/auth/keys/${deleted.id}`, { token: stranger.token }), 404, 'api_key_not_found');
    assert.ok(await isIn(deleted));
    assert.equal((await server.delete(`/auth/keys/${deleted.id}`, { token: who.token })).status, 204);
    assertRefused(await server.delete(`/auth/keys/${deleted.id}`, { token: who.token }), 404, 'api_key_not_found');
    const refused = await server.post('/uploads', { token: deleted.key, json: {} });
    assertRefused(refused, 401, 'not_authenticated');
    assert.equal(refused.headers['www-authenticate'], 'Bearer error="invalid_token"');

    await sql(server.dataDir, `UPDATE api_keys SET expires_at = created_at WHERE prefix = '${expired.prefix}'`);
    assert.ok(!(await isIn(expired)));

    const command = (args) => runProgram(['user', ...args, who.email], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir } });
    assert.equal((await command(['disable'])).code, 0);
    assert.ok(!(await isIn(kept)));
    assert.equal((await command(['enable'])).code, 0);
    assert.ok(await isIn(kept), 'keys are not sessions: they go on with their owner');
  });

  for (const [what, spoil] of [
    ['another last letter', (key) => key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A')],
    ['a letter less', (key) => key.slice(0, -1)], ['a letter more', (key) => `${key}A`], ['only the mark', () => 'ctv_'],
    ['capitals', (key) => key.toUpperCase()], ['a wildcard', () => `ctv_${'%'.repeat(47)}`], ['SQL', () => "ctv_' OR 1=1 --"],
    ['the prefix', (key) => key.slice(0, 10)], ['8 kB', (key) => key + 'A'.repeat(8000)],
  ]) {
    test(`nobody's key: ${what}`, async () => {
      const { key } = await newKey(server, stranger.token);
      assertRefused(await server.post('/uploads', { token: spoil(key), json: {} }), 401, 'not_authenticated');
    });
  }

  for (const [what, json, member] of [
    ['no name', { scopes: 'content:read' }, 'name'], ['an empty name', { name: ' ', scopes: 'content:read' }, 'name'],
    ['a long name', { name: 'x'.repeat(101), scopes: 'content:read' }, 'name'],
    ['a name with a line break', { name: 'x\r\nSet-Cookie: a=b', scopes: 'content:read' }, 'name'],
    ['no scopes', { name: 'x' }, 'scopes'], ['empty scopes', { name: 'x', scopes: '' }, 'scopes'],
    ['an unknown scope', { name: 'x', scopes: 'content:read root' }, 'scopes'], ['a list of scopes', { name: 'x', scopes: ['content:read'] }, 'scopes'],
    ['no life', { name: 'x', scopes: 'content:read', expires_in: 0 }, 'expires_in'], ['a life before now', { name: 'x', scopes: 'content:read', expires_in: -60 }, 'expires_in'],
    ['a life of 11 years', { name: 'x', scopes: 'content:read', expires_in: 11 * 365 * 86_400 }, 'expires_in'],
    ['somebody else as owner', { name: 'x', scopes: 'content:read', user_id: NOBODY }, 'user_id'],
    ['a key of one\'s own', { name: 'x', scopes: 'content:read', key: 'ctv_mine' }, 'key'],
  ]) {
    test(`no key: ${what}`, async () => {
      const answer = await ask(server, stranger.token, json);
      assertRefused(answer, 422, 'validation_failed');
      assert.equal(answer.json().errors[0].pointer, `#/${member}`);
    });
  }

  test('names are text and nothing else', async () => {
    const who = await newUser(server);
    const names = ["'; DROP TABLE api_keys; --", '<script>alert(1)</script>', '%_\\', '\u{1F511} Schlüssel', '"quoted"'];
    for (const name of names) assert.equal((await newKey(server, who.token, { name })).name, name);
    const listed = (await server.get('/auth/keys', { token: who.token })).json();
    assert.deepEqual(listed.map(({ name }) => name).sort(), names.sort());
  });

  test('a hundred keys and no more, also at the same moment', async () => {
    const who = await newUser(server);
    const answers = [];
    for (let round = 0; round < 6; round += 1) {
      answers.push(...await Promise.all(Array.from({ length: 20 }, () => ask(server, who.token, { name: 'x', scopes: 'content:read' }))));
    }
    assert.equal(answers.filter(({ status }) => status === 201).length, 100);
    for (const answer of answers.filter(({ status }) => status !== 201)) assertRefused(answer, 409, 'too_many_api_keys');
    const listed = (await server.get('/auth/keys', { token: who.token })).json();
    assert.equal(listed.length, 100);
    assert.equal((await server.delete(`/auth/keys/${listed[7].id}`, { token: who.token })).status, 204);
    await newKey(server, who.token);
  });

  test('the id of a key is checked', async () => {
    for (const id of ['1', 'x', '%00', `${NOBODY}x`, NOBODY]) {
      assertRefused(await server.delete(`/auth/keys/${id}`, { token: me.token }), 404, 'api_key_not_found');
    }
  });
});
