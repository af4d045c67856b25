// Bytes into a bucket: the service, which takes a form and hashes and examines the file, against boto3, which only sends
// it. What reads the file stands on the server's CPU on both sides, boto3 or the curl that posts the form: so the S3
// server, which sets the pace, has the same CPUs for itself on both.

import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { makeAccount } from '../library.js';
import { onFreshServer, startServer } from '../processes.js';
import { level, remove } from './uploads.js';

const MIB = 1024 * 1024;
const KEY = 'boto3/measured.mp4';
const SCRIPT = fileURLToPath(new URL('../boto3_upload.py', import.meta.url));
const PYTHON = '/usr/bin/python3'; // Debian's, for which Debian's boto3 is made
const run = promisify(execFile);

export const s3Uploads = {
  needsBucket: true,
  rows: [
    { id: 'upload-s3', work: 'upload 1 GiB to S3 by multipart: hashed, examined', reference: 'boto3 `upload_fileobj`', ours: 'service', theirs: 'boto3', metric: 'rate', unit: 'bytes', atLeast: 1 },
    { id: 'upload-s3-memory', work: 'memory that upload adds', ours: 'service', metric: 'growth', unit: 'memory', below: 128 * MIB },
    { id: 'upload-s3-disk', work: 'what that upload writes to disk', ours: 'service', metric: 'written', unit: 'memory', below: 64 * MIB },
  ],

  async open(context, wanted) {
    const { bucket, media } = context;
    const dataDir = path.join(context.directory, 'uploads-s3');
    const first = await startServer(context, dataDir, bucket.settings());
    const token = await makeAccount(first);
    await first.stop();
    const file = path.join(context.directory, 'measured.mp4');
    await pipeline(Readable.from(media.pieces()), createWriteStream(file));
    // Once without measuring: the S3 server has its memory then, for whoever is first.
    if (wanted.has('boto3')) await boto3(context, file);
    const sides = { service: () => service(context, dataDir, token, file), boto3: () => boto3(context, file) };
    return { sides, close: () => {} };
  },
};

async function service(context, dataDir, token, file) {
  const { bucket } = context;
  level(context);
  const measure = (server) => post(context, server, token, file);
  const { contents, ...sample } = await onFreshServer(context, dataDir, bucket.settings(), measure, async (server, made) => {
    const [content] = made.contents;
    await check(context, new URL(content.storage_url).pathname.slice(`/${bucket.bucket}/`.length));
    await remove(server, token, content.id);
  });
  await bucket.collect();
  return sample;
}

async function post({ serverCpu, media }, server, token, file) {
  const form = ['-F', 'title=Measured', '-F', 'description=Sent by the bench', '-F', 'content_type=video'];
  const command = ['-c', String(serverCpu), 'curl', '-sS', '--fail-with-body', '-H', `Authorization: Bearer ${token}`];
  const address = `http://127.0.0.1:${server.port}/content`;
  const started = performance.now();
  const { stdout } = await run('taskset', [...command, ...form, '-F', `file=@${file};type=video/mp4`, address]);
  const seconds = (performance.now() - started) / 1000;
  const content = JSON.parse(stdout);
  assert.equal(content.size, media.size);
  assert.equal(content.sha256, media.sha256);
  return { rate: media.size / seconds, seconds, contents: [content] };
}

async function boto3(context, file) {
  const { bucket, media } = context;
  level(context);
  const { accessKeyId, secretAccessKey } = bucket.key;
  const env = { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_DEFAULT_REGION: 'us-east-1' };
  const command = ['-c', String(context.serverCpu), PYTHON, SCRIPT, bucket.url, bucket.bucket, KEY, file];
  const { stdout } = await run('taskset', command, { env });
  const { seconds, cpu } = JSON.parse(stdout);
  await check(context, KEY);
  await bucket.send(DeleteObjectCommand, { Key: KEY });
  await bucket.collect();
  return { rate: media.size / seconds, seconds, cpu };
}

const checked = new Set();

/** The object in the bucket is the file: looked at byte by byte the first time, of each side. */
async function check({ bucket, media }, key) {
  const { ContentLength } = await bucket.send(HeadObjectCommand, { Key: key });
  assert.equal(ContentLength, media.size);
  const side = path.dirname(key);
  if (checked.has(side)) return;
  checked.add(side);
  const { Body } = await bucket.send(GetObjectCommand, { Key: key });
  const hash = createHash('sha256');
  for await (const bytes of Body) hash.update(bytes);
  assert.equal(hash.digest('hex'), media.sha256, `${key} has other bytes`);
}
