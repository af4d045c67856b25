// Coming from the proof of concept: what becomes of its rows, and what its users find.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { listAll, login, newUser, PASSWORD, upload } from '../support/client.js';
import { sql } from '../support/database.js';
import { wav } from '../support/media.js';
import { BCRYPT, command, makePoc, pocContent, pocUser, s3Url } from '../support/poc.js';
import { runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

describe('a library of the proof of concept', () => {
  const ada = pocUser();
  const shouting = pocUser({ email: 'ADA@Example.ORG', hashed_password: BCRYPT.short });
  const wide = pocUser({ email: 'ａｄａ@example.org' });
  const umlaut = pocUser({ email: 'jürgen@example.org', hashed_password: BCRYPT['grün ist die Hoffnung'] });
  const composed = pocUser({ email: 'ju\u0308rgen@example.org' });
  const long = pocUser({ email: 'long@example.org', hashed_password: BCRYPT['x'.repeat(100)] });
  const short = pocUser({ email: 'short@example.org', hashed_password: BCRYPT.short });
  const gone = pocUser({ email: 'gone@example.org', is_active: false });
  const unsure = pocUser({ email: 'unsure@example.org', is_active: null });
  const bare = pocUser({ email: 'bare@example.org', hashed_password: null });
  const plain = pocUser({ email: 'plain@example.org', hashed_password: PASSWORD });
  const eternal = pocUser({ email: 'eternal@example.org', hashed_password: BCRYPT.short.replace('$04$', '$31$') });
  const odd = [null, '', 'root', 'a\tb\\N\n@example.org', `${'a'.repeat(5000)}@example.org`].map((email) => pocUser({ email }));
  const users = [ada, shouting, wide, umlaut, composed, long, short, gone, unsure, bare, plain, eternal, ...odd];

  const key = `video/${randomUUID()}.mp4`;
  const video = pocContent({ title: 'Ein "Titel"\t\\N', storage_url: s3Url(key), thumbnail_url: 'https://example.org/a.jpg' });
  const twin = pocContent({ storage_url: `https://s3.eu-west-1.amazonaws.com/clinikk-media/${key}` });
  const namesake = pocContent({ storage_url: s3Url(key, 'another-bucket') });
  const sibling = pocContent({ storage_url: s3Url(key.replace('mp4', 'mov')) });
  const audio = pocContent({ content_type: 'AUDIO', storage_url: s3Url(`audio/${randomUUID()}.mp3`, 'old'), created_at: null });
  const cdn = pocContent({ storage_url: `https://cdn.example.org/video/${randomUUID()}.mp4`, updated_at: null });
  const strange = [
    s3Url('video/..%2f..%2fetc%2fpasswd'), s3Url('video/%2e%2e/x.mp4'), s3Url(`other/${randomUUID()}.mp4`), s3Url(`video/${randomUUID()}.MP4`),
    `${s3Url(key)}?versionId=3`, 'http://minio:9000/media/video.mp4',
  ].map((storage_url) => pocContent({ storage_url }));
  const unplayable = [null, '', 'video/x.mp4', 'javascript:alert(1)', 'file:///etc/passwd', 'https://user:secret@example.org/x', `https://example.org/${'x'.repeat(5000)}`, 'https://exa mple.org/\r\nX: y']
    .map((storage_url) => pocContent({ storage_url }));
  const hostile = [
    pocContent({ title: null, description: null, content_type: null, duration: null, thumbnail_url: null, created_at: null, updated_at: null }),
    pocContent({ title: '', duration: -5, thumbnail_url: 'javascript:alert(1)' }),
    pocContent({ title: 'T'.repeat(90_000), thumbnail_url: 'x'.repeat(10_000) }),
    pocContent({ title: 'a\r\nb\u0001\u202e', duration: 2147483647, thumbnail_url: '' }),
    pocContent({ created_at: 'infinity', updated_at: '-infinity' }),
    pocContent({ created_at: '0044-03-15 BC', updated_at: '20000-01-01' }),
    pocContent({ content_type: null, storage_url: s3Url(`audio/${randomUUID()}.mp3`) }),
  ];
  const contents = [video, twin, namesake, sibling, audio, cdn, ...strange, ...unplayable, ...hostile];
  const more = `
    CREATE TABLE bookmarks (content_id uuid REFERENCES contents (id), note text);
    INSERT INTO bookmarks VALUES ('${video.id}', 'mine');
    INSERT INTO contents (id, title, description, content_type, storage_url) SELECT gen_random_uuid(), 'huge', repeat('d', 5000000), 'VIDEO', 'https://example.org/huge.mp4';`;

  let dataDir, server, report;
  before(async () => {
    dataDir = await temporaryDirectory();
    await makePoc(dataDir, { users, contents, more });
    const refused = await runProgram(['serve'], { env: { DATA_DIR: dataDir, MIGRATE: 'off', PORT: 0 } });
    assert.match(refused.stderr, /schema version 0, this program needs \d+: run its migrate command first/);
    const migrated = await command(dataDir, 'migrate');
    assert.equal(migrated.code, 0, migrated.stderr);
    report = migrated.stdout;
    server = await startServer({ dataDir });
  });
  after(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const shown = async ({ id }) => {
    const answer = await server.get(`/content/${id}`);
    assert.equal(answer.status, 200, answer.text());
    return answer.json();
  };
  const tryLogin = async (email, password = PASSWORD) => (await server.post('/auth/token', { json: { email, password } })).status;
  const accounts = async () => (await command(dataDir, 'user', 'list')).stdout;

  test('is all there', async () => {
    assert.equal(await sql(dataDir, 'SELECT count(*) FROM users'), String(users.length));
    assert.equal(await sql(dataDir, 'SELECT count(*) FROM users WHERE email_verified_at IS NULL'), '0', 'their addresses count as verified');
    const ids = (await listAll(server, '?limit=7')).map(({ id }) => id);
    assert.equal(ids.length, contents.length + 1);
    for (const { id } of contents) assert.ok(ids.includes(id), id);
    assert.match(report, new RegExp(`^took over ${users.length} users and ${contents.length + 1} contents with 10 objects; \\d+ findings$`, 'm'));
    assert.equal(await sql(dataDir, 'SELECT version_num FROM alembic_version'), '8f2a');
    assert.equal(await sql(dataDir, 'SELECT note FROM bookmarks JOIN clinikk_poc.contents ON id = content_id'), 'mine');
  });

  test('keeps its rows as they are', async () => {
    const content = await shown(video);
    assert.deepEqual(content, {
      id: video.id, title: video.title, description: video.description, content_type: 'video', duration: 61, duration_ms: null,
      thumbnail_url: video.thumbnail_url, storage_url: video.storage_url, media_type: null, size: null, sha256: null, width: null, height: null,
      video_codec: null, audio_codec: null, bit_rate: null, truncated: false, packaging: null, packaging_reason: null, language: null, owner_id: null, visibility: 'public', status: 'ready',
      created_at: '2024-03-01T12:00:00.123456Z', updated_at: '2024-03-02T06:30:00.000000Z',
    });
    assert.equal((await shown(audio)).content_type, 'audio');
    assert.equal((await shown(audio)).created_at, '2024-03-02T06:30:00.000000Z');
    assert.equal((await shown(cdn)).updated_at, '2024-03-01T12:00:00.123456Z');
    for (const row of [...strange, ...unplayable.slice(1)]) assert.equal((await shown(row)).storage_url, row.storage_url);
    assert.equal((await listAll(server)).find(({ title }) => title === 'huge').description.length, 5_000_000);
  });

  test('makes objects of addresses in S3', async () => {
    const object = async ({ id }) => sql(dataDir, `SELECT o.id, store, bucket, key, state, o.size, o.sha256, o.media_type, o.created_at = c.created_at FROM contents c JOIN content_objects ON c.id = content_id JOIN objects o ON o.id = object_id WHERE c.id = '${id}'`);
    assert.equal(await object(video), `${key.slice(6, 42)}|s3|clinikk-media|${key}|stored||||t`);
    assert.equal(await object(twin), await object(video), 'two contents share it');
    assert.match(await object(sibling), new RegExp(`^(?!${key.slice(6, 42)})[0-9a-f-]{36}\\|s3\\|clinikk-media\\|video/.*\\.mov\\|`));
    assert.match(await object(audio), /\|s3\|old\|audio\//);
    for (const row of [namesake, cdn, ...strange, ...unplayable]) assert.equal(await object(row), '');
    const objects = Number(await sql(dataDir, 'SELECT count(*) FROM objects'));
    assert.equal(objects, new Set([video, sibling, audio, ...hostile].map(({ storage_url }) => storage_url)).size);
  });

  test('brings what is out of order into order', async () => {
    const [empty, negative, large, controls, infinite, ancient, song] = await Promise.all(hostile.map(shown));
    assert.equal(empty.title, '');
    assert.equal(empty.description, '');
    assert.equal(empty.content_type, 'video');
    assert.equal(empty.duration, null);
    assert.ok(Math.abs(Date.parse(empty.created_at) - Date.now()) < 120_000, empty.created_at);
    assert.equal(negative.duration, null);
    assert.equal(negative.thumbnail_url, null);
    assert.equal(large.title.length, 90_000);
    assert.equal(large.thumbnail_url, null);
    assert.equal(controls.title, 'a\r\nb\u0001\u202e');
    assert.equal(controls.duration, 2147483647);
    assert.ok(Date.parse(infinite.created_at) > 0 && Date.parse(ancient.updated_at) > 0);
    assert.equal(song.content_type, 'audio');
  });

  test('tells what there is to know about single rows', async () => {
    for (const [{ id }, what] of [
      [shouting, 'only in case or form'], [wide, ada.id], [composed, umlaut.id], [unsure, 'is_active is not set'], [bare, 'no bcrypt hash'],
      [plain, 'no bcrypt hash'], [eternal, 'no bcrypt hash'], ...odd.map((row) => [row, 'no address']), [namesake, 'another bucket'], [cdn, 'plays by redirect'],
      ...strange.map((row) => [row, 'plays by redirect']), ...unplayable.map((row) => [row, 'cannot be played']), [hostile[0], 'title is not set'],
      [hostile[1], 'duration is negative'], [hostile[1], 'thumbnail_url is no http'], [hostile[3], 'thumbnail_url is no http'], [hostile[4], 'created_at is no date'],
      [hostile[6], 'taken for audio'],
    ]) {
      const lines = report.split('\n').filter((line) => line.startsWith(`users ${id}: `) || line.startsWith(`contents ${id}: `));
      assert.ok(lines.some((line) => line.includes(what)), `${id} ${what}: ${lines}`);
    }
    for (const { id } of [ada, umlaut, long, gone, video, twin, sibling]) assert.ok(!report.includes(` ${id}: `), id);
    assert.doesNotMatch(report, /@|\$2/, 'neither addresses nor hashes');
    const count = Number(await sql(dataDir, 'SELECT count(*) FROM clinikk_poc.findings'));
    assert.equal(count, Number(/; (\d+) findings/.exec(report)[1]));
  });

  test('lets its users in, and keeps their passwords better from then on', async () => {
    const hash = ({ id }) => sql(dataDir, `SELECT password_hash FROM users WHERE id = '${id}'`);
    for (const [user, password, wrong] of [
      [ada, PASSWORD, `${PASSWORD}!`], [umlaut, 'grün ist die Hoffnung', 'grun ist die Hoffnung'], [long, 'x'.repeat(100), 'x'.repeat(71)], [short, 'short', 'Short'],
    ]) {
      assert.match(await hash(user), /^\$2[aby]\$/);
      assert.equal(await tryLogin(user.email, wrong), 401);
      assert.match(await hash(user), /^\$2[aby]\$/);
      const token = await login(server, user.email, password);
      assert.match(await hash(user), /^\$argon2id\$/);
      const me = (await server.get('/auth/me', { token })).json();
      assert.equal(me.id, user.id);
      assert.equal(me.email, user.email);
      assert.equal(me.role, 'editor');
      await login(server, user.email, password);
      assert.equal(await tryLogin(user.email, wrong), 401);
    }
    assert.equal(await tryLogin(long.email, 'x'.repeat(72)), 401, 'all of a long password counts now');
  });

  test('lets an address in that differs in case, as the account that came first', async () => {
    const token = await login(server, 'Ada@EXAMPLE.org');
    assert.equal((await server.get('/auth/me', { token })).json().id, ada.id);
    assert.equal(await tryLogin(shouting.email, 'short'), 401);
    assert.equal((await server.post('/auth/register', { json: { email: 'aDa@example.org', password: PASSWORD } })).status, 409);
    const listed = await accounts();
    for (const { id } of [shouting, wide, composed, unsure, gone, ...odd]) assert.match(listed, new RegExp(`${id}  editor  disabled`));
    for (const { id } of [ada, bare, plain]) assert.match(listed, new RegExp(`${id}  editor  active`));
  });

  test('lets nobody in without a password', async () => {
    for (const password of [PASSWORD, `!${PASSWORD}`, '!', 'short']) {
      for (const { email } of [bare, plain, eternal, gone, unsure]) assert.equal(await tryLogin(email, password), 401, email);
    }
    for (const email of [`poc:${odd[0].id}`, 'root', '']) assert.ok([401, 422].includes(await tryLogin(email)));
    const set = await runProgram(['user', 'passwd', bare.email], { env: { DATA_DIR: dataDir }, input: `${PASSWORD}\n` });
    assert.equal(set.code, 0, set.stderr);
    assert.equal(await tryLogin(bare.email), 200);
  });

  test('plays by redirect what stands elsewhere', async () => {
    for (const method of ['GET', 'HEAD']) {
      for (const row of [video, audio, namesake, cdn, ...strange]) {
        const answer = await server.request(method, `/content/${row.id}/stream`);
        assert.equal(answer.status, 307, answer.text());
        assert.equal(answer.headers.location, row.storage_url);
        assert.equal(answer.headers['cache-control'], 'no-cache');
      }
      for (const { id, storage_url } of unplayable) {
        const answer = await server.request(method, `/content/${id}/stream`);
        assert.equal(answer.status, 404, String(storage_url));
        if (method === 'GET') assert.equal(answer.json().code, 'source_unavailable');
      }
    }
    assert.equal((await shown(unplayable[3])).status, 'errored');
  });

  test('does not look for an object in a bucket that is not its own', async () => {
    // Nothing listens there: whoever asked would fail.
    const env = { STORAGE_PROVIDER: 'S3', STORAGE_BUCKET: 'clinikk-media', AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', STORAGE_TIMEOUT: undefined };
    const other = await startServer({ dataDir, env });
    const foreign = await other.get(`/content/${audio.id}/stream`);
    assert.equal(foreign.status, 307);
    assert.equal(foreign.headers.location, audio.storage_url);
    const own = await other.get(`/content/${video.id}/stream`);
    assert.equal(own.status, 307);
    assert.match(own.headers.location, new RegExp(`^http://127\\.0\\.0\\.1:9/clinikk-media/${key}\\?.*X-Amz-Signature=`));
    assert.doesNotMatch(own.headers.location, /response-content-type/);
    await other.stop();
  });

  test('is changed by admins only, until it has an owner', async () => {
    const admin = await runProgram(['user', 'add', 'admin@example.org', '--role', 'admin'], { env: { DATA_DIR: dataDir }, input: `${PASSWORD}\n` });
    assert.equal(admin.code, 0, admin.stderr);
    const [token, root] = [await login(server, ada.email), await login(server, 'admin@example.org')];
    const change = (row, as) => server.put(`/content/${row.id}`, { token: as, json: { title: 'New' } });
    assert.equal((await change(twin, token)).status, 403);
    assert.equal((await server.delete(`/content/${twin.id}`, { token })).status, 403);
    assert.equal((await change(twin, root)).status, 200);

    const assign = (...args) => command(dataDir, 'content', 'assign-owner', ...args);
    for (const [args, code, says] of [
      [['ada@example.org'], 1, /give either --content or --all-unowned/], [['ada@example.org', '--all-unowned', '--content', twin.id], 1, /give either/],
      [['nobody@example.org', '--all-unowned'], 1, /No account has the address nobody@example\.org/], [['x', '--all-unowned'], 1, /email must be an e-mail address/],
      [['ada@example.org', '--content', 'x'], 1, /--content must be a UUID/], [['ada@example.org', '--content', twin.id, '--content', ada.id], 1, new RegExp(`There is no content ${ada.id}`)],
      [[], 2, /email is required/],
    ]) {
      const refused = await assign(...args);
      assert.equal(refused.code, code, args.join(' '));
      assert.match(refused.stderr, says);
    }
    assert.equal((await shown(twin)).owner_id, null, 'all or none');
    for (let time = 0; time < 2; ++time) {
      const some = await assign('ADA@example.org', '--content', twin.id, '--content', cdn.id);
      assert.deepEqual([some.code, some.stdout], [0, '2 contents belong to ADA@example.org\n']);
    }
    assert.equal((await shown(twin)).owner_id, ada.id);
    assert.equal((await change(twin, token)).status, 200);
    assert.equal((await change(video, token)).status, 403);
    const rest = await assign('long@example.org', '--all-unowned');
    assert.equal(rest.stdout, `${contents.length + 1 - 2} contents without an owner now belong to long@example.org\n`);
    assert.equal((await assign('long@example.org', '--all-unowned')).stdout, '0 contents without an owner now belong to long@example.org\n');
    assert.equal((await shown(twin)).owner_id, ada.id);
    assert.equal((await shown(video)).updated_at, '2024-03-02T06:30:00.000000Z');
  });

  test('goes on as any other library', async () => {
    const { token } = await newUser(server);
    const mine = await upload(server, token, wav(1000));
    assert.equal((await server.get('/content?limit=1')).json()[0].id, mine.id);
    assert.equal((await server.get(`/content/${mine.id}/stream`)).status, 200);
    const root = await login(server, 'admin@example.org');
    for (const row of [hostile[2], unplayable[0], namesake, sibling]) {
      assert.equal((await server.put(`/content/${row.id}`, { token: root, json: { title: 'Better' } })).status, 200);
      assert.equal((await server.delete(`/content/${row.id}`, { token: root })).status, 200);
      assert.equal((await server.get(`/content/${row.id}`)).status, 404);
    }
    assert.equal(await sql(dataDir, `SELECT state FROM objects WHERE key = '${sibling.storage_url.split('.com/')[1]}'`), 'deleting', 'its bucket is not configured');
    const collected = await command(dataDir, 'gc');
    assert.equal(collected.code, 0, collected.stderr);
    assert.equal(await sql(dataDir, `SELECT state FROM objects WHERE key = '${sibling.storage_url.split('.com/')[1]}'`), 'deleting');
  });

  test('is taken over once', async () => {
    const again = await command(dataDir, 'migrate');
    assert.deepEqual([again.code, again.stdout], [0, '']);
    assert.equal(await sql(dataDir, 'SELECT count(*) FROM clinikk_poc.users'), String(users.length));
    await sql(dataDir, 'DROP SCHEMA clinikk_poc CASCADE');
    assert.equal((await server.get(`/content/${video.id}`)).status, 200);
    assert.equal((await command(dataDir, 'migrate')).code, 0);
  });
});

test('an empty proof of concept is taken over', async () => {
  const dataDir = await temporaryDirectory();
  await makePoc(dataDir);
  const server = await startServer({ dataDir });
  await newUser(server);
  assert.deepEqual((await server.get('/content')).json(), []);
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});
