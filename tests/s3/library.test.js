// Media in a bucket of a real S3 server: uploaded, read back by another client, played, deleted.

import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser, upload, uploadMedia, uploadParts } from '../support/client.js';
import { decode, media, sha256, wav } from '../support/media.js';
import { field, file } from '../support/multipart.js';
import { temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

const MEBIBYTE = 1024 * 1024;

const keyOf = (content) => new URL(content.storage_url).pathname.split('/').slice(-2).join('/');

describe('media in a bucket', () => {
  let s3, server, token, movie;

  before(async () => {
    [s3, movie] = await Promise.all([startS3(), media('faststart.mp4')]);
    server = await startServer({ env: s3.settings() });
    ({ token } = await newUser(server));
  });
  after(async () => {
    await server?.stop();
    await s3?.stop();
  });

  const stored = async (content) => {
    const object = await s3.send(GetObjectCommand, { Key: keyOf(content) });
    return { object, bytes: Buffer.from(await object.Body.transformToByteArray()) };
  };

  test('a small file is one object with its type and name', async () => {
    const content = await uploadMedia(server, token, movie, { filename: '../wild "näme".mp4' });
    assert.match(content.storage_url, new RegExp(`^${s3.url}/${s3.bucket}/objects/[0-9a-f-]{36}$`));
    const { object, bytes } = await stored(content);
    assert.equal(sha256(bytes), movie.sha256);
    assert.equal(object.ContentType, 'video/mp4');
    assert.match(object.ContentDisposition, /^inline; filename="wild _n.*me_\.mp4"/);
    assert.ok(!/^"[0-9a-f]+-\d+"$/.test(object.ETag), `one PUT, no parts: ${object.ETag}`);
  });

  test('a large file comes in parts', async () => {
    const bytes = wav(21 * MEBIBYTE + 123, 7);
    const content = await upload(server, token, bytes);
    assert.equal(content.sha256, sha256(bytes));
    const { object, bytes: seen } = await stored(content);
    assert.equal(sha256(seen), sha256(bytes));
    assert.match(object.ETag, /-3"$/);
    assert.equal(object.ContentType, 'audio/wav');
    assert.match(keyOf(content), /^objects\/[0-9a-f-]{36}$/);
  });

  test('a large file whose first bytes misled has their type in the bucket, and its own for players', async () => {
    // By its brand a video; by its tracks, and so in the end, an audio.
    const { bytes: song } = await media('tone.m4a');
    const disguised = Buffer.concat([song, free(9 * MEBIBYTE)]);
    disguised.write('isom', 8);
    const answer = await server.post('/content', { token, multipart: [file('file', 'x.m4a', disguised), field('title', 'T'), field('description', ''), field('content_type', 'audio')] });
    assert.equal(answer.status, 201, answer.text());
    const content = answer.json();
    assert.equal(content.media_type, 'audio/mp4');
    const { object, bytes } = await stored(content);
    assert.equal(object.ContentType, 'video/mp4');
    assert.equal(sha256(bytes), sha256(disguised));
    const played = await fetch((await server.get(`/content/${content.id}/stream`)).headers.location);
    await played.body.cancel();
    assert.equal(played.headers.get('content-type'), 'audio/mp4');
  });

  test('a player is sent to the bucket', async () => {
    const content = await uploadMedia(server, token, movie, { filename: 'my film.mp4' });
    const answer = await server.get(`/content/${content.id}/stream`);
    assert.equal(answer.status, 307);
    assert.equal(answer.headers['cache-control'], 'private, max-age=1800');
    assert.equal(answer.headers.etag, undefined);
    const location = answer.headers.location;
    const fetched = await fetch(location, { headers: { Range: 'bytes=100-199' } });
    assert.equal(fetched.status, 206);
    assert.equal(fetched.headers.get('content-type'), 'video/mp4');
    assert.deepEqual(Buffer.from(await fetched.arrayBuffer()), movie.bytes.subarray(100, 200));
    assert.equal(await decode(`${server.url}/content/${content.id}/stream`), 20);

    const save = await server.get(`/content/${content.id}/stream?download=1`);
    const saved = await fetch(save.headers.location);
    assert.match(saved.headers.get('content-disposition'), /^attachment; filename="my film\.mp4"/);
    assert.equal(sha256(Buffer.from(await saved.arrayBuffer())), movie.sha256);

    const forged = await fetch(location.replace(/X-Amz-Expires=3600/, 'X-Amz-Expires=3601'));
    assert.equal(forged.status, 403);
  });

  test('HEAD and conditional requests are answered here', async () => {
    const content = await uploadMedia(server, token, movie);
    const target = `/content/${content.id}/stream`;
    const head = await server.head(target);
    assert.equal(head.status, 200);
    assert.equal(Number(head.headers['content-length']), movie.size);
    assert.equal(head.headers['content-type'], 'video/mp4');
    const same = await server.get(target, { headers: { 'If-None-Match': head.headers.etag } });
    assert.equal(same.status, 304);
    assert.equal((await server.get(target, { headers: { 'If-Match': '"other"' } })).status, 412);
  });

  test('an object written by another client plays', async () => {
    const content = await uploadMedia(server, token, movie);
    const other = Buffer.from(movie.bytes).fill(0x20, movie.size - 8);
    await s3.send(PutObjectCommand, { Key: keyOf(content), Body: other });
    const answer = await server.get(`/content/${content.id}/stream`);
    const seen = await fetch(answer.headers.location);
    assert.deepEqual(Buffer.from(await seen.arrayBuffer()), other);
  });

  test('a delete removes the object', async () => {
    const content = await uploadMedia(server, token, movie);
    assert.equal((await server.delete(`/content/${content.id}`, { token })).status, 200);
    await assert.rejects(s3.send(HeadObjectCommand, { Key: keyOf(content) }), { name: 'NotFound' });
    assert.equal((await server.get(`/content/${content.id}/stream`)).status, 404);
  });

  test('what is refused leaves nothing in the bucket', async () => {
    const before = await s3.keys();
    const truncated = movie.bytes.subarray(0, movie.bytes.indexOf('mdat') + 5);
    const small = await server.post('/content', { token, multipart: uploadParts(truncated, { content_type: 'video' }) });
    assert.equal(small.json().code, 'media_truncated');
    const noise = Buffer.concat([Buffer.from('nothing that anybody knows'), wav(20 * MEBIBYTE)]);
    const large = await server.post('/content', { token, multipart: uploadParts(noise) });
    assert.equal(large.json().code, 'media_unrecognised');
    assert.deepEqual(await s3.keys(), before);
    assert.deepEqual(await s3.unfinished(), []);
  });

  test('health tells of the bucket', async () => {
    const answer = await server.get('/health/detailed');
    assert.equal(answer.status, 200);
    assert.equal(answer.json().storage.provider, 's3');
  });

  test('the disk holds no media', async () => {
    await upload(server, token, wav(9 * MEBIBYTE, 3));
    const files = await readdir(`${server.dataDir}/objects`, { recursive: true });
    assert.deepEqual(files, []);
  });
});

/** A box that says nothing (ISO/IEC 14496-12 section 8.1.2). */
function free(size) {
  const box = Buffer.alloc(size);
  box.writeUInt32BE(size, 0);
  box.write('free', 4);
  return box;
}

describe('through the service', () => {
  let s3, server, token, movie, content;

  before(async () => {
    [s3, movie] = await Promise.all([startS3(), media('long.mp4')]);
    server = await startServer({ env: s3.settings({ STREAM_MODE: 'proxy' }) });
    ({ token } = await newUser(server));
    content = await uploadMedia(server, token, movie);
  });
  after(async () => {
    await server?.stop();
    await s3?.stop();
  });

  test('whole, in ranges and in several', async () => {
    const target = `/content/${content.id}/stream`;
    const whole = await server.get(target);
    assert.equal(whole.status, 200);
    assert.equal(sha256(whole.body), movie.sha256);
    const range = await server.get(target, { headers: { Range: 'bytes=1000-1999' } });
    assert.equal(range.status, 206);
    assert.deepEqual(range.body, movie.bytes.subarray(1000, 2000));
    const last = await server.get(target, { headers: { Range: 'bytes=-7' } });
    assert.deepEqual(last.body, movie.bytes.subarray(movie.size - 7));
    const two = await server.get(target, { headers: { Range: 'bytes=0-9,100-109' } });
    assert.equal(two.status, 206);
    assert.ok(two.body.includes(movie.bytes.subarray(100, 110)));
    assert.equal((await server.get(target, { headers: { Range: `bytes=${movie.size}-` } })).status, 416);
    assert.equal((await server.get(target, { headers: { 'If-None-Match': whole.headers.etag } })).status, 304);
    assert.equal((await server.head(target)).headers['content-length'], String(movie.size));
  });

  test('a client that leaves does not hold the transfer', async () => {
    const large = await upload(server, token, wav(30 * MEBIBYTE, 5));
    const controller = new AbortController();
    const answer = await fetch(`${server.url}/content/${large.id}/stream`, { signal: controller.signal });
    await answer.body.getReader().read();
    controller.abort();
    const again = await server.get(`/content/${large.id}/stream`);
    assert.equal(sha256(again.body), large.sha256);
  });
});

test('a library in two stores plays from both', async () => {
  const s3 = await startS3();
  const movie = await media('faststart.mp4');
  const dataDir = await temporaryDirectory();
  try {
    const first = await startServer({ dataDir });
    const { token } = await newUser(first);
    const local = await uploadMedia(first, token, movie);
    await first.stop();

    const second = await startServer({ dataDir, env: s3.settings({ STREAM_MODE: 'proxy' }) });
    const remote = await uploadMedia(second, token, movie);
    for (const { id } of [local, remote]) {
      const answer = await second.get(`/content/${id}/stream`);
      assert.equal(sha256(answer.body), movie.sha256);
    }
    await second.stop();

    // Without the bucket its contents are not lost, only out of reach.
    const third = await startServer({ dataDir });
    assert.equal((await third.get(`/content/${local.id}/stream`)).status, 200);
    assert.equal((await third.get(`/content/${remote.id}/stream`)).status, 503);
    await third.stop();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
    await s3.stop();
  }
});
