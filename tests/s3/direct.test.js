// Uploads past the service: a client sends parts to the bucket itself, and only bytes that are what was agreed, and are
// media, become a content. Nothing else stays.

import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser } from '../support/client.js';
import { sql } from '../support/database.js';
import { assertClean, begin, begun, complete, keyOf, sendPart, sendParts, uploadDirectly } from '../support/direct_upload.js';
import { decode, media, sha256, wav } from '../support/media.js';
import { eventually, runProgram } from '../support/program.js';
import { SOURCE, startPeer, waitFor } from '../support/s3_peer.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

const MEBIBYTE = 1024 * 1024;
const KEY = /^objects\/[0-9a-f-]{36}$/;
const MOVIE = { content_type: 'video', file_name: 'my film.mp4' };

describe('direct upload', () => {
  let s3, server, token, movie;
  const contents = [];

  before(async () => {
    [s3, movie] = await Promise.all([startS3(), media('long.mp4')]);
    server = await startServer({ env: s3.settings({ MAX_UPLOAD_SIZE: '1GiB', MAX_UPLOADS_PER_USER: 3 }) });
    ({ token } = await newUser(server));
  });
  after(async () => {
    try {
      await assertClean(s3, server, contents);
    } finally {
      await server?.stop();
      await s3?.stop();
    }
  });

  /** A refusal that leaves the upload as it is. */
  async function refused(answer, status, code) {
    assert.equal(answer.status, status, answer.text());
    assert.equal(answer.json().code, code);
    assert.doesNotMatch(answer.text(), /127\.0\.0\.1:\d+\/clinikk|uploadId|Amz/);
    return answer.json();
  }

  const abort = (made, who = token) => server.delete(`/uploads/${made.id}`, { token: who });

  test('parts, sent in parallel, become a content that plays', async () => {
    const bytes = wav(20 * MEBIBYTE + 77, 1);
    const made = await begun(server, token, bytes);
    assert.equal(made.size, bytes.length);
    assert.equal(made.part_size, 8 * MEBIBYTE);
    assert.equal(made.parts_count, 3);
    assert.deepEqual(made.parts.map(({ number, size }) => [number, size]), [[1, 8 * MEBIBYTE], [2, 8 * MEBIBYTE], [3, 4 * MEBIBYTE + 77]]);
    assert.ok(new Date(made.parts_expire_at) - Date.now() <= 3_600_000);
    assert.ok(Math.abs(new Date(made.expires_at) - Date.now() - 86_400_000) < 60_000);
    assert.equal((await server.get(`/content/${made.content_id}`)).status, 404);
    const parts = await sendParts(made, bytes);
    const answer = await complete(server, token, made, parts.reverse(), { sha256: sha256(bytes) });
    assert.equal(answer.status, 201, answer.text());
    const content = answer.json();
    contents.push(content);
    assert.equal(content.id, made.content_id);
    assert.equal(content.sha256, sha256(bytes));
    assert.equal(content.size, bytes.length);
    assert.equal(content.media_type, 'audio/wav');
    const stream = await server.get(`/content/${content.id}/stream`);
    assert.equal(stream.status, 307);
    const fetched = await fetch(stream.headers.location);
    assert.equal(fetched.headers.get('content-type'), 'audio/wav');
    assert.equal(sha256(Buffer.from(await fetched.arrayBuffer())), content.sha256);
    // A request whose answer was lost may be made again.
    const again = await complete(server, token, made, parts);
    assert.equal(again.status, 201);
    assert.equal(again.json().id, content.id);
    assert.equal(await sql(server.dataDir, "SELECT COUNT(*) FROM outbox WHERE type = 'content.created'"), '1');
    await refused(await server.get(`/uploads/${made.id}`, { token }), 404, 'upload_not_found');
    await refused(await abort(made), 404, 'upload_not_found');
  });

  test('a video gets its facts and its name', async () => {
    const content = await uploadDirectly(server, token, movie.bytes, MOVIE);
    contents.push(content);
    assert.equal(content.sha256, movie.sha256);
    assert.ok(content.duration_ms > 0 && content.width > 0);
    assert.match(keyOf(content), KEY);
    const object = await s3.send(GetObjectCommand, { Key: keyOf(content) });
    object.Body.destroy();
    assert.equal(object.ContentType, 'video/mp4');
    assert.match(object.ContentDisposition, /^inline; filename="my film\.mp4"/);
    assert.ok(await decode(`${server.url}/content/${content.id}/stream`) > 0);
    const save = await server.get(`/content/${content.id}/stream?download=1`);
    assert.match(save.headers.location, /my%2520film|my%20film/);
  });

  test('where the name of the file misled, the bucket has its type, and players get that of the bytes', async () => {
    const { bytes } = await media('tone.mp3');
    for (const [name, type] of [['holiday.MKV', 'video/x-matroska'], ['no ending', 'application/octet-stream'], ['page.html', 'application/octet-stream']]) {
      const content = await uploadDirectly(server, token, bytes, { file_name: name });
      contents.push(content);
      assert.equal(content.media_type, 'audio/mpeg');
      assert.match(keyOf(content), KEY);
      const object = await s3.send(GetObjectCommand, { Key: keyOf(content) });
      object.Body.destroy();
      assert.equal(object.ContentType, type);
      const played = await fetch((await server.get(`/content/${content.id}/stream`)).headers.location);
      await played.body.cancel();
      assert.equal(played.headers.get('content-type'), 'audio/mpeg');
    }
  });

  test('a content gets a new source, and plays the old one until then', async () => {
    const [first, second] = [wav(300_000, 51), wav(9 * MEBIBYTE, 52)];
    const content = await uploadDirectly(server, token, first, { title: 'Breathing', duration: 77 });
    const old = keyOf(content);
    const play = async () => {
      const { headers } = await server.get(`/content/${content.id}/stream`);
      return sha256(Buffer.from(await (await fetch(headers.location)).arrayBuffer()));
    };
    const made = await begun(server, token, second, { title: 'Not asked for', content_type: 'video', file_name: 'second.wav', replaces: content.id });
    assert.equal(made.content_id, content.id);
    const parts = await sendParts(made, second);
    assert.equal(await play(), sha256(first));
    const refusal = await complete(server, token, made, parts, { sha256: sha256(first) });
    assert.equal(refusal.status, 422, 'another digest ends the upload');
    assert.equal(await play(), sha256(first));

    const again = await begun(server, token, second, { file_name: 'second.wav', replaces: content.id });
    const sent = await sendParts(again, second);
    for (let i = 0; i < 2; ++i) {
      const answer = await complete(server, token, again, sent, { sha256: sha256(second) });
      assert.equal(answer.status, 201, answer.text());
      assert.equal(answer.headers.location, `${server.url}/content/${content.id}`);
      const changed = answer.json();
      assert.deepEqual([changed.id, changed.title, changed.content_type, changed.duration], [content.id, 'Breathing', 'audio', 77]);
      assert.deepEqual([changed.size, changed.sha256], [second.length, sha256(second)]);
      assert.ok(changed.updated_at > content.updated_at);
      assert.notEqual(changed.storage_url, content.storage_url);
    }
    assert.equal(await play(), sha256(second));
    assert.equal((await server.get(`/content/${content.id}/stream?download=1`)).headers.location.includes('second.wav'), true);
    await runProgram(['gc'], { env: s3.settings({ DATA_DIR: server.dataDir }), cwd: server.dataDir });
    assert.ok(!(await s3.keys()).includes(old));
    contents.push((await server.get(`/content/${content.id}`)).json());

    const { token: other } = await newUser(server);
    await refused(await begin(server, other, 1000, { replaces: content.id }), 403, 'forbidden');
    await refused(await begin(server, token, 1000, { replaces: made.id }), 404, 'content_not_found');
  });

  test('an upload is taken up again: what is there, and new addresses for the rest', async () => {
    const bytes = wav(20 * MEBIBYTE, 3);
    const made = await begun(server, token, bytes);
    const second = await sendPart(made, made.parts[1], bytes);
    const seen = (await server.get(`/uploads/${made.id}`, { token })).json();
    assert.equal(seen.state, 'receiving');
    assert.deepEqual(seen.stored_parts, [{ number: 2, size: 8 * MEBIBYTE, etag: second.etag }]);
    assert.equal(seen.parts_count, 3);
    const more = await server.post(`/uploads/${made.id}/parts`, { token, json: { from: 3, limit: 5 } });
    assert.equal(more.status, 200, more.text());
    assert.deepEqual(more.json().parts.map(({ number, size }) => [number, size]), [[3, 4 * MEBIBYTE]]);
    assert.equal(more.headers['cache-control'], 'no-store');
    const first = (await server.post(`/uploads/${made.id}/parts`, { token, json: { from: 1, limit: 1 } })).json();
    const parts = [...(await sendParts(made, bytes, [...first.parts, ...more.json().parts])), { ...second, etag: second.etag.replaceAll('"', '') }];
    const answer = await complete(server, token, made, parts);
    assert.equal(answer.status, 201, answer.text());
    contents.push(answer.json());
    await refused(await server.post(`/uploads/${made.id}/parts`, { token, json: { from: 1 } }), 404, 'upload_not_found');
  });

  test('more than a hundred parts are asked for bit by bit, and there are never too many', async () => {
    const large = await begin(server, token, 900 * MEBIBYTE);
    const made = large.json();
    assert.equal(made.parts.length, 100);
    assert.equal(made.parts_count, 113);
    const rest = (await server.post(`/uploads/${made.id}/parts`, { token, json: { from: 101, limit: 1000 } })).json();
    assert.deepEqual(rest.parts.map(({ number }) => number), Array.from({ length: 13 }, (_, i) => 101 + i));
    assert.equal(rest.parts.at(-1).size, 4 * MEBIBYTE);
    const beyond = await server.post(`/uploads/${made.id}/parts`, { token, json: { from: 114 } });
    await refused(beyond, 422, 'validation_failed');
    assert.equal(beyond.json().errors[0].pointer, '#/from');
    assert.equal((await abort(made)).status, 200);
  });

  test('an address takes exactly what was agreed', async () => {
    const made = await begun(server, token, wav(10 * MEBIBYTE, 4));
    const [first, last] = made.parts;
    for (const size of [8 * MEBIBYTE + 1, 8 * MEBIBYTE - 1, 0]) {
      assert.equal((await fetch(first.url, { method: 'PUT', body: Buffer.alloc(size) })).status, 403, `${size} bytes`);
    }
    for (const [from, to] of [['partNumber=2', 'partNumber=3'], ['partNumber=2', 'partNumber=1'], [/X-Amz-Expires=\d+/, 'X-Amz-Expires=604800'], ['/objects/', '/others/']]) {
      assert.equal((await fetch(last.url.replace(from, to), { method: 'PUT', body: Buffer.alloc(2 * MEBIBYTE) })).status, 403, to);
    }
    assert.equal((await fetch(first.url)).status, 403);
    assert.deepEqual((await server.get(`/uploads/${made.id}`, { token })).json().stored_parts, []);
    assert.equal((await abort(made)).status, 200);
    assert.equal((await fetch(last.url, { method: 'PUT', body: Buffer.alloc(2 * MEBIBYTE) })).status, 404);
  });

  test('a list that is not what is there is refused, and may be corrected', async () => {
    const bytes = wav(20 * MEBIBYTE, 5);
    const made = await begun(server, token, bytes);
    const two = await sendParts(made, bytes, made.parts.slice(0, 2));
    const tryWith = async (parts, detail) => {
      const problem = await refused(await complete(server, token, made, parts), 422, 'parts_mismatch');
      assert.match(problem.detail, detail);
    };
    const third = { number: 3, etag: '"d41d8cd98f00b204e9800998ecf8427e"' };
    await tryWith(two, /has 3 parts, the list has 2/);
    await tryWith([...two, third], /Part 3 is not in the bucket/);
    await tryWith([...two, { ...third, number: 4 }], /Part 4 is none of this upload/);
    await tryWith([...two, { ...third, number: 10_000 }], /Part 10000 is none of this upload/);
    await tryWith([two[0], two[0], two[1]], /Part 1 is listed more than once/);
    await sendParts(made, bytes, made.parts.slice(2));
    await tryWith([...two, third], /Part 3 has another ETag/);
    const good = await sendParts(made, bytes);
    await tryWith([good[1], good[0], good[2]].map(({ etag }, index) => ({ number: index + 1, etag })), /Part 1 has another ETag/);
    assert.equal((await server.get(`/uploads/${made.id}`, { token })).json().stored_parts.length, 3);
    const done = await complete(server, token, made, good);
    assert.equal(done.status, 201, done.text());
    contents.push(done.json());
  });

  test('a list that cannot be one is told what is wrong with it', async () => {
    const made = await begun(server, token, wav(1000, 6));
    const target = `/uploads/${made.id}/complete`;
    const part = { number: 1, etag: 'x' };
    for (const [json, pointer] of [
      [{}, '#/parts'], [{ parts: [] }, '#/parts'], [{ parts: 'all' }, '#/parts'], [{ parts: null }, '#/parts'], [{ parts: {} }, '#/parts'],
      [{ parts: [1] }, '#/parts'], [{ parts: [[part]] }, '#/parts'], [{ parts: [part, null] }, '#/parts'],
      [{ parts: [part, {}] }, '#/parts/1/number'], [{ parts: [{ number: 0, etag: 'x' }] }, '#/parts/0/number'],
      [{ parts: [{ number: 10_001, etag: 'x' }] }, '#/parts/0/number'], [{ parts: [{ number: '1', etag: 'x' }] }, '#/parts/0/number'],
      [{ parts: [{ number: 1.5, etag: 'x' }] }, '#/parts/0/number'], [{ parts: [{ number: 1, etag: '' }] }, '#/parts/0/etag'],
      [{ parts: [{ number: 1, etag: ['x'] }] }, '#/parts/0/etag'], [{ parts: [{ ...part, size: 3 }] }, '#/parts/0/size'],
      [{ parts: [part], sha256: 'abc' }, '#/sha256'], [{ parts: [part], sha256: 'g'.repeat(64) }, '#/sha256'], [{ parts: [part], more: 1 }, '#/more'],
      [{ parts: Array.from({ length: 10_001 }, (_, i) => ({ number: i % 10_000 + 1, etag: 'x' })) }, '#/parts'],
      [{ parts: [Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`m${i}`, i]))] }, '#/parts/0/m16'],
    ]) {
      const answer = await server.post(target, { token, json });
      await refused(answer, 422, 'validation_failed');
      assert.ok(answer.json().errors.some((error) => error.pointer === pointer), `${pointer}: ${answer.text()}`);
    }
    const twice = await server.post(target, { token, body: '{"parts":[{"number":1,"number":2,"etag":"x"}]}', headers: { 'Content-Type': 'application/json' } });
    await refused(twice, 422, 'validation_failed');
    for (const body of ['{"parts":[{"number":1,"etag":"x"}', '[]', '{"parts":[{]}', `{"parts":${'['.repeat(5000)}`]) {
      await refused(await server.post(target, { token, body, headers: { 'Content-Type': 'application/json' } }), 400, 'malformed_json');
    }
    const huge = JSON.stringify({ parts: Array.from({ length: 9000 }, (_, i) => ({ number: i + 1, etag: 'e'.repeat(120) })) });
    await refused(await server.post(target, { token, body: huge, headers: { 'Content-Type': 'application/json' } }), 413, 'body_too_large');
    assert.equal((await abort(made)).status, 200);
  });

  test('what is said at the beginning is held to what a form is held to', async () => {
    for (const [over, pointer] of [
      [{ title: '' }, '#/title'], [{ title: undefined }, '#/title'], [{ content_type: 'image' }, '#/content_type'], [{ size: 0 }, '#/size'],
      [{ size: -1 }, '#/size'], [{ size: '9' }, '#/size'], [{ size: 1.5 }, '#/size'], [{ size: 2 ** 43 }, '#/size'], [{ size: undefined }, '#/size'],
      [{ file_name: '' }, '#/file_name'], [{ duration: -1 }, '#/duration'], [{ thumbnail_url: 'javascript:x' }, '#/thumbnail_url'], [{ key: 'x' }, '#/key'],
    ]) {
      const answer = await begin(server, token, 1000, over);
      await refused(answer, 422, 'validation_failed');
      assert.equal(answer.json().errors[0].pointer, pointer);
    }
    await refused(await begin(server, token, 1024 * MEBIBYTE + 1), 413, 'upload_too_large');
    await refused(await server.post('/uploads', { json: {} }), 401, 'not_authenticated');
    assert.equal(await sql(server.dataDir, 'SELECT COUNT(*) FROM uploads'), '0');
  });

  test('an account has only so many under way', async () => {
    const { token: other } = await newUser(server);
    const three = await Promise.all([1, 2, 3].map(() => begin(server, other, 5000)));
    assert.deepEqual(three.map(({ status }) => status), [201, 201, 201]);
    await refused(await begin(server, other, 5000), 429, 'too_many_uploads');
    for (const answer of three) assert.equal((await abort(answer.json(), other)).status, 200);
    const again = await begin(server, other, 5000);
    assert.equal(again.status, 201);
    assert.equal((await abort(again.json(), other)).status, 200);
  });

  test("others' uploads do not exist", async () => {
    const bytes = wav(3000, 7);
    const made = await begun(server, token, bytes);
    const parts = await sendParts(made, bytes);
    const { token: stranger } = await newUser(server);
    for (const call of [
      () => server.get(`/uploads/${made.id}`, { token: stranger }),
      () => server.post(`/uploads/${made.id}/parts`, { token: stranger, json: { from: 1 } }),
      () => complete(server, stranger, made, parts),
      () => abort(made, stranger),
      () => server.get('/uploads/0190b5f0-0000-7000-8000-0123456789ab', { token }),
      () => server.get('/uploads/%2e%2e', { token }),
    ]) await refused(await call(), 404, 'upload_not_found');
    // An administrator may.
    const { token: boss, email } = await newUser(server);
    await sql(server.dataDir, `UPDATE users SET role = 'admin' WHERE email = '${email}'`);
    assert.equal((await server.get(`/uploads/${made.id}`, { token: boss })).status, 200);
    const done = await complete(server, boss, made, parts);
    assert.equal(done.status, 201, done.text());
    contents.push(done.json());
    const { id } = (await server.get('/auth/me', { token })).json();
    assert.equal(done.json().owner_id, id, 'it is its owner\'s all the same');
    await refused(await complete(server, stranger, made, parts), 404, 'upload_not_found');
  });

  const truncated = () => movie.bytes.subarray(0, movie.bytes.indexOf('mdat') + 100); // before its first frame is whole
  for (const [what, bytes, over, code, more = {}] of [
    ['no media', () => Buffer.alloc(9 * MEBIBYTE, 'text '), {}, 'media_unrecognised'],
    ['a truncated file', truncated, MOVIE, 'media_truncated'],
    ['another kind', () => wav(5000, 8), { content_type: 'video' }, 'media_kind_mismatch'],
    ['another digest', () => wav(5000, 9), {}, 'digest_mismatch', { sha256: 'ab'.repeat(32) }],
  ]) {
    test(`${what} is refused and removed`, async () => {
      const keys = await s3.keys();
      const made = await begun(server, token, bytes(), over);
      const answer = await complete(server, token, made, await sendParts(made, bytes()), more);
      await refused(answer, 422, code);
      assert.deepEqual(await s3.keys(), keys);
      assert.deepEqual(await s3.unfinished(), []);
      await refused(await server.get(`/uploads/${made.id}`, { token }), 404, 'upload_not_found');
    });
  }

  test('two completions at once: one content', async () => {
    const bytes = wav(30 * MEBIBYTE, 10);
    const made = await begun(server, token, bytes);
    const parts = await sendParts(made, bytes);
    const answers = await Promise.all([1, 2, 3].map(() => complete(server, token, made, parts)));
    const statuses = answers.map(({ status }) => status);
    assert.ok(statuses.includes(201), statuses.join());
    for (const answer of answers) {
      if (answer.status !== 201) await refused(answer, 409, 'upload_busy');
    }
    contents.push(answers.find(({ status }) => status === 201).json());
    assert.equal(await sql(server.dataDir, 'SELECT COUNT(*) FROM uploads'), '0');
  });

  test('an upload that has expired is nobody\'s, and is collected', async () => {
    const made = await begun(server, token, wav(9 * MEBIBYTE, 11));
    await sendPart(made, made.parts[0], wav(9 * MEBIBYTE, 11));
    await s3.send(CreateMultipartUploadCommand, { Key: 'video/0190b5f0-0000-7000-8000-0123456789ab.mp4' });
    await sql(server.dataDir, 'UPDATE uploads SET expires_at = 1, lease_until = 1');
    await refused(await server.get(`/uploads/${made.id}`, { token }), 404, 'upload_not_found');
    await refused(await complete(server, token, made, [{ number: 1, etag: 'x' }, { number: 2, etag: 'x' }]), 404, 'upload_not_found');
    const env = s3.settings({ DATA_DIR: server.dataDir });
    const dry = await runProgram(['gc', '--dry-run'], { env, cwd: server.dataDir });
    assert.match(dry.stdout, new RegExp(`^upload ${made.id}$`, 'm'));
    assert.equal((await s3.unfinished()).length, 2);
    assert.match((await runProgram(['gc'], { env, cwd: server.dataDir })).stdout, /removed 1 uploads/);
    const { Uploads: left } = await s3.send(ListMultipartUploadsCommand);
    assert.deepEqual(left.map(({ Key }) => Key), ['video/0190b5f0-0000-7000-8000-0123456789ab.mp4'], "others' stay");
    await s3.send(AbortMultipartUploadCommand, { Key: left[0].Key, UploadId: left[0].UploadId });
  });

  test('a completion that loses its lease publishes nothing', async () => {
    const bytes = wav(9 * MEBIBYTE, 13);
    const peer = await startPeer(s3);
    const slow = await startServer({ dataDir: server.dataDir, env: s3.settings({ AWS_ENDPOINT_URL: peer.url }) });
    const made = await begun(slow, token, bytes);
    const parts = await sendParts(made, bytes);
    let open;
    peer.break('HEAD', SOURCE, waitFor(new Promise((resolve) => (open = resolve))), 1);
    const under = complete(slow, token, made, parts);
    await eventually(() => peer.seen.some((line) => line.startsWith('HEAD ')), 'it never came to that');
    await sql(server.dataDir, "UPDATE uploads SET holder = '', state = 'receiving'");
    open();
    await refused(await under, 409, 'upload_interrupted');
    const done = await complete(server, token, made, parts);
    assert.equal(done.status, 201, done.text());
    contents.push(done.json());
    await slow.stop();
    await peer.stop();
  });

  test('one that is under way is not collected', async () => {
    const bytes = wav(9 * MEBIBYTE, 12);
    const made = await begun(server, token, bytes);
    const parts = await sendParts(made, bytes);
    const gc = await runProgram(['gc'], { env: s3.settings({ DATA_DIR: server.dataDir }), cwd: server.dataDir });
    assert.match(gc.stdout, /removed 0 uploads/);
    const done = await complete(server, token, made, parts);
    assert.equal(done.status, 201, done.text());
    contents.push(done.json());
  });
});

test('the quota counts what is under way', async () => {
  const s3 = await startS3();
  const server = await startServer({ env: s3.settings({ USER_QUOTA: '100000' }) });
  try {
    const { token } = await newUser(server);
    const made = await begun(server, token, wav(60_000, 1));
    const answer = await begin(server, token, 60_000);
    assert.equal(answer.status, 413);
    assert.equal(answer.json().code, 'quota_exceeded');
    assert.equal((await server.delete(`/uploads/${made.id}`, { token })).status, 200);
    const content = await uploadDirectly(server, token, wav(60_000, 1));
    assert.equal((await begin(server, token, 60_000)).json().code, 'quota_exceeded');
    await assertClean(s3, server, [content]);
  } finally {
    await server.stop();
    await s3.stop();
  }
});

test('without a bucket there is none', async () => {
  const server = await startServer();
  const { token } = await newUser(server);
  const answer = await begin(server, token, 1000);
  assert.equal(answer.status, 409);
  assert.equal(answer.json().code, 'direct_upload_unavailable');
  await server.stop();
});
