// Playing by segments: the same bytes from nginx as files, playlists, a film that was not asked for before, and many
// films at once.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { call, get, readRange, upload } from '../client.js';
import { FileMedia, makeFilm } from '../film.js';
import { contentSide } from './requests.js';
import { copyContent, findIndex, makeAccount } from '../library.js';
import { tracksOf } from '../packaging_index.js';
import { onFreshServer, startNginx, startServer } from '../processes.js';
import { load, requestList, requestSide } from '../wrk.js';

const MIB = 1024 * 1024;
const SEGMENTS = 30;
const VIEWERS = 1000;
const LONG_FILM = 7200;

export const packaging = {
  needsLibrary: true,
  rows: [
    { id: 'segments', work: '4 s segments of a 4 Mbit/s film, picture and sound interleaved in the file', reference: 'nginx, the same bytes as files', ours: 'interleaved', theirs: 'nginxInterleaved', metric: 'rate', unit: 'requests', atLeast: 0.8 },
    { id: 'segments-contiguous', work: 'the same of a film without sound, whose segments are contiguous in the file', reference: 'nginx, the same bytes as files', ours: 'contiguous', theirs: 'nginxContiguous', metric: 'rate', unit: 'requests', atLeast: 1 },
    { id: 'playlists', work: '`master.m3u8` of 10 000 contents', reference: '`GET /content/{id}`', ours: 'playlists', theirs: 'contents', metric: 'rate', unit: 'requests', atLeast: 0.5 },
    { id: 'first-segment', work: 'first segment of a 2 h film, its index not in memory', ours: 'first', metric: 'milliseconds', unit: 'milliseconds', below: 20 },
    { id: 'index-size', work: 'packaging index of that film: what a picture takes', ours: 'index', metric: 'bytes', unit: 'bytes each', atMost: 6 },
    { id: 'viewers', work: 'memory that 1 000 viewers of different contents add', ours: 'viewers', metric: 'growth', unit: 'memory', below: 128 * MIB },
  ],

  async open(context, wanted) {
    const films = new Films(context);
    const sides = {};
    const closing = [];
    if (wanted.has('interleaved') || wanted.has('contiguous')) {
      const folder = path.join(context.directory, 'segments');
      mkdirSync(folder);
      const nginx = await startNginx(context, { files: folder });
      closing.push(() => nginx.stop());
      for (const [ours, theirs, sound] of [['interleaved', 'nginxInterleaved', true], ['contiguous', 'nginxContiguous', false]]) {
        if (!wanted.has(ours)) continue;
        const film = await films.add({ name: ours, seconds: 4 * SEGMENTS, megabits: 4, sound });
        const server = await startServer(context, film.dataDir);
        closing.push(() => server.stop());
        Object.assign(sides, await segmentSides(context, { server, nginx, folder, film, ours, theirs }));
      }
    }
    if (wanted.has('playlists')) {
      const server = await startServer(context, context.library.dataDir);
      closing.push(() => server.stop());
      sides.playlists = await playlistSide(context, server);
      sides.contents = await contentSide(context, server, context.library);
    }
    if (wanted.has('first') || wanted.has('index')) {
      const film = await films.add({ name: 'long', seconds: LONG_FILM, megabits: 0.3 });
      sides.first = () => first(context, film);
      sides.index = () => pictureSize(film);
    }
    if (wanted.has('viewers')) {
      const film = await films.add({ name: 'watched', seconds: LONG_FILM / 4, megabits: 4 });
      const ids = copyContent(film.dataDir, film.content.id, VIEWERS);
      sides.viewers = () => onFreshServer(context, film.dataDir, {}, (server) => viewers(server, film, ids));
    }
    return { sides, close: () => Promise.all(closing.map((stop) => stop())) };
  },
};

/** Films, each uploaded to a data directory of its own. */
class Films {
  #context;

  constructor(context) {
    this.#context = context;
  }

  async add(wanted) {
    const file = makeFilm(this.#context.directory, wanted);
    const dataDir = path.join(this.#context.directory, `${wanted.name}-data`);
    const server = await startServer(this.#context, dataDir);
    const content = await upload(server.port, await makeAccount(server), new FileMedia(file));
    rmSync(file);
    assert.equal(content.packaging, 'ready', content.packaging_reason);
    const video = await playlistOf(server, content.id);
    await server.stop();
    return { dataDir, content, ...video };
  }
}

/** The addresses of the video segments of a content: `{directory, segments}`, paths. */
async function playlistOf(server, id) {
  const base = new URL(`http://localhost/content/${id}/hls/master.m3u8`);
  const lines = async (url) => (await get(server.port, url.pathname)).body.split('\n');
  const [variant] = (await lines(base)).filter((line) => /^[^#]/.test(line));
  const url = new URL(variant, base);
  return { segments: (await lines(url)).filter((line) => /^[^#]/.test(line)).map((line) => new URL(line, url).pathname) };
}

/** The film's segments from our server, and the same bytes as files from nginx. */
async function segmentSides(context, { server, nginx, folder, film, ours, theirs }) {
  const segments = film.segments.slice(0, SEGMENTS);
  assert.equal(segments.length, SEGMENTS);
  const files = [];
  let size = 0;
  for (const [i, segment] of segments.entries()) {
    const { status, bytes } = await get(server.port, segment);
    assert.equal(status, 200);
    const name = `${ours}-${i + 1}.mp4`;
    writeFileSync(path.join(folder, name), bytes);
    const served = await get(nginx.port, `/files/${name}`);
    assert.ok(served.bytes.equals(bytes), `${segment}: nginx serves other bytes`);
    files.push(`/files/${name}`);
    size += bytes.length / segments.length;
  }
  assert.ok(size > 1.8 * 1e6 && size < 2.2 * 1e6, `segments of ${size} bytes are not 4 s of 4 Mbit/s`);
  const sides = {};
  for (const [name, place, paths] of [[ours, server, segments], [theirs, nginx, files]]) {
    const list = requestList(context, paths);
    await load(context, place, list, size, 1);
    sides[name] = () => load(context, place, list, size);
  }
  return sides;
}

function playlistSide(context, server) {
  const paths = context.library.ids.map((id) => `/content/${id}/hls/master.m3u8`);
  return requestSide(context, server, paths, ({ body }) => assert.match(body, /^#EXTM3U\n[^]*CODECS="avc1\.\w+,mp4a\.40\.2"/));
}

/** Bytes that the index takes for each sample of the video, its part of the directory included. */
function pictureSize(film) {
  const index = readFileSync(findIndex(film.dataDir));
  const { bytes, samples } = tracksOf(index).find(({ isVideo }) => isVideo);
  return { bytes: bytes / samples, cpu: 0, peak: 0, note: `${(index.length / samples).toFixed(1)} with the sound` };
}

/** A server that has read no index yet. */
async function first(context, film) {
  const server = await startServer(context, film.dataDir);
  await sleep(300); // a start goes on for a while behind the first answer
  const cpu = server.cpuSeconds();
  const started = performance.now();
  const { status, bytes } = await get(server.port, film.segments[0]);
  const milliseconds = performance.now() - started;
  assert.equal(status, 200);
  assert.equal(bytes.toString('latin1', 4, 8), 'styp');
  const sample = { milliseconds, cpu: server.cpuSeconds() - cpu, peak: server.memory().peak };
  await server.stop();
  return sample;
}

/** Each asks for a playlist and a segment of a content of its own; all are held in the middle of it. */
async function viewers(server, film, ids) {
  const [segment] = film.segments;
  const { bytes } = await get(server.port, segment);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let arrived = 0;
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const hold = () => {
    if (++arrived === ids.length) release();
    return Promise.race([released, sleep(120_000).then(() => assert.fail(`${arrived} viewers arrived`))]);
  };
  const watch = async (id) => {
    const base = `/content/${id}`;
    const playlist = await call(server.port, 'GET', `${base}/hls/master.m3u8`);
    assert.equal(playlist.status, 200, playlist.body);
    assert.equal(await readRange(server.port, segment.replace(/^\/content\/[^/]+/, base), 0, bytes.length, hold), sha256);
  };
  const started = performance.now();
  await Promise.all(ids.map(watch));
  return { seconds: (performance.now() - started) / 1000 };
}
