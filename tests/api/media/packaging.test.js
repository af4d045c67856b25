// Contents as HLS, as DASH and as files that start fast, over HTTP. What the bytes must be is what `clinikk-tv package`
// makes of the same file, which tests/package examines.

import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { findBox, tracksOf } from '../../support/boxes.js';
import { login, newUser, upload, uploadMedia, uploadParts } from '../../support/client.js';
import { sql } from '../../support/database.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { media, sha256, wav } from '../../support/media.js';
import { assertServed, corpusMedia, packagedFile, packets } from '../../support/packaged.js';
import { changeMovie } from '../../support/packaging_corpus.js';
import { eventually, runProgram, temporaryDirectory } from '../../support/program.js';
import { startServer } from '../../support/server.js';

/** The addresses of the media segments among these. */
const segmentsOf = (files) => Object.keys(files).filter((address) => /\/\d+\.m4s$/.test(address));

const onDisk = (server) => path.join(server.dataDir, 'objects', 'index');

describe('a packaged content', { concurrency: 2 }, () => {
  let server, token, movie, files, content, base;
  before(async () => {
    [server, movie, files] = await Promise.all([startServer(), corpusMedia('plain'), packagedFile('plain')]);
    ({ token } = await newUser(server));
    content = await uploadMedia(server, token, movie);
    base = `/content/${content.id}`;
  });
  after(() => server?.stop());

  test('says that it is ready', async () => {
    assert.equal(content.packaging, 'ready');
    assert.equal(content.packaging_reason, null);
    const shown = (await server.get(base)).json();
    assert.equal(shown.packaging, 'ready');
    assert.equal((await server.get('/content')).json().find(({ id }) => id === content.id).packaging, 'ready');
  });

  for (const name of ['plain', 'moov first', 'fragmented', 'audio only', 'audio 0.7 s late', 'languages', 'QuickTime sound', 'B-frame pyramid']) {
    test(`is served as it is packaged: ${name}`, async () => {
      const item = await corpusMedia(name);
      const expected = await packagedFile(name);
      const { id } = await uploadMedia(server, token, item);
      await assertServed(server, `/content/${id}`, expected);
      const other = item.kind === 'video' ? 'file.m4a' : 'file.mp4';
      assert.equal((await server.get(`/content/${id}/${other}`)).json().code, 'not_found');
    });
  }

  test('ffmpeg reads the same packets from both manifests and from the file', async () => {
    const source = await packets(movie.path, ['-ignore_editlist', '1']);
    for (const address of ['hls/master.m3u8', 'dash/manifest.mpd']) {
      assert.deepEqual(await packets(`${server.url}${base}/${address}`), source, address);
    }
    assert.deepEqual(await packets(`${server.url}${base}/file.mp4`), await packets(movie.path));
  });

  test('manifests are compressed for those who take it, and asked for anew each time', async () => {
    for (const [address, type] of [['hls/master.m3u8', 'application/vnd.apple.mpegurl'], ['dash/manifest.mpd', 'application/dash+xml']]) {
      const plain = await server.get(`${base}/${address}`);
      assert.equal(plain.headers['content-type'], type);
      assert.equal(plain.headers['cache-control'], 'public, no-cache');
      assert.equal(plain.headers.etag, `"${sha256(plain.body)}"`);
      assert.equal(plain.headers['access-control-allow-origin'], '*');
      assert.equal(plain.headers['cross-origin-resource-policy'], 'cross-origin');
      const packed = await server.get(`${base}/${address}`, { headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(packed.status, 200);
      if (plain.body.length >= 1024) {
        assert.equal(packed.headers['content-encoding'], 'gzip', address);
        assert.equal(packed.headers.etag, `W/${plain.headers.etag}`);
        assert.ok(gunzipSync(packed.body).equals(plain.body));
      }
      for (const etag of [plain.headers.etag, packed.headers.etag, '"other", ' + plain.headers.etag]) {
        const same = await server.get(`${base}/${address}`, { headers: { 'If-None-Match': etag } });
        assert.equal(same.status, 304, etag);
        assert.equal(same.body.length, 0);
      }
      assert.equal((await server.get(`${base}/${address}`, { headers: { 'If-Match': '"other"' } })).status, 412);
      const head = await server.head(`${base}/${address}`);
      assert.equal(head.status, 200);
      assert.equal(head.headers['content-length'], plain.headers['content-length']);
      assert.equal(head.headers.etag, plain.headers.etag);
    }
  });

  test('segments may be kept for ever', async () => {
    const tags = new Set();
    const addresses = Object.keys(files).filter((address) => address.startsWith('segments/'));
    for (const address of addresses) {
      const answer = await server.head(`${base}/${address}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.equal(answer.headers['content-security-policy'], "sandbox; default-src 'none'");
      assert.equal(answer.headers['content-length'], String(files[address].length));
      assert.equal(answer.headers['accept-ranges'], 'bytes');
      assert.match(answer.headers['content-type'], /^(video|audio)\/mp4$/);
      tags.add(answer.headers.etag);
      const same = await server.get(`${base}/${address}`, { headers: { 'If-None-Match': answer.headers.etag } });
      assert.equal(same.status, 304);
    }
    assert.equal(tags.size, addresses.length, 'each has a tag of its own');
  });

  for (const [what, pick] of [
    ['a segment of video', (all) => all.find((address) => address.includes('/1/'))],
    ['a segment of audio', (all) => all.find((address) => address.includes('/2/'))],
    ['the file', () => 'file.mp4'],
  ]) {
    test(`ranges of ${what}`, async () => {
      const address = pick(segmentsOf(files));
      const bytes = files[address];
      const url = `${base}/${address}`;
      const edge = bytes.indexOf('mdat') + 4; // where what is made ends and what is stored begins
      const size = bytes.length;
      const places = [0, 1, 7, edge - 9, edge - 1, edge, edge + 1, edge + 333, size >> 1, size - 2, size - 1].filter((at) => at >= 0 && at < size);
      for (const from of places) {
        for (const to of places.filter((at) => at >= from)) {
          const answer = await server.get(url, { headers: { Range: `bytes=${from}-${to}` }, check: from === 0 });
          assert.equal(answer.status, 206, `${from}-${to}`);
          assert.equal(answer.headers['content-range'], `bytes ${from}-${to}/${size}`);
          assert.equal(answer.headers['content-length'], String(to - from + 1));
          assert.ok(answer.body.equals(bytes.subarray(from, to + 1)), `${from}-${to}`);
        }
      }
      // Every border of a piece is among these.
      const step = Math.max(1, Math.floor(size / 300) | 1);
      for (let at = 0; at < size; at += step) {
        const answer = await server.get(url, { headers: { Range: `bytes=${at}-${at + step - 1}` }, check: false });
        assert.ok(answer.body.equals(bytes.subarray(at, at + step)), `${step} bytes from ${at}`);
      }
      const suffix = await server.get(url, { headers: { Range: 'bytes=-5' } });
      assert.ok(suffix.body.equals(bytes.subarray(size - 5)));
      const past = await server.get(url, { headers: { Range: `bytes=${size}-` } });
      assert.equal(past.status, 416);
      assert.equal(past.headers['content-range'], `bytes */${size}`);
      const several = await server.get(url, { headers: { Range: 'bytes=0-1,5-6' } });
      assert.equal(several.status, 200, 'several ranges: the whole (RFC 9110 section 14.2)');
      assert.ok(several.body.equals(bytes));
      const { etag } = several.headers;
      const held = await server.get(url, { headers: { Range: 'bytes=0-1', 'If-Range': etag } });
      assert.equal(held.status, 206);
      const stale = await server.get(url, { headers: { Range: 'bytes=0-1', 'If-Range': '"other"' } });
      assert.equal(stale.status, 200);
      const head = await server.head(url, { headers: { Range: 'bytes=0-1' } });
      assert.equal(head.status, 200);
      assert.equal(head.headers['content-length'], String(size));
    });
  }

  test('what is not there', async () => {
    const [segment] = segmentsOf(files);
    const digest = segment.split('/')[1];
    const missing = [
      'hls/other.m3u8', 'hls/9.m3u8', 'hls/0.m3u8', 'hls/01.m3u8', 'hls/2-iframes.m3u8', 'hls/99999999999.m3u8', 'hls/master.m3u', 'hls/-1.m3u8',
      `segments/${digest.replace(/^./, (c) => (c === '0' ? '1' : '0'))}/1/1.m4s`, 'segments/x/1/1.m4s', `segments/${digest.toUpperCase()}/1/1.m4s`,
      `segments/${digest}/9/1.m4s`, `segments/${digest}/9/init.mp4`, `segments/${digest}/1/0.m4s`, `segments/${digest}/1/9999.m4s`, `segments/${digest}/1/4294967296.m4s`,
      `segments/${digest}/1/i9999.m4s`, `segments/${digest}/2/i0.m4s`, `segments/${digest}/1/init.m4s`, `segments/${digest}/1/1.mp4`, `segments/${digest}/1/+1.m4s`, `segments/${digest}/1/%2e%2e`,
    ];
    for (const address of missing) {
      const answer = await server.get(`${base}/${address}`);
      assert.equal(answer.status, 404, address);
      assert.equal(answer.json().code, 'not_found', address);
    }
    for (const address of Object.keys(files).filter((name) => !/\d\.m4s/.test(name))) {
      const answer = await server.get(`/content/00000000-0000-4000-8000-000000000000/${address}`);
      assert.equal(answer.json().code, 'content_not_found', address);
    }
    assert.equal((await server.get(`/content/x/hls/master.m3u8`)).status, 404);
    assert.equal((await server.post(`${base}/hls/master.m3u8`)).status, 405);
  });

  test('a preflight for ranges is answered', async () => {
    const answer = await server.request('OPTIONS', `${base}/${segmentsOf(files)[0]}`, {
      headers: { Origin: 'https://player.example', 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'range' },
    });
    assert.equal(answer.status, 204);
    assert.match(answer.headers['access-control-allow-headers'], /range/i);
  });

  test('a client that stops in the middle does no harm, and a slow one gets all', async () => {
    const address = segmentsOf(files)[0];
    for (let i = 0; i < 20; ++i) {
      const wire = await server.wire();
      await wire.write(`GET ${base}/${address} HTTP/1.1\r\nHost: x\r\n\r\n`);
      wire.destroy();
    }
    await assertServed(server, base, { [address]: files[address] });
  });
});

describe('what cannot be packaged', () => {
  let server, token;
  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  const bad = {
    'WebM': async () => media('clip.webm'),
    'MP3': async () => media('tone.mp3'),
    'a sound wave': async () => ({ name: 'x.wav', bytes: wav(1000, 1), kind: 'audio' }),
  };
  for (const [what, make] of Object.entries(bad)) {
    test(`${what} plays as it was uploaded`, async () => {
      const item = await make();
      const content = await uploadMedia(server, token, item);
      assert.equal(content.packaging, 'needs_rendition');
      assert.match(content.packaging_reason, /^[A-Z].*\.$/);
      for (const address of ['hls/master.m3u8', 'dash/manifest.mpd', 'file.mp4', 'file.m4a', 'segments/x/1/1.m4s']) {
        const answer = await server.get(`/content/${content.id}/${address}`);
        assert.equal(answer.status, 404);
        assert.equal(answer.json().code, 'packaging_unavailable');
        assert.equal(answer.json().detail, `${content.packaging_reason} Play it as it was uploaded, from ${server.url}/content/${content.id}/stream`);
      }
      const whole = await server.get(`/content/${content.id}/stream`);
      assert.equal(whole.status, 200);
      assert.ok(whole.body.equals(item.bytes));
    });
  }

  test('tables that lie give a verdict and never a failure', async () => {
    const { bytes } = await corpusMedia('video only');
    const lies = {
      'an offset outside the file': (stbl) => findBox(stbl, 'stco').payload.writeUInt32BE(0x7fffffff, 8),
      'more durations than samples': (stbl) => findBox(stbl, 'stts').payload.writeUInt32BE(100_000_000, 8),
      'a duration of zero': (stbl) => findBox(stbl, 'stts').payload.writeUInt32BE(0, 12),
      'the largest duration': (stbl) => findBox(stbl, 'stts').payload.writeUInt32BE(0xffffffff, 12),
      'a sample of 4 GiB': (stbl) => findBox(stbl, 'stsz').payload.writeUInt32BE(0xffffffff, 12),
      'sync samples past the end': (stbl) => findBox(stbl, 'stss').payload.writeUInt32BE(0xffffffff, 8),
      'chunks in no order': (stbl) => findBox(stbl, 'stsc').payload.writeUInt32BE(0xfffffff0, 8),
      'a count of four billion': (stbl) => findBox(stbl, 'stsz').payload.writeUInt32BE(0xffffffff, 8),
    };
    for (const [what, lie] of Object.entries(lies)) {
      const file = changeMovie(bytes, (moov) => lie(findBox(tracksOf(moov, 'vide'), 'trak/mdia/minf/stbl').children));
      const parts = { filename: 'x.mp4', content_type: 'video' };
      const answer = await server.post('/content', { token, multipart: uploadParts(file, parts) });
      assert.ok([201, 422].includes(answer.status), `${what}: ${answer.status} ${answer.text()}`);
      if (answer.status !== 201) continue;
      const { id, packaging, packaging_reason: reason } = answer.json();
      assert.ok(packaging === 'ready' || (packaging === 'needs_rendition' && reason), `${what}: ${packaging}`);
      const master = await server.get(`/content/${id}/hls/master.m3u8`);
      assert.equal(master.status, packaging === 'ready' ? 200 : 404, what);
    }
  });
});

describe('the indexes of contents', () => {
  let dataDir, server, token, movie, files;
  before(async () => {
    dataDir = await temporaryDirectory();
    [movie, files] = await Promise.all([corpusMedia('plain'), packagedFile('plain')]);
  });
  after(() => rm(dataDir, { recursive: true, force: true }));

  const start = async (env = {}) => {
    server = await startServer({ dataDir, env });
    token ??= (await newUser(server)).token;
  };
  const command = (...args) => runProgram(args, { env: { DATA_DIR: dataDir }, cwd: dataDir, timeout: 60_000 });

  test('are read once for many who ask at once', async () => {
    await start();
    const { id } = await uploadMedia(server, token, movie);
    const addresses = Object.keys(files);
    await Promise.all(Array.from({ length: 60 }, async (_, i) => {
      const address = addresses[i % addresses.length];
      const answer = await server.get(`/content/${id}/${address}`, { check: false });
      assert.equal(answer.status, 200);
      assert.ok(answer.body.equals(files[address]), address);
    }));
    await server.stop();
  });

  test('are used also where none fits into memory', async () => {
    await start({ INDEX_CACHE: '1' });
    const first = await uploadMedia(server, token, movie);
    const second = await uploadMedia(server, token, await corpusMedia('languages'));
    for (let i = 0; i < 3; ++i) {
      await assertServed(server, `/content/${first.id}`, { 'hls/master.m3u8': files['hls/master.m3u8'], 'file.mp4': files['file.mp4'] });
      assert.equal((await server.get(`/content/${second.id}/dash/manifest.mpd`)).status, 200);
    }
    await server.stop();
  });

  test('go with their contents, at once', async () => {
    await start();
    const before = (await readdir(onDisk(server))).length;
    const { id } = await uploadMedia(server, token, movie);
    assert.equal((await readdir(onDisk(server))).length, before + 1);
    const [segment] = segmentsOf(files);
    assert.equal((await server.get(`/content/${id}/${segment}`)).status, 200);
    assert.equal((await server.delete(`/content/${id}`, { token })).status, 200);
    for (const address of ['hls/master.m3u8', 'dash/manifest.mpd', segment, 'file.mp4']) {
      assert.equal((await server.get(`/content/${id}/${address}`)).json().code, 'content_not_found', address);
    }
    assert.equal((await readdir(onDisk(server))).length, before);
    await assertNothingLeftBehind(server);
    await server.stop();
  });

  test('that are lost or damaged are reported, and nothing wrong is served', async () => {
    await start();
    const { id } = await uploadMedia(server, token, movie);
    const key = await sql(dataDir, "SELECT key FROM objects WHERE key LIKE 'index/%' ORDER BY created_at DESC LIMIT 1");
    const file = path.join(dataDir, 'objects', key);
    const whole = await readFile(file);
    const broken = Buffer.from(whole);
    broken[broken.length >> 1] ^= 1;
    for (const bytes of [broken, whole.subarray(0, 100), null]) {
      await rm(file);
      if (bytes) await writeFile(file, bytes);
      const answer = await server.get(`/content/${id}/hls/master.m3u8`);
      assert.equal(answer.status, 404, `${bytes?.length} bytes of ${whole.length}`);
      assert.equal(answer.json().code, 'source_unavailable');
      await server.logs('index.lost');
    }
    const found = await command('verify');
    assert.equal(found.code, 1);
    assert.match(found.stdout, /^index\/.* is missing$/m);
    await writeFile(file, whole);
    assert.equal((await server.get(`/content/${id}/hls/master.m3u8`)).status, 200, 'a failure is not kept');
    assert.equal((await server.delete(`/content/${id}`, { token })).status, 200);
    await server.stop();
  });

  test('of a content whose bytes are lost', async () => {
    await start();
    const content = await uploadMedia(server, token, movie);
    const folder = path.join(dataDir, 'objects', 'objects');
    const name = (await readdir(folder)).sort().at(-1);
    await rm(path.join(folder, name));
    const [segment] = segmentsOf(files);
    assert.equal((await server.get(`/content/${content.id}/${segment}`)).json().code, 'source_unavailable');
    assert.equal((await server.head(`/content/${content.id}/${segment}`)).status, 404);
    assert.equal((await server.get(`/content/${content.id}/file.mp4`)).json().code, 'source_unavailable');
    assert.equal((await server.delete(`/content/${content.id}`, { token })).status, 200);
    await server.stop();
  });

  test('are made by backfill for contents that have none, and anew for another version', async () => {
    await start();
    const { id } = await uploadMedia(server, token, movie);
    await uploadMedia(server, token, await media('clip.webm'));
    await sql(dataDir, `UPDATE contents SET packaging = NULL, packaging_reason = NULL; DELETE FROM content_objects WHERE role = 'index'; UPDATE objects SET state = 'deleting' WHERE key LIKE 'index/%'`);
    const old = await server.get(`/content/${id}/hls/master.m3u8`);
    assert.equal(old.json().code, 'packaging_unavailable');
    assert.equal((await server.get(`/content/${id}`)).json().packaging, null);
    const first = await command('backfill');
    assert.equal(first.code, 0, first.stdout + first.stderr);
    await assertServed(server, `/content/${id}`, files);
    const again = await command('backfill');
    assert.match(again.stdout, /^read 0 objects/m, 'nothing is left to do');
    await sql(dataDir, `UPDATE objects SET media_type = 'application/vnd.clinikk.packaging-index; version=0' WHERE key LIKE 'index/%' AND state = 'stored'`);
    const third = await command('backfill');
    assert.equal(third.code, 0, third.stdout);
    await assertServed(server, `/content/${id}`, files);
    const gone = await command('gc');
    assert.equal(gone.code, 0, gone.stdout);
    assert.match((await command('verify')).stdout, / 0 faults/);
    await assertNothingLeftBehind(server);
    await server.stop();
  });
});

describe('a playback session', () => {
  let server, owner, movie, files, content;
  before(async () => {
    [server, movie, files] = await Promise.all([startServer(), corpusMedia('plain'), packagedFile('plain')]);
    owner = await newUser(server);
    content = await uploadMedia(server, owner.token, movie, { visibility: 'private' });
  });
  after(() => server?.stop());

  const begin = async (id, query = '') => {
    const answer = await server.post(`/content/${id}/playback-session${query}`, { token: owner.token });
    assert.equal(answer.status, 201, answer.text());
    return answer.json();
  };
  const pathOf = (url) => new URL(url).pathname;

  test('opens manifests, segments and the file, by relative addresses', async () => {
    const session = await begin(content.id);
    const base = pathOf(session.url).replace(/\/stream$/, '');
    assert.equal(pathOf(session.hls_url), `${base}/hls/master.m3u8`);
    assert.equal(pathOf(session.dash_url), `${base}/dash/manifest.mpd`);
    assert.equal(pathOf(session.file_url), `${base}/file.mp4`);
    await assertServed(server, base, files);
    const [segment] = segmentsOf(files);
    assert.equal((await server.get(`${base}/${segment}`)).headers['cache-control'], 'private, max-age=31536000, immutable');
    assert.equal((await server.get(`${base}/hls/master.m3u8`)).headers['cache-control'], 'private, no-cache');
    assert.deepEqual(await packets(session.hls_url), await packets(movie.path, ['-ignore_editlist', '1']));
    assert.equal((await server.get(`/content/${content.id}/${segment}`)).json().code, 'content_not_found', 'not without it');
    const mine = await server.get(`/content/${content.id}/${segment}`, { token: owner.token });
    assert.equal(mine.headers['cache-control'], 'private, no-cache', 'the next account of the browser is asked anew');
    assert.equal((await server.get(`/content/${content.id}/${segment}`, { token: owner.token, headers: { 'If-None-Match': mine.headers.etag } })).status, 304);
  });

  test('of a content that is not packaged has the one address', async () => {
    const { id } = await upload(server, owner.token, wav(1000, 3), { visibility: 'private' });
    const session = await begin(id);
    assert.deepEqual([session.hls_url, session.dash_url, session.file_url], [null, null, null]);
    const base = pathOf(session.url).replace(/\/stream$/, '');
    const answer = await server.get(`${base}/hls/master.m3u8`);
    assert.equal(answer.json().code, 'packaging_unavailable');
    assert.ok(answer.json().detail.endsWith(session.url), answer.json().detail);
  });

  test('is good for one content only, and ends in a second with the session of the account', async () => {
    const other = await uploadMedia(server, owner.token, movie, { visibility: 'private' });
    const session = await begin(content.id);
    const base = pathOf(session.url).replace(/\/stream$/, '');
    const foreign = base.replace(content.id, other.id);
    for (const address of Object.keys(files).slice(0, 4)) {
      assert.equal((await server.get(`${foreign}/${address}`)).json().code, 'playback_session_ended');
      assert.equal((await server.get(`${base}x/${address}`)).json().code, 'playback_session_ended');
    }
    assert.equal((await server.post('/auth/logout', { token: owner.token })).status, 204);
    const ended = Date.now();
    await eventually(async () => (await server.get(`${base}/hls/master.m3u8`)).status === 403, 'still open');
    assert.ok(Date.now() - ended < 1000);
    for (const address of Object.keys(files)) {
      assert.equal((await server.get(`${base}/${address}`, { check: false })).status, 403, address);
    }
    owner.token = await login(server, owner.email);
  });

  test('ends with the visibility', async () => {
    const viewer = await newUser(server);
    const shared = await uploadMedia(server, owner.token, movie, { visibility: 'members' });
    const answer = await server.post(`/content/${shared.id}/playback-session`, { token: viewer.token });
    const base = pathOf(answer.json().url).replace(/\/stream$/, '');
    const [segment] = segmentsOf(files);
    assert.equal((await server.get(`${base}/${segment}`)).status, 200);
    await server.patch(`/content/${shared.id}`, { token: owner.token, json: { visibility: 'private' } });
    assert.equal((await server.get(`${base}/${segment}`)).json().code, 'content_not_found');
  });
});
