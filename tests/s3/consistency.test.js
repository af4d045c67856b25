// Rows and objects agree: after a crash, next to other users of the bucket, and while a library moves.

import { CreateMultipartUploadCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser, upload, uploadMedia, uploadParts } from '../support/client.js';
import { media, sha256, wav } from '../support/media.js';
import { multipart } from '../support/multipart.js';
import { eventually, runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { sql } from '../support/database.js';
import { startS3 } from '../support/s3.js';

const MEBIBYTE = 1024 * 1024;
const FOREIGN = 'video/0190b5f0-0000-7000-8000-0123456789ab.mp4';

const keyOf = (content) => new URL(content.storage_url).pathname.split('/').slice(-2).join('/');

describe('a bucket and its rows', () => {
  let s3, movie, dataDir, env;

  before(async () => {
    [s3, movie, dataDir] = await Promise.all([startS3(), media('faststart.mp4'), temporaryDirectory()]);
    env = s3.settings({ DATA_DIR: dataDir, GC_GRACE: '0s' });
  });
  after(async () => {
    await rm(dataDir, { recursive: true, force: true });
    await s3?.stop();
  });

  const program = (...args) => runProgram(args, { env, cwd: dataDir, timeout: 60_000 });

  test('a crash in the middle of an upload leaves what the collector takes', async () => {
    // Somebody else's, though it looks like ours.
    await s3.send(CreateMultipartUploadCommand, { Key: FOREIGN });
    const server = await startServer({ dataDir, env });
    const { token } = await newUser(server);
    const kept = await uploadMedia(server, token, movie);
    const { body, type } = multipart(uploadParts(wav(40 * MEBIBYTE, 1)));
    const wire = await server.wire();
    await wire.write(`POST /content HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`);
    await wire.write(body.subarray(0, 20 * MEBIBYTE));
    await eventually(async () => (await s3.unfinished()).length === 2, 'no part was sent');
    await server.kill();
    wire.destroy();

    // While its lease lasts it is not touched.
    assert.match((await program('gc')).stdout, /removed 0 uploads/);
    assert.equal((await s3.unfinished()).length, 2);
    await sql(dataDir, 'UPDATE uploads SET lease_until = 1');
    assert.match((await program('gc', '--dry-run')).stdout, /^upload [0-9a-f-]{36}$/m);
    assert.equal((await s3.unfinished()).length, 2);
    assert.match((await program('gc')).stdout, /removed 1 uploads/);
    assert.deepEqual(await s3.unfinished(), [FOREIGN]);
    const keys = await s3.keys();
    assert.deepEqual(keys.filter((key) => !key.startsWith('index/')), [keyOf(kept)]);
    assert.equal(keys.length, 2, 'it and its packaging index');
    assert.equal(await sql(dataDir, 'SELECT COUNT(*) FROM uploads'), '0');
  });

  test('while S3 is away the collector keeps what it has to do', async () => {
    await sql(dataDir, `INSERT INTO uploads SELECT randomblob(16), randomblob(16), NULL, 'form', 'committing', 0, NULL, id, 's3',
      'video/x.mp4', '', 'gone', 1, 1, 1, NULL, NULL FROM objects LIMIT 1`);
    const away = await runProgram(['gc'], { env: { ...env, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, cwd: dataDir, timeout: 60_000 });
    assert.notEqual(away.code, 0);
    assert.equal(await sql(dataDir, 'SELECT COUNT(*) FROM uploads'), '1');
    await sql(dataDir, 'UPDATE uploads SET lease_until = 1');
    assert.equal((await program('gc')).code, 0);
    assert.equal(await sql(dataDir, 'SELECT COUNT(*) FROM uploads'), '0');
    assert.equal((await s3.keys()).length, 2, 'the objects of a content are no leftovers');
  });

  test('objects without a row are listed, then removed; what is not ours stays', async () => {
    const stray = 'audio/0190b5f0-0000-7000-8000-0123456789ab.mp3';
    await s3.send(PutObjectCommand, { Key: stray, Body: 'x' });
    await s3.send(PutObjectCommand, { Key: 'somebody/else.txt', Body: 'x' });
    const kept = await s3.keys();
    // S3 tells whole seconds.
    await eventually(async () => (await program('gc', '--dry-run')).stdout.includes(`stray object ${stray}\n`), 'it is not listed');
    assert.deepEqual(await s3.keys(), kept);
    assert.match((await program('gc')).stdout, /1 stray objects/);
    assert.deepEqual(await s3.keys(), kept.filter((key) => key !== stray));
  });

  test('verify reads the bucket', async () => {
    assert.match((await program('verify')).stdout, /^2 objects, \d+ bytes, 0 faults$/m);
    const [key] = (await s3.keys()).filter((name) => name.startsWith('objects/'));
    const object = await s3.send(GetObjectCommand, { Key: key });
    const bytes = Buffer.from(await object.Body.transformToByteArray());
    await s3.send(PutObjectCommand, { Key: key, Body: Buffer.from(bytes).fill(1, 100, 101) });
    const damaged = await program('verify');
    assert.equal(damaged.code, 1);
    assert.match(damaged.stdout, /has other bytes than its row says/);
    await s3.send(PutObjectCommand, { Key: key, Body: bytes, ContentType: 'video/mp4' });
  });
});

test('a library moves to the bucket and back, and plays meanwhile', async () => {
  const [s3, movie, dataDir] = await Promise.all([startS3(), media('faststart.mp4'), temporaryDirectory()]);
  const env = s3.settings({ STORAGE_PROVIDER: 'local', DATA_DIR: dataDir, STREAM_MODE: 'proxy', GC_GRACE: '0s' });
  const program = (...args) => runProgram(args, { env, cwd: dataDir, timeout: 120_000 });
  const server = await startServer({ dataDir, env });
  try {
    const { token } = await newUser(server);
    const contents = [await uploadMedia(server, token, movie), await upload(server, token, wav(17 * MEBIBYTE, 5))];
    for (let seed = 10; seed < 16; ++seed) contents.push(await upload(server, token, wav(5000, seed)));
    const allPlay = async () => {
      for (const { id, sha256: digest } of contents) {
        const answer = await server.get(`/content/${id}/stream`);
        assert.equal(answer.status, 200);
        assert.equal(sha256(answer.body), digest);
      }
    };
    // A file that is not what its row says stays where it is.
    const [damaged, path] = [contents.at(-1), await sql(dataDir, 'SELECT key FROM objects ORDER BY id DESC LIMIT 1')];
    await writeFile(`${dataDir}/objects/${path}`, wav(5000, 99));

    const [first] = await Promise.all([program('storage', 'copy', '--from', 'local', '--to', 's3'), server.get(`/content/${contents[0].id}/stream`)]);
    assert.equal(first.code, 1, first.stderr);
    assert.match(first.stdout, new RegExp(`^${path} has other bytes than its row says$`, 'm'));
    assert.match(first.stdout, /^copied 8 objects, \d+ bytes; 1 failures$/m, 'that of the movie has an index');
    assert.equal((await s3.keys()).length, 8);
    await writeFile(`${dataDir}/objects/${path}`, wav(5000, 15));
    assert.equal(sha256(wav(5000, 15)), damaged.sha256);
    // The next call does the rest.
    assert.match((await program('storage', 'copy', '--from', 'local', '--to', 's3')).stdout, /^copied 1 objects/m);
    await allPlay();
    const moved = (await server.get(`/content/${contents[1].id}`)).json();
    assert.ok(moved.storage_url.startsWith(`${s3.url}/${s3.bucket}/objects/`));
    const object = await s3.send(GetObjectCommand, { Key: keyOf(moved) });
    assert.equal(object.ContentType, 'audio/wav');
    object.Body.destroy();

    assert.match((await program('gc')).stdout, /9 stray objects/);
    await allPlay();
    assert.match((await program('storage', 'copy', '--from', 's3', '--to', 'local')).stdout, /^copied 9 objects, \d+ bytes; 0 failures$/m);
    assert.match((await program('gc')).stdout, /9 stray objects/);
    assert.deepEqual(await s3.keys(), []);
    await allPlay();
    assert.equal((await server.get(`/content/${contents[1].id}`)).json().storage_url, `${server.url}/content/${contents[1].id}/stream`);
    assert.equal(await sql(dataDir, 'SELECT COUNT(*) FROM uploads'), '0');
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
    await s3.stop();
  }
});
