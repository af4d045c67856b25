// Objects that were taken over from elsewhere, in a bucket of a real S3 server: played before anybody has read them,
// then read by `backfill`, verified, copied.

import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { sql } from '../support/database.js';
import { media, sha256, wav } from '../support/media.js';
import { makePoc, pocContent, pocUser, s3Url } from '../support/poc.js';
import { runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

describe('what was taken over from the proof of concept', () => {
  let s3, dataDir, server, proxy, movie, song;
  const contents = {};

  const command = (...args) => runProgram(args, { env: { DATA_DIR: dataDir, ...s3.settings() }, cwd: dataDir, timeout: 120_000 });
  const shown = async ({ id }) => (await server.get(`/content/${id}`)).json();

  before(async () => {
    [s3, movie, song] = await Promise.all([startS3(), media('plain.mp4'), media('tone.mp3')]);
    dataDir = await temporaryDirectory();
    const place = async (name, folder, extension, bytes, over = {}) => {
      const key = `${folder}/${randomUUID()}.${extension}`;
      if (bytes) await s3.send(PutObjectCommand, { Key: key, Body: bytes, ContentType: 'video/x-as-uploaded' });
      contents[name] = { ...pocContent({ content_type: folder.toUpperCase(), storage_url: s3Url(key, s3.bucket), ...over }), key };
    };
    await place('movie', 'video', 'mp4', movie.bytes);
    await place('song', 'audio', 'mp3', song.bytes, { duration: null });
    await place('large', 'audio', 'wav', wav(9 * 1024 * 1024 + 1, 3));
    await place('noise', 'video', 'mp4', Buffer.from('no media at all'));
    await place('mismatch', 'video', 'mp3', song.bytes);
    await place('lost', 'video', 'mp4', null);
    await place('foreign', 'video', 'mp4', movie.bytes);
    contents.foreign.storage_url = s3Url(contents.foreign.key, 'another-bucket');
    contents.twin = pocContent({ storage_url: contents.movie.storage_url });
    await place('cdn', 'video', 'mp4', movie.bytes);
    contents.cdn.storage_url = `https://cdn.example.org/${contents.cdn.key.toUpperCase()}?x=1`;
    await makePoc(dataDir, { users: [pocUser()], contents: Object.values(contents).map(({ key, ...row }) => row) });
    server = await startServer({ dataDir, env: s3.settings() });
    proxy = await startServer({ dataDir, env: s3.settings({ STREAM_MODE: 'proxy' }) });
  });
  after(async () => {
    await server?.stop();
    await proxy?.stop();
    await s3?.stop();
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  });

  test('plays before anybody has read it', async () => {
    const target = `/content/${contents.movie.id}/stream`;
    const answer = await server.get(target);
    assert.equal(answer.status, 307);
    const fetched = await fetch(answer.headers.location, { headers: { Range: 'bytes=10-19' } });
    assert.equal(fetched.headers.get('content-type'), 'video/x-as-uploaded', 'what the bucket knows');
    assert.deepEqual(Buffer.from(await fetched.arrayBuffer()), movie.bytes.subarray(10, 20));

    for (const from of [server, proxy]) {
      const head = await from.head(target);
      assert.equal(head.status, 200);
      assert.equal(head.headers['content-length'], String(movie.size));
      assert.equal(head.headers['content-type'], 'video/mp4');
      assert.equal(head.headers.etag, undefined);
      assert.equal(head.headers['repr-digest'], undefined);
    }
    const whole = await proxy.get(target);
    assert.equal(whole.status, 200);
    assert.equal(sha256(whole.body), movie.sha256);
    const part = await proxy.get(target, { headers: { Range: 'bytes=-7' } });
    assert.equal(part.status, 206);
    assert.deepEqual(part.body, movie.bytes.subarray(movie.size - 7));
    const two = await proxy.get(target, { headers: { Range: 'bytes=0-9,100-109' } });
    assert.ok(two.body.includes(movie.bytes.subarray(100, 110)));
    assert.equal((await proxy.get(target, { headers: { Range: `bytes=${movie.size}-` } })).status, 416);
    assert.equal((await proxy.get(target, { headers: { 'If-Modified-Since': whole.headers['last-modified'] } })).status, 304);
    const lost = await proxy.get(`/content/${contents.lost.id}/stream`);
    assert.equal(lost.status, 404);
    assert.equal(lost.json().code, 'source_unavailable');
  });

  test('is no fault before it has been read, unless it is missing', async () => {
    const verified = await command('verify');
    assert.equal(verified.code, 1);
    assert.match(verified.stdout, new RegExp(`^${contents.movie.key} is not yet backfilled$`, 'm'));
    assert.match(verified.stdout, new RegExp(`^${contents.lost.key} is missing$`, 'm'));
    assert.match(verified.stdout, new RegExp(`^${contents.foreign.key} stands in a store or bucket that is not configured$`, 'm'));
    assert.match(verified.stdout, / 2 faults, 5 not yet backfilled$/m);
  });

  test('is read by backfill, and what cannot be is told', async () => {
    const first = await command('backfill');
    assert.equal(first.code, 1);
    for (const [name, why] of [['noise', /: /], ['mismatch', /: /], ['lost', /: is missing/], ['foreign', /: stands in the bucket 'another-bucket'/]]) {
      const line = first.stdout.split('\n').find((text) => text.startsWith(contents[name].key));
      assert.match(line ?? '', why, `${name}: ${first.stdout}`);
    }
    assert.match(first.stdout, /^read 3 objects, \d+ bytes; 4 failures$/m);

    for (const name of ['movie', 'twin']) {
      const film = await shown(contents[name]);
      assert.equal(film.media_type, 'video/mp4');
      assert.equal(film.size, movie.size);
      assert.equal(film.sha256, movie.sha256);
      assert.deepEqual([film.width, film.height, film.video_codec, film.audio_codec], [160, 120, 'h264', 'aac']);
      assert.ok(Math.abs(film.duration_ms - 2000) < 100, film.duration_ms);
      assert.equal(film.duration, 61, 'as the proof of concept said');
      assert.equal(film.updated_at, '2024-03-02T06:30:00.000000Z');
    }
    assert.equal((await shown(contents.song)).duration, 2);
    const noise = await shown(contents.noise);
    assert.deepEqual([noise.size, noise.sha256, noise.media_type], [15, sha256(Buffer.from('no media at all')), null]);
    assert.equal(await sql(dataDir, "SELECT count(*) FROM objects WHERE media_type LIKE 'video/%' OR media_type LIKE 'audio/%'"), '3');
    assert.deepEqual([(await shown(contents.movie)).packaging, (await shown(contents.twin)).packaging], ['ready', 'ready']);
    assert.equal(await sql(dataDir, "SELECT count(*) FROM objects WHERE key LIKE 'index/%'"), '1', 'they share an index');

    const head = await server.head(`/content/${contents.movie.id}/stream`);
    assert.equal(head.headers.etag, `"${movie.sha256}"`);
    const again = await command('backfill');
    assert.match(again.stdout, /^read 0 objects, \d+ bytes; 4 failures$/m);
  });

  test('is kept by the collector as long as an address leads to it', async () => {
    const dry = await runProgram(['gc', '--dry-run'], { env: { DATA_DIR: dataDir, ...s3.settings({ GC_GRACE: '0s' }) }, cwd: dataDir });
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /would remove .* 0 stray objects/);
    assert.ok((await s3.keys()).includes(contents.cdn.key));
  });

  test('is copied to the disk, read or not', async () => {
    await sql(dataDir, `UPDATE objects SET size = NULL, sha256 = NULL, media_type = NULL WHERE key = '${contents.large.key}'`);
    await sql(dataDir, `UPDATE contents SET size = NULL, sha256 = NULL, media_type = NULL WHERE id = '${contents.large.id}'`);
    const copied = await command('storage', 'copy', '--from', 's3', '--to', 'local');
    assert.equal(copied.code, 1);
    assert.match(copied.stdout, new RegExp(`^${contents.lost.key} is missing$`, 'm'));
    assert.match(copied.stdout, new RegExp(`^${contents.foreign.key} stands in the bucket 'another-bucket', which is not configured$`, 'm'));
    assert.match(copied.stdout, /^copied 6 objects, \d+ bytes; 2 failures$/m);
    const large = await shown(contents.large);
    assert.equal(large.sha256, sha256(wav(9 * 1024 * 1024 + 1, 3)));
    assert.equal(large.size, 9 * 1024 * 1024 + 1);
    assert.equal(large.media_type, null);
    const answer = await server.get(`/content/${contents.large.id}/stream`);
    assert.equal(answer.status, 200);
    assert.equal(sha256(answer.body), large.sha256);
    await s3.send(DeleteObjectCommand, { Key: contents.movie.key });
    assert.equal(sha256((await server.get(`/content/${contents.twin.id}/stream`)).body), movie.sha256);
    const rest = await command('backfill');
    assert.equal((await shown(contents.large)).media_type, 'audio/wav', rest.stdout);
  });
});
