// Packaged contents whose bytes are in a bucket of a real S3 server: gathered by ranged reads, passed through.

import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser, uploadMedia } from '../support/client.js';
import { sql } from '../support/database.js';
import { begun, complete, sendParts } from '../support/direct_upload.js';
import { assertServed, corpusMedia, packagedFile, packets } from '../support/packaged.js';
import { runProgram, temporaryDirectory } from '../support/program.js';
import { startS3 } from '../support/s3.js';
import { startServer } from '../support/server.js';

const isIndex = (key) => /^index\/[0-9a-f-]{36}\.idx$/.test(key);

describe('packaged contents in a bucket', () => {
  let s3, dataDir, env, server, token, movie, files, content;
  before(async () => {
    [s3, dataDir, movie, files] = await Promise.all([startS3(), temporaryDirectory(), corpusMedia('plain'), packagedFile('plain')]);
    env = s3.settings({ GC_GRACE: '0s' });
    server = await startServer({ dataDir, env });
    ({ token } = await newUser(server));
    content = await uploadMedia(server, token, movie);
  });
  after(async () => {
    await server?.stop();
    await s3?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const command = (...args) => runProgram(args, { env: { ...env, DATA_DIR: dataDir }, cwd: dataDir, timeout: 60_000 });
  const indexes = async () => (await s3.keys()).filter(isIndex);

  test('have their index beside them', async () => {
    assert.equal(content.packaging, 'ready');
    assert.equal((await indexes()).length, 1);
    assert.equal((await s3.keys()).length, 2);
  });

  for (const name of ['plain', 'moov first', 'fragmented', 'audio only', 'audio 3 s late', 'languages']) {
    test(`are served as they are packaged: ${name}`, async () => {
      const item = await corpusMedia(name);
      const { id } = await uploadMedia(server, token, item);
      await assertServed(server, `/content/${id}`, await packagedFile(name));
      assert.equal((await server.delete(`/content/${id}`, { token })).status, 200);
    });
  }

  test('by ranges', async () => {
    const address = Object.keys(files).find((name) => name.endsWith('/1/1.m4s'));
    for (const name of [address, 'file.mp4']) {
      const bytes = files[name];
      const edge = bytes.indexOf('mdat') + 4;
      for (const [from, to] of [[0, 0], [0, edge - 1], [edge - 1, edge], [edge, edge + 999], [1000, bytes.length - 1], [bytes.length - 1, bytes.length - 1]]) {
        const answer = await server.get(`/content/${content.id}/${name}`, { headers: { Range: `bytes=${from}-${to}` } });
        assert.equal(answer.status, 206);
        assert.ok(answer.body.equals(bytes.subarray(from, to + 1)), `${name} ${from}-${to}`);
      }
      const head = await server.head(`/content/${content.id}/${name}`);
      assert.equal(head.headers['content-length'], String(bytes.length));
    }
  });

  test('ffmpeg reads the same packets', async () => {
    const source = await packets(movie.path, ['-ignore_editlist', '1']);
    for (const address of ['hls/master.m3u8', 'dash/manifest.mpd']) {
      assert.deepEqual(await packets(`${server.url}/content/${content.id}/${address}`), source, address);
    }
  });

  test('after a direct upload too', async () => {
    const made = await begun(server, token, movie.bytes, { file_name: 'x.mp4', content_type: 'video' });
    const answer = await complete(server, token, made, await sendParts(made, movie.bytes));
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.json().packaging, 'ready');
    await assertServed(server, `/content/${answer.json().id}`, { 'hls/master.m3u8': files['hls/master.m3u8'], 'file.mp4': files['file.mp4'] });
    assert.equal((await server.delete(`/content/${answer.json().id}`, { token })).status, 200);
  });

  test('move with the library, and are served meanwhile and afterwards', async () => {
    for (const [from, to] of [['s3', 'local'], ['local', 's3']]) {
      const moved = await command('storage', 'copy', '--from', from, '--to', to);
      assert.equal(moved.code, 0, moved.stdout);
      assert.match(moved.stdout, /^copied 2 objects/m);
      await assertServed(server, `/content/${content.id}`, files);
    }
    assert.match((await command('verify')).stdout, /^2 objects, \d+ bytes, 0 faults$/m);
  });

  test('are packaged by backfill', async () => {
    await sql(dataDir, "UPDATE contents SET packaging = NULL; DELETE FROM content_objects WHERE role = 'index'; UPDATE objects SET state = 'deleting' WHERE key LIKE 'index/%'");
    const done = await command('backfill');
    assert.equal(done.code, 0, done.stdout + done.stderr);
    await assertServed(server, `/content/${content.id}`, files);
    assert.equal((await command('gc')).code, 0);
    assert.equal((await indexes()).length, 1);
  });

  test('whose index is lost say so', async () => {
    const [key] = await indexes();
    const { id } = await uploadMedia(server, token, movie);
    const other = (await indexes()).find((one) => one !== key);
    await s3.send(DeleteObjectCommand, { Key: other });
    assert.equal((await server.get(`/content/${id}/hls/master.m3u8`)).json().code, 'source_unavailable');
    assert.equal((await server.delete(`/content/${id}`, { token })).status, 200);
  });

  test('leave nothing when they are deleted', async () => {
    assert.equal((await server.delete(`/content/${content.id}`, { token })).status, 200);
    assert.deepEqual(await s3.keys(), []);
    assert.equal((await server.get(`/content/${content.id}/hls/master.m3u8`)).json().code, 'content_not_found');
  });
});
