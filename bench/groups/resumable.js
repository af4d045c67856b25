// Bytes in by tus, in chunks: against the service's own single request, and against the server that people run for Node.
// Each upload is on a freshly started server.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import { get, upload } from '../client.js';
import { logIn, makeAccount } from '../library.js';
import { Media } from '../media.js';
import { onFreshServer, startServer, startTusServer } from '../processes.js';
import { beginMany, idOf, tusUpload } from '../tus.js';
import { requestSide } from '../wrk.js';
import { contentSide } from './requests.js';
import { level, remove } from './uploads.js';

const MIB = 1024 * 1024;
const CHUNK = 8 * MIB;
const AT_ONCE = 200;
const EACH = 12 * MIB;
const OPEN = 1000;
const UPLOAD_MEMORY = 256 * MIB;

/** The row of many uploads, which is made on each kind of store. */
const many = (id, where) => ({
  id, work: `${AT_ONCE} uploads by tus under way ${where} (${EACH / MIB} MiB each): peak memory`, ours: 'many', metric: 'peak', unit: 'memory', below: UPLOAD_MEMORY + 64 * MIB,
});

export const resumable = {
  needsLibrary: true,
  rows: [
    { id: 'tus', work: 'upload 1 GiB by tus in chunks of 8 MiB', reference: 'in one request', ours: 'tus', theirs: 'form', metric: 'rate', unit: 'bytes', atLeast: 0.9 },
    { id: 'tus-node', work: 'the same', reference: '`@tus/server`, `@tus/file-store` + fsync', ours: 'tus', theirs: 'node', metric: 'rate', unit: 'bytes', atLeast: 2 },
    many('tus-many', 'on disk'),
    { id: 'tus-head', work: '`HEAD` of an upload by tus', reference: '`GET /content/{id}` of the same server', ours: 'head', theirs: 'content', metric: 'rate', unit: 'requests', atLeast: 0.5 },
  ],

  async open(context, wanted) {
    const dataDir = path.join(context.directory, 'resumable-data');
    const token = await accountIn(context, dataDir, {});
    const side = (measure, settings = {}) => () => measured(context, dataDir, token, settings, measure);
    const sides = {
      tus: side((server) => byTus(context, server, token)),
      form: side((server) => inOneRequest(context, server, token)),
      many: side((server) => allAtOnce(context, server, token), { MAX_UPLOADS_PER_USER: String(AT_ONCE) }),
    };
    const servers = [];
    if (wanted.has('node')) sides.node = await nodeSide(context, servers);
    if (wanted.has('head')) Object.assign(sides, await requestSides(context, servers));
    return { sides, close: () => Promise.all(servers.map((server) => server.stop())) };
  },
};

export const s3Resumable = {
  needsBucket: true,
  rows: [
    { id: 'tus-s3', work: 'upload 1 GiB to S3 by tus in chunks of 8 MiB', reference: 'in one request', ours: 'tus', theirs: 'form', metric: 'rate', unit: 'bytes', atLeast: 0.9 },
    many('tus-many-s3', 'to S3'),
  ],

  async open(context) {
    const { bucket } = context;
    const dataDir = path.join(context.directory, 'resumable-s3');
    const token = await accountIn(context, dataDir, bucket.settings());
    const side = (measure, settings = {}) => async () => {
      const sample = await measured(context, dataDir, token, bucket.settings(settings), measure);
      await bucket.collect();
      return sample;
    };
    const sides = {
      tus: side((server) => byTus(context, server, token)),
      form: side((server) => inOneRequest(context, server, token)),
      many: side((server) => allAtOnce(context, server, token), { MAX_UPLOADS_PER_USER: String(AT_ONCE) }),
    };
    // Once without measuring: the S3 server has its memory then, for whoever is first.
    await sides.form();
    return { sides, close: () => {} };
  },
};

async function accountIn(context, dataDir, settings) {
  const server = await startServer(context, dataDir, settings);
  const token = await makeAccount(server);
  await server.stop();
  return token;
}

/** Measures on a fresh server; what was uploaded is deleted afterwards. */
async function measured(context, dataDir, token, settings, measure) {
  level(context);
  const { ids, ...sample } = await onFreshServer(context, dataDir, settings, measure, async (server, made) => {
    for (const id of made.ids) await remove(server, token, id);
  });
  return sample;
}

const timed = async (size, act) => {
  const started = performance.now();
  const ids = await act();
  const seconds = (performance.now() - started) / 1000;
  return { rate: size / seconds, seconds, ids };
};

async function byTus({ media }, server, token) {
  const sample = await timed(media.size, async () => [idOf(await tusUpload(server.port, token, media, { size: CHUNK }))]);
  await check(server, sample.ids, media);
  return sample;
}

const inOneRequest = ({ media }, server, token) => timed(media.size, async () => [(await upload(server.port, token, media)).id]);

/** The contents are there, with the hash that the bytes have. */
async function check(server, ids, media) {
  for (const id of ids) {
    const answer = await get(server.port, `/content/${id}`);
    assert.equal(answer.status, 200, answer.body);
    const { size, sha256 } = JSON.parse(answer.body);
    assert.deepEqual({ size, sha256 }, { size: media.size, sha256: media.sha256 });
  }
}

let small;

/** All begin and send a chunk of 1 MiB before the first goes on, and all send the rest at the same time. */
async function allAtOnce(context, server, token) {
  small ??= new Media(context.clip, EACH);
  const meet = meeting(AT_ONCE);
  const one = () => tusUpload(server.port, token, small, { first: MIB, size: EACH, hold: meet });
  const sample = await timed(AT_ONCE * small.size, async () => (await Promise.all(Array.from({ length: AT_ONCE }, one))).map(idOf));
  await check(server, sample.ids.slice(0, 10), small);
  return sample;
}

/** A function that returns when so many have called it. */
function meeting(count) {
  let arrived = 0;
  let release;
  const released = new Promise((resolve) => (release = resolve));
  return () => {
    if (++arrived === count) release();
    return released;
  };
}

/** @tus/server, the same client, and an fsync of its file, which it leaves to the kernel. */
async function nodeSide(context, servers) {
  const { media } = context;
  const target = path.join(context.directory, 'resumable-node');
  mkdirSync(target);
  const server = await startTusServer(context, target);
  servers.push(server);
  let isChecked = false;
  return async () => {
    level(context);
    server.resetPeak();
    const cpu = server.cpuSeconds();
    let file;
    const sample = await timed(media.size, async () => {
      file = path.join(target, path.basename(await tusUpload(server.port, '', media, { size: CHUNK })));
      const descriptor = openSync(file, 'r+');
      fsyncSync(descriptor);
      closeSync(descriptor);
    });
    const spent = { cpu: server.cpuSeconds() - cpu, peak: server.memory().peak };
    assert.equal(statSync(file).size, media.size);
    if (!isChecked) {
      const hash = createHash('sha256');
      for await (const bytes of createReadStream(file, { highWaterMark: MIB })) hash.update(bytes);
      assert.equal(hash.digest('hex'), media.sha256);
      isChecked = true;
    }
    for (const name of readdirSync(target)) rmSync(path.join(target, name));
    return { ...sample, ...spent };
  };
}

/** Small requests: about uploads that have begun, and about contents, of which there are ten times as many. */
async function requestSides(context, servers) {
  const { library } = context;
  const server = await startServer(context, library.dataDir, { MAX_UPLOADS_PER_USER: String(OPEN) });
  servers.push(server);
  const paths = await beginMany(server.port, await logIn(server), MIB, OPEN);
  const check = ({ headers }) => {
    assert.equal(headers['upload-offset'], '0');
    assert.equal(headers['upload-length'], String(MIB));
  };
  return {
    content: await contentSide(context, server, library),
    head: await requestSide(context, server, paths, check, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } }),
  };
}
