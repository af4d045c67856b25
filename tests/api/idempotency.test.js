// Idempotency-Key: what is asked for with one key is done once, and has one answer.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { listAll, newUser, PASSWORD, upload, uploadParts } from '../support/client.js';
import { sql } from '../support/database.js';
import { sha256, wav } from '../support/media.js';
import { field, multipart } from '../support/multipart.js';
import { eventually } from '../support/program.js';
import { startServer } from '../support/server.js';

const MEBIBYTE = 1024 * 1024;
const onPostgres = Boolean(process.env.TEST_POSTGRES_URL);

let server, me, admin;
const withKey = (key, more = {}) => ({ ...more, headers: { ...more.headers, 'Idempotency-Key': key } });
const keyed = (options, key = `"${randomUUID()}"`) => ({ token: me.token, ...withKey(key, options) });
const patch = (id, options) => server.patch(`/content/${id}`, options);
const title = async (id) => (await server.get(`/content/${id}`)).json().title;
const count = async (who = me) => (await listAll(server, '', { token: who.token })).filter(({ owner_id: owner }) => owner === who.id).length;

function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  assert.equal(answer.json().code, code);
}

/** The same answer once more, but for what belongs to one exchange. */
function assertReplayed(again, first) {
  assert.equal(again.status, first.status, again.text());
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(first.headers['idempotency-replayed'], undefined);
  assert.equal(again.text(), first.text());
  for (const name of ['location', 'content-type', 'cache-control']) assert.equal(again.headers[name], first.headers[name], name);
}

describe('an Idempotency-Key', () => {
  before(async () => {
    server = await startServer();
    me = await newUser(server);
    admin = await newUser(server);
    await sql(server.dataDir, `UPDATE users SET role = 'admin' WHERE email = '${admin.email}'`);
  });
  after(() => server?.stop());

  test('makes an upload once, and gives its answer again', async () => {
    const options = keyed({ multipart: uploadParts(wav(10 * MEBIBYTE, 1), { title: 'Once' }) });
    const before = await count();
    const first = await server.post('/content', options);
    assert.equal(first.status, 201, first.text());
    // Another boundary, as a client makes one for each attempt.
    for (let i = 0; i < 3; ++i) assertReplayed(await server.post('/content', options), first);
    assert.equal(await count(), before + 1);
    await server.delete(`/content/${first.json().id}`, { token: me.token });
    assertReplayed(await server.post('/content', options), first);
    assert.equal(await count(), before);
  });

  test('makes an upload whose body is the file once', async () => {
    const sound = wav(10 * MEBIBYTE, 7);
    const target = '/content?title=Once&description=&content_type=audio';
    const key = `"${randomUUID()}"`;
    const send = (more = {}, to = target) => {
      const options = keyed({ body: sound, headers: { 'Content-Type': 'audio/wav', ...more } }, key);
      return server.post(to, options);
    };
    const before = await count();
    const first = await send();
    assert.equal(first.status, 201, first.text());
    for (let i = 0; i < 3; ++i) assertReplayed(await send(), first);
    assert.equal(await count(), before + 1);
    assertRefused(await send({ 'Content-Disposition': 'inline; filename="other.wav"' }), 422, 'idempotency_key_reused');
    assertRefused(await send({}, `${target}&language=de`), 422, 'idempotency_key_reused');
  });

  test('gives each kind of answer again', async () => {
    const { id } = await upload(server, me.token, wav(2000, 2));
    const asAdmin = (options) => ({ ...keyed(options), token: admin.token });
    const { id: another } = await newUser(server);
    const deleted = keyed({});
    for (const [method, target, options] of [
      ['PUT', `/content/${id}`, keyed({ form: { title: 'By a form' } })],
      ['PUT', `/content/${id}`, keyed({ json: { title: 'By JSON' } })],
      ['PATCH', `/content/${id}`, keyed({ multipart: [field('title', 'By a multipart form')] })],
      ['DELETE', `/content/${id}`, deleted],
      ['POST', '/invites', asAdmin({ json: { role: 'viewer' } })],
      ['PATCH', `/users/${another}`, asAdmin({ json: { role: 'viewer' } })],
      ['DELETE', `/users/${another}`, asAdmin({})],
    ]) {
      const first = await server.request(method, target, options);
      assert.ok(first.status < 300, `${method} ${target}: ${first.text()}`);
      assertReplayed(await server.request(method, target, options), first);
    }
    assertRefused(await server.delete(`/content/${id}`, { token: me.token }), 404, 'content_not_found');
    assertRefused(await server.delete(`/content/${id}`, keyed({})), 404, 'content_not_found');
  });

  test('changes something once, whatever has happened since', async () => {
    const { id } = await upload(server, me.token, wav(2000, 3));
    const options = keyed({ json: { title: 'Mine' } });
    const first = await patch(id, options);
    await patch(id, { token: me.token, json: { title: 'Another’s' } });
    assertReplayed(await patch(id, options), first);
    assert.equal(await title(id), 'Another’s');
  });

  test('gives refusals again, but for those that pass', async () => {
    const { id } = await upload(server, me.token, wav(2000, 4));
    const missing = keyed({ json: { title: 'x' } });
    const first = await patch(randomUUID(), missing);
    assertRefused(first, 404, 'content_not_found');
    const invalid = keyed({ json: { title: '' } });
    const refused = await patch(id, invalid);
    assertRefused(refused, 422, 'validation_failed');
    assertReplayed(await patch(id, invalid), refused);
    const key = `"${randomUUID()}"`;
    assertRefused(await patch(id, keyed({ json: { title: 'x'.repeat(100_000) } }, key)), 413, 'body_too_large');
    assert.equal((await patch(id, { ...keyed({ json: { title: 'x' } }, key), token: 'x' })).status, 401);
    assertRefused(await patch(id, keyed({ body: '{', headers: { 'Content-Type': 'application/json' } }, key)), 400, 'malformed_json');
    assert.equal((await patch(id, keyed({ json: { title: 'At last' } }, key))).status, 200);
  });

  test('is refused for another request', async () => {
    const { id } = await upload(server, me.token, wav(2000, 5));
    const { id: other } = await upload(server, me.token, wav(2000, 6));
    const key = `"${randomUUID()}"`;
    assert.equal((await patch(id, keyed({ json: { title: 'a' } }, key))).status, 200);
    for (const [method, target, options] of [
      ['PATCH', `/content/${id}`, { json: { title: 'b' } }],
      ['PATCH', `/content/${id}`, { json: { title: 'a', description: 'x' } }],
      ['PATCH', `/content/${id}`, { form: { title: 'a' } }],
      ['PATCH', `/content/${id}?x=y`, { json: { title: 'a' } }],
      ['PATCH', `/content/${other}`, { json: { title: 'a' } }],
      ['PUT', `/content/${id}`, { json: { title: 'a' } }],
      ['DELETE', `/content/${id}`, {}],
      ['POST', '/content', { multipart: uploadParts(wav(2000, 7)) }],
    ]) {
      assertRefused(await server.request(method, target, keyed(options, key)), 422, 'idempotency_key_reused');
    }
    assert.equal(await title(id), 'a');
  });

  test('is refused for another upload', async () => {
    const key = `"${randomUUID()}"`;
    const post = (bytes, over, headers) => server.post('/content', keyed({ multipart: uploadParts(bytes, over), headers }, key));
    assert.equal((await post(wav(2000, 8))).status, 201);
    assert.equal((await post(wav(2000, 8))).headers['idempotency-replayed'], 'true');
    // What stands before the file, its name and the length are compared; its bytes are not read again.
    assert.equal((await post(wav(2000, 9))).headers['idempotency-replayed'], 'true');
    for (const [bytes, over] of [[wav(2001, 8)], [wav(2000, 8), { title: 'B title' }], [wav(2000, 8), { filename: 'clap.wav' }]]) {
      assertRefused(await post(bytes, over), 422, 'idempotency_key_reused');
    }
  });

  test('compares the digest that an upload states', async () => {
    const key = `"${randomUUID()}"`;
    const digest = (bytes) => ({ 'Repr-Digest': `sha-256=:${Buffer.from(sha256(bytes), 'hex').toString('base64')}:` });
    const post = (bytes, headers) => server.post('/content', keyed({ multipart: uploadParts(bytes), headers }, key));
    const [bytes, others] = [wav(2000, 10), wav(2000, 11)];
    assert.equal((await post(bytes, digest(bytes))).status, 201);
    assert.equal((await post(bytes, digest(bytes))).headers['idempotency-replayed'], 'true');
    assertRefused(await post(others, digest(others)), 422, 'idempotency_key_reused');
    assertRefused(await post(bytes), 422, 'idempotency_key_reused');
  });

  test('counts with and without quotes, and for one account', async () => {
    const { id } = await upload(server, me.token, wav(2000, 12));
    const key = randomUUID();
    const first = await patch(id, keyed({ json: { title: 'a' } }, key));
    assert.equal(first.status, 200);
    assertReplayed(await patch(id, keyed({ json: { title: 'a' } }, `"${key}"`)), first);
    const answer = await patch(id, { token: admin.token, ...withKey(key, { json: { title: 'a' } }) });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['idempotency-replayed'], undefined);
  });

  test('is refused when it is malformed or too long', async () => {
    const { id } = await upload(server, me.token, wav(2000, 13));
    for (const key of ['', '""', '"a', 'a b', '"a";x', '"a", "b"', 'a'.repeat(256), `"${'a'.repeat(256)}"`]) {
      assertRefused(await patch(id, keyed({ json: { title: 'never' } }, key)), 400, 'idempotency_key_malformed');
    }
    const twice = await server.raw(`DELETE /content/${id} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${me.token}\r\nIdempotency-Key: "a"\r\nIdempotency-Key: "a"\r\n\r\n`);
    assertRefused(twice, 400, 'idempotency_key_malformed');
    assert.equal((await patch(id, keyed({ json: { title: 'longest' } }, `"${'a'.repeat(255)}"`))).status, 200);
    assert.equal(await title(id), 'longest');
  });

  test('does not count where answers are not kept', async () => {
    const key = '"the same everywhere"';
    const { id } = await upload(server, me.token, wav(2000, 14));
    const stored = () => sql(server.dataDir, 'SELECT COUNT(*) FROM idempotency_keys');
    const before = await stored();
    for (const [method, target, options] of [
      ['POST', '/auth/token', { json: { email: me.email, password: PASSWORD } }],
      ['POST', '/auth/keys', { json: { name: 'x', scopes: 'content:read' } }],
      ['POST', `/content/${id}/playback-session`, {}],
      ['GET', '/content', {}],
    ]) {
      for (let i = 0; i < 2; ++i) {
        const answer = await server.request(method, target, keyed(options, key));
        assert.ok(answer.status < 300, answer.text());
        assert.equal(answer.headers['idempotency-replayed'], undefined);
      }
    }
    assert.equal(await stored(), before);
  });

  test('waits for no request that still runs', async () => {
    const key = `"${randomUUID()}"`;
    const message = multipart(uploadParts(wav(100_000, 15), { title: 'Slow' }));
    const head = ['POST /content HTTP/1.1', 'Host: a', `Authorization: Bearer ${me.token}`, `Content-Type: ${message.type}`, `Content-Length: ${message.body.length}`, `Idempotency-Key: ${key}`, '', ''];
    const wire = await server.wire();
    await wire.write(Buffer.concat([Buffer.from(head.join('\r\n')), message.body.subarray(0, 50_000)]));
    const options = keyed({ body: message.body, headers: { 'Content-Type': message.type } }, key);
    const running = () => sql(server.dataDir, "SELECT COUNT(*) FROM idempotency_keys WHERE state = 'running'");
    await eventually(async () => Number(await running()) === 1, 'the first request never had the key');
    assertRefused(await server.post('/content', options), 409, 'idempotency_key_in_use');
    await wire.write(message.body.subarray(50_000));
    assert.equal((await wire.finalAnswer()).status, 201);
    const again = await server.post('/content', options);
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.equal(again.status, 201);
  });

  test('is free again when a client goes away in the middle of its upload', async () => {
    const key = `"${randomUUID()}"`;
    const message = multipart(uploadParts(wav(100_000, 16), { title: 'Broken off' }));
    const head = ['POST /content HTTP/1.1', 'Host: a', `Authorization: Bearer ${me.token}`, `Content-Type: ${message.type}`, `Content-Length: ${message.body.length}`, `Idempotency-Key: ${key}`, '', ''];
    const wire = await server.wire();
    await wire.write(Buffer.concat([Buffer.from(head.join('\r\n')), message.body.subarray(0, 50_000)]));
    wire.destroy();
    const options = keyed({ body: message.body, headers: { 'Content-Type': message.type } }, key);
    let answer;
    await eventually(async () => (answer = await server.post('/content', options)).status !== 409, 'it keeps the key');
    assert.equal(answer.status, 201, answer.text());
    assert.equal((await listAll(server)).filter(({ title: each }) => each === 'Broken off').length, 1);
  });

  test('lets one of many at once run', async () => {
    for (let round = 0; round < 5; ++round) {
      const options = keyed({ multipart: uploadParts(wav(20_000, round), { title: `Race ${round}` }) });
      const answers = await Promise.all(Array.from({ length: 8 }, () => server.post('/content', options)));
      const made = answers.filter(({ status, headers }) => status === 201 && !headers['idempotency-replayed']);
      assert.equal(made.length, 1);
      for (const answer of answers) assert.ok(answer.status === 201 || answer.json().code === 'idempotency_key_in_use', answer.text());
      assert.equal((await listAll(server)).filter(({ title: each }) => each === `Race ${round}`).length, 1);
    }
  });

  test('is one of a bounded number', async () => {
    const somebody = await newUser(server);
    const rows = onPostgres
      ? `INSERT INTO idempotency_keys SELECT '${somebody.id}', sha256(i::text::bytea), sha256(''), gen_random_uuid(), 'answered', NULL, '', now(), now() + interval '1 h' FROM generate_series(1, 1000) i`
      : `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO idempotency_keys SELECT (SELECT id FROM users WHERE email = '${somebody.email}'), randomblob(32), randomblob(32), randomblob(16), 'answered', NULL, '', 0, 4000000000000000 FROM n`;
    await sql(server.dataDir, rows);
    const answer = await server.post('/content', { token: somebody.token, ...withKey('"one more"', { multipart: uploadParts(wav(2000)) }) });
    assertRefused(answer, 429, 'too_many_idempotency_keys');
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.equal(await count(somebody), 0);
  });

  test('keeps no secret that can be read', async () => {
    const answer = await server.post('/invites', { ...keyed({ json: { role: 'viewer' } }), token: admin.token });
    const { token } = answer.json();
    const rows = await sql(server.dataDir, 'SELECT sealed_answer FROM idempotency_keys');
    assert.ok(rows.length > 100);
    assert.ok(!rows.includes(token));
  });

  test('whose answer was lost gives what was done, and does nothing again', async () => {
    // As when the process is killed behind the commit: the answers cannot be kept.
    const [refuse, allow] = onPostgres
      ? ["CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$; CREATE TRIGGER refuse BEFORE UPDATE ON idempotency_keys FOR EACH ROW WHEN (NEW.state = 'answered') EXECUTE FUNCTION refuse()", 'DROP TRIGGER refuse ON idempotency_keys']
      : ["CREATE TRIGGER refuse BEFORE UPDATE ON idempotency_keys WHEN NEW.state = 'answered' BEGIN SELECT RAISE(ABORT, 'refused'); END", 'DROP TRIGGER refuse'];
    const { id } = await upload(server, me.token, wav(2000, 17));
    const uploaded = keyed({ multipart: uploadParts(wav(2000, 18), { title: 'Lost answer' }) });
    const changed = keyed({ json: { title: 'Lost too' } });
    const removed = keyed({});
    await sql(server.dataDir, refuse);
    let first, gone;
    try {
      first = await server.post('/content', uploaded);
      assert.equal(first.status, 201, first.text());
      assert.equal((await patch(id, changed)).status, 200);
      gone = (await upload(server, me.token, wav(2000, 19))).id;
      assert.equal((await server.delete(`/content/${gone}`, removed)).status, 200);
      assertRefused(await server.post('/content', uploaded), 409, 'idempotency_key_in_use');
    } finally {
      await sql(server.dataDir, allow);
    }
    await sql(server.dataDir, onPostgres ? 'UPDATE idempotency_keys SET lease_until = now()' : 'UPDATE idempotency_keys SET lease_until = 0');
    const again = await server.post('/content', uploaded);
    assert.equal(again.status, 201, again.text());
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.deepEqual(again.json(), first.json());
    assert.equal(again.headers.location, first.headers.location);
    assert.equal((await listAll(server)).filter(({ title: each }) => each === 'Lost answer').length, 1);
    const changedAgain = await patch(id, changed);
    assert.equal(changedAgain.status, 200);
    assert.equal(changedAgain.json().title, 'Lost too');
    assertRefused(await server.delete(`/content/${gone}`, removed), 409, 'idempotency_answer_lost');
    await server.logs('idempotency.answer_dropped');
  });

  test('may be sent by scripts of other origins, which may read whether an answer is old', async () => {
    const answer = await server.request('OPTIONS', '/content', { headers: { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'POST' } });
    assert.match(answer.headers['access-control-allow-headers'], /\bIdempotency-Key\b/);
    const exposed = (await server.get('/content', { headers: { Origin: 'https://app.example.com' } })).headers['access-control-expose-headers'];
    assert.match(exposed, /\bIdempotency-Replayed\b/);
  });

  test('stands in the document, where it counts', async () => {
    const { paths } = (await server.get('/openapi.json')).json();
    const taking = [];
    for (const item of Object.values(paths)) {
      for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
        if (item[method]?.parameters?.some(({ name, in: place }) => name === 'Idempotency-Key' && place === 'header')) taking.push(item[method].operationId);
      }
    }
    assert.deepEqual(taking.sort(), ['add_upload_parts', 'begin_upload', 'complete_upload', 'create_content', 'create_invite', 'delete_content',
      'delete_invite', 'delete_user', 'patch_content', 'update_content', 'update_user']);
  });
});
