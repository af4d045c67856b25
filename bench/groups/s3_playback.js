// Bytes out of a bucket: where the player is sent to it, and through the service.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { promisify } from 'node:util';

import { call, download, get, readRange } from '../client.js';
import { makeLibrary } from '../library.js';
import { onFreshServer, startNginx, startServer } from '../processes.js';
import { requestSide } from '../wrk.js';

const MIB = 1024 * 1024;
const STREAMS = 100;
const EACH = 32 * MIB;
const run = promisify(execFile);

export const s3Playback = {
  needsBucket: true,
  rows: [
    { id: 'redirects-s3', work: '`GET /content/{id}/stream`, 10 000 rows, sent on to S3', reference: 'nginx `return 302`', ours: 'redirects', theirs: 'nginx', metric: 'rate', unit: 'requests', atLeast: 0.3 },
    { id: 'proxy-s3', work: 'the whole 1 GiB out of S3 through the service', reference: '`curl` of the presigned URL', ours: 'proxy', theirs: 'curl', metric: 'rate', unit: 'bytes', atLeast: 0.9 },
    { id: 'proxy-s3-memory', work: 'memory that adds', ours: 'proxy', metric: 'growth', unit: 'memory', below: 32 * MIB },
    { id: 'proxies-s3', work: 'memory 100 such streams at once add (32 MiB each)', ours: 'proxies', metric: 'growth', unit: 'memory', below: 128 * MIB },
  ],

  async open(context, wanted) {
    const { bucket, media } = context;
    const library = await makeLibrary(context, { name: 'library-s3', media, settings: bucket.settings() });
    const server = await startServer(context, library.dataDir, library.settings);
    const nginx = await startNginx(context);
    const stream = `/content/${library.content.id}/stream`;
    const location = async () => (await get(server.port, stream)).headers.location;
    const { port, pathname, search } = new URL(await location());
    const whole = await download(port, pathname + search, { hashed: true });
    assert.deepEqual(whole, { length: media.size, sha256: media.sha256 });

    const pieces = wanted.has('proxies') ? Array.from({ length: STREAMS }, () => piece(media)) : [];
    const proxying = (measure) => onFreshServer(context, library.dataDir, bucket.settings({ STREAM_MODE: 'proxy' }), measure);
    const sides = {
      proxy: () => proxying((proxy) => repeat(context, () => `http://127.0.0.1:${proxy.port}${stream}`)),
      curl: () => repeat(context, location),
      proxies: () => proxying((proxy) => streams(proxy, stream, pieces)),
    };
    if (wanted.has('nginx')) {
      sides.nginx = await requestSide(context, nginx, ['/redirect'], ({ headers }) => assert.ok(headers.location), { status: 302 });
    }
    if (wanted.has('redirects')) sides.redirects = await redirects(context, server, library);
    if (wanted.has('proxy')) await proxying((proxy) => checkWhole(proxy, stream, media));
    return { sides, close: () => Promise.all([server.stop(), nginx.stop()]) };
  },
};

/** The addresses are good: each gives the bytes that are asked of it. */
function redirects(context, server, library) {
  const { bucket, media } = context;
  const check = async ({ headers }) => {
    const { origin, port, pathname, search } = new URL(headers.location);
    assert.equal(origin, bucket.url);
    const start = randomInt(media.size - 1000);
    const part = await call(port, 'GET', pathname + search, { headers: { Range: `bytes=${start}-${start + 999}` } });
    assert.equal(part.status, 206, part.body);
    assert.ok(part.bytes.equals(media.slice(start, start + 1000)), `wrong bytes at ${start}`);
  };
  return requestSide(context, server, library.ids.map((id) => `/content/${id}/stream`), check, { status: 307 });
}

async function checkWhole(server, stream, media) {
  const whole = await download(server.port, stream, { hashed: true });
  assert.deepEqual(whole, { length: media.size, sha256: media.sha256 });
  return {};
}

/** curl reads the file again and again for as long as a measurement lasts, at least once. */
async function repeat(context, address) {
  let bytes = 0;
  let seconds = 0;
  while (seconds < context.seconds) {
    const told = await run('curl', ['-sS', '-o', '/dev/null', '-w', '%{http_code} %{size_download} %{time_total}', await address()]);
    const [status, size, time] = told.stdout.split(' ').map(Number);
    assert.deepEqual([status, size], [200, context.media.size]);
    bytes += size;
    seconds += time;
  }
  // What serves is not measured here; a proxy's CPU time is filled in by who started it.
  return { rate: bytes / seconds, seconds, cpu: null };
}

/** A place in the file, and what its bytes are. */
function piece(media) {
  const start = randomInt(media.size - EACH);
  return { start, sha256: createHash('sha256').update(media.slice(start, start + EACH)).digest('hex') };
}

/** All streams wait in the middle until the last is there. */
async function streams(server, path, pieces) {
  let arrived = 0;
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const hold = () => {
    if (++arrived === pieces.length) release();
    return released;
  };
  const started = performance.now();
  const read = await Promise.all(pieces.map(({ start }) => readRange(server.port, path, start, start + EACH, hold)));
  const seconds = (performance.now() - started) / 1000;
  assert.deepEqual(read, pieces.map(({ sha256 }) => sha256));
  return { rate: (pieces.length * EACH) / seconds, seconds };
}
