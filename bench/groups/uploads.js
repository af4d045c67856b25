// Bytes in: one large upload against nginx, and many at once for their memory. Each is on a freshly started server.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { closeSync, createReadStream, fsyncSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';

import { call, send, upload } from '../client.js';
import { makeAccount } from '../library.js';
import { Media } from '../media.js';
import { onFreshServer, startNginx, startServer } from '../processes.js';

const MIB = 1024 * 1024;
const AT_ONCE = 50;
const EACH = 40 * MIB;
const UPLOAD_MEMORY = 256 * MIB;

export const uploads = {
  rows: [
    { id: 'upload', work: 'upload 1 GiB by multipart: hashed, examined, fsynced', reference: 'nginx `PUT` + fsync', ours: 'one', theirs: 'nginx', metric: 'rate', unit: 'bytes', atLeast: 0.8 },
    { id: 'upload-memory', work: 'memory that upload adds', ours: 'one', metric: 'growth', unit: 'memory', below: 32 * MIB },
    { id: 'uploads', work: '50 uploads at once (40 MiB each): peak memory', ours: 'many', metric: 'peak', unit: 'memory', below: UPLOAD_MEMORY + 64 * MIB },
  ],

  async open(context) {
    const { directory, media } = context;
    const dataDir = path.join(directory, 'uploads-data');
    const target = path.join(directory, 'uploads-nginx');
    mkdirSync(target);
    const first = await startServer(context, dataDir);
    const token = await makeAccount(first);
    await first.stop();
    const nginx = await startNginx(context, { files: target, uploads: target });
    let small;
    const sides = {
      one: () => fresh(context, dataDir, token, (server) => one(server, token, media)),
      nginx: () => put(context, nginx, target),
      many: () => {
        small ??= new Media(context.clip, EACH);
        return fresh(context, dataDir, token, (server) => many(server, token, small));
      },
    };
    return { sides, close: () => nginx.stop() };
  },
};

/** Measures on a fresh server; what was uploaded is deleted afterwards. */
async function fresh(context, dataDir, token, measure) {
  level(context);
  const settings = { MAX_UPLOADS_PER_USER: String(AT_ONCE) };
  const { contents, ...sample } = await onFreshServer(context, dataDir, settings, measure, async (server, made) => {
    for (const { id } of made.contents) await remove(server, token, id);
  });
  return sample;
}

export async function remove(server, token, id) {
  const answer = await call(server.port, 'DELETE', `/content/${id}`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200, answer.body);
}

/** One upload: what it took, and the content it became. */
async function one(server, token, media) {
  const started = performance.now();
  const content = await upload(server.port, token, media);
  const seconds = (performance.now() - started) / 1000;
  return { rate: media.size / seconds, seconds, contents: [content] };
}

/** All uploads wait in the middle of their files until the last is there. */
async function many(server, token, media) {
  let arrived = 0;
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const hold = () => {
    if (++arrived === AT_ONCE) release();
    return released;
  };
  const started = performance.now();
  const contents = await Promise.all(Array.from({ length: AT_ONCE }, () => upload(server.port, token, media, hold)));
  const seconds = (performance.now() - started) / 1000;
  assert.equal(new Set(contents.map(({ id }) => id)).size, AT_ONCE);
  return { rate: (AT_ONCE * media.size) / seconds, seconds, contents };
}

let hashed = false;

async function put(context, nginx, target) {
  const { media } = context;
  level(context);
  nginx.resetPeak();
  const cpu = nginx.cpuSeconds();
  const started = performance.now();
  const answer = await send(nginx.port, 'PUT', '/uploads/measured.mp4', {}, media.size, media.pieces());
  const file = path.join(target, 'measured.mp4');
  const descriptor = openSync(file, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
  const seconds = (performance.now() - started) / 1000;
  assert.equal(answer.status, 201, answer.body);
  assert.equal(statSync(file).size, media.size);
  const sample = { rate: media.size / seconds, seconds, cpu: nginx.cpuSeconds() - cpu, peak: nginx.memory().peak };
  if (!hashed) {
    const hash = createHash('sha256');
    for await (const bytes of createReadStream(file, { highWaterMark: MIB })) hash.update(bytes);
    assert.equal(hash.digest('hex'), media.sha256);
    hashed = true;
  }
  rmSync(file);
  return sample;
}

/**
 * The same ground for both sides: nothing is left for the disk to write, and the memory for the file has just been in
 * use. A virtual machine gets memory that lay idle from its host page by page, which costs more than the upload.
 */
export function level({ directory, media }) {
  execFileSync('sync');
  const file = path.join(directory, 'level');
  const descriptor = openSync(file, 'w');
  for (const bytes of media.pieces()) writeSync(descriptor, bytes);
  closeSync(descriptor);
  rmSync(file);
}
