// `clinikk-tv package` on movies that differ in what packaging must get right. What it writes is read by ffmpeg, by
// two parsers of other people and by our own checker of rules; every packet must be the source's, at the source's time.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import * as m3u8 from 'm3u8-parser';
import * as mpd from 'mpd-parser';

import { findBox, tracksOf } from '../support/boxes.js';
import { checkHls } from '../support/hls_rules.js';
import { media } from '../support/media.js';
import { changeMovie, CORPUS, corpusFile } from '../support/packaging_corpus.js';
import { runProgram, temporaryDirectory } from '../support/program.js';

const run = promisify(execFile);
const M3u8Parser = m3u8.Parser ?? m3u8.default.Parser;
const parseMpd = mpd.parse ?? mpd.default.parse;

let root;
let made = 0;
before(async () => (root = await temporaryDirectory()));
after(() => rm(root, { recursive: true, force: true }));

const exists = (file) => stat(file).then(() => true, () => false);

/** Packages a file into a new directory: the outcome of the program, and `directory`. */
async function pack(file, directory = path.join(root, `out-${++made}`)) {
  return { directory, ...(await runProgram(['package', file, directory], { timeout: 240_000 })) };
}

/**
 * The packets of each video and audio stream: `{kind, packets: [{time, hash}]}`. ffmpeg must have nothing to say.
 * Without `edits` it hands over all packets of a file and not just those that its edit list presents. Each stream is
 * read alone: ffmpeg's reader of DASH ends where the shortest does.
 */
async function packetsOf(file, { edits = true } = {}) {
  const found = [];
  for (const { index, kind } of await streamsOf(file)) {
    const { stdout, stderr } = await run('ffmpeg', [
      '-nostdin', '-v', 'warning', '-copyts', ...(edits ? [] : ['-ignore_editlist', '1']), '-i', file,
      '-map', `0:${index}`, '-c', 'copy', '-f', 'framehash', '-',
    ], { maxBuffer: 64 << 20 });
    assert.equal(stderr, '', `what ffmpeg says of ${file}`);
    found.push({ kind, packets: readHashes(stdout) });
  }
  return found;
}

/** Lines of framehash: stream, dts, pts, duration, size, hash. */
function readHashes(text) {
  const [, numerator, denominator] = /^#tb 0: (\d+)\/(\d+)/m.exec(text);
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
  return lines.map((line) => line.split(/, */)).map(([, , pts, , , hash]) => ({ time: (Number(pts) * Number(numerator)) / Number(denominator), hash }));
}

async function streamsOf(file) {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=index,codec_type', '-of', 'json', file]);
  const streams = JSON.parse(stdout).streams.map(({ index, codec_type: kind }) => ({ index, kind }));
  return streams.filter(({ kind }, i) => ['video', 'audio'].includes(kind) && streams.findIndex((one) => one.index === streams[i].index) === i);
}

const hashes = ({ packets }) => packets.map(({ hash }) => hash);

/** Every stream has the packets of a track of the source, and every track is there. */
function assertSamePackets(source, streams, what, where) {
  const origins = streams.map((stream) => source.findIndex((track) => {
    const extra = stream.packets.length - track.packets.length;
    const silent = what.silence && track.kind === 'audio' ? extra : 0;
    return extra === silent && silent >= 0 && hashes(stream).slice(extra).every((hash, i) => hash === track.packets[i].hash);
  }));
  assert.ok(!origins.includes(-1), `${where}: stream ${origins.indexOf(-1)} (${streams.map((one) => `${one.kind} ${one.packets.length}`)}) is no track of the source (${source.map((one) => `${one.kind} ${one.packets.length}`)})`);
  assert.deepEqual([...new Set(origins)].sort(), source.map((_, i) => i), `${where}: a track is missing`);
  return origins;
}

/** The times of all packets of a source after its edits, before which there may be some. */
const edited = (source, { edits, earlier }) =>
  source.map(({ kind, packets }) => ({ kind, packets: packets.map(({ time, hash }) => ({ time: time - edits[kind] + earlier, hash })) }));

/** Packets are presented when the source presents them. */
function assertSameTimes(presented, streams, origins, what, where) {
  streams.forEach((stream, i) => {
    const expected = presented[origins[i]].packets;
    const extra = stream.packets.length - expected.length;
    stream.packets.slice(extra).forEach(({ time }, n) => {
      const isStretched = what.gap && stream.kind === 'video' && n === 0;
      const wanted = isStretched ? expected[n].time - what.gap : expected[n].time;
      assert.ok(Math.abs(time - wanted) <= 0.001, `${where}: ${stream.kind} packet ${n} at ${time}, in the source at ${wanted}`);
    });
  });
}

/** What m3u8-parser makes of a playlist; it must not warn. */
function readPlaylist(text) {
  const parser = new M3u8Parser();
  const warnings = [];
  parser.on?.('warn', ({ message }) => warnings.push(message));
  parser.push(text);
  parser.end();
  assert.deepEqual(warnings, []);
  return parser.manifest;
}

/** m3u8-parser and mpd-parser find the same segments as our own checker. */
async function assertParsersAgree(directory, playlists) {
  const master = readPlaylist(await readFile(path.join(directory, 'hls/master.m3u8'), 'utf8'));
  assert.ok(master.playlists.length > 0);
  for (const [address, measured] of playlists) {
    const playlist = readPlaylist(await readFile(path.join(directory, address), 'utf8'));
    assert.deepEqual(playlist.segments.map(({ uri }) => uri), measured.segments.map((segment) => segment.address));
    assert.ok(playlist.endList);
    assert.equal(playlist.targetDuration, measured.target);
  }
  const warnings = [];
  const text = await readFile(path.join(directory, 'dash/manifest.mpd'), 'utf8');
  const manifest = parseMpd(text, { manifestUri: 'http://x/dash/manifest.mpd', eventHandler: ({ message }) => warnings.push(message) });
  assert.deepEqual(warnings, []);
  const groups = Object.values(manifest.mediaGroups.AUDIO).flatMap((group) => Object.values(group)).flatMap((choice) => choice.playlists);
  const all = [...manifest.playlists, ...groups];
  assert.ok(all.length > 0);
  for (const { segments, attributes } of all) {
    const { segments: expected } = playlists.get(`hls/${attributes.NAME}.m3u8`);
    assert.deepEqual(segments.map(({ resolvedUri }) => new URL(resolvedUri).pathname), expected.map(({ address }) => new URL(address, 'http://x/hls/').pathname));
    // The manifest says when segments are presented, the playlist how long they are decoded: alike in all.
    const [presented, decoded] = [segments.map(({ duration }) => duration), expected.map(({ seconds }) => seconds)].map((times) => times.reduce((sum, time) => sum + time, 0));
    assert.ok(Math.abs(presented - decoded) < 1e-4, `${presented} in the manifest, ${decoded} in the playlist`);
    segments.forEach(({ duration }, i) => assert.ok(Math.abs(duration - expected[i].seconds) < 0.2, `${duration} in the manifest, ${expected[i].seconds} in the playlist`));
  }
}

/** ffprobe tells the order of boxes, of a file of any size. */
async function isMovieInFront(file) {
  const { stderr } = await run('ffprobe', ['-v', 'trace', file], { maxBuffer: 64 << 20 });
  const order = [...stderr.matchAll(/type:'(moov|mdat)' parent:'root'/g)].map(([, type]) => type);
  return order[0] === 'moov';
}

describe('what is packaged', { concurrency: 2 }, () => {
  for (const [name, what] of Object.entries(CORPUS)) {
    test(name, { timeout: 480_000 }, async () => {
      const file = await corpusFile(name);
      const { directory, code, stdout, stderr } = await pack(file);
      assert.equal(stderr, '');
      assert.equal(code, 0);
      assert.match(stdout, /^packaging: ready\n/);

      const load = (address) => readFile(path.join(directory, address));
      const { problems, playlists } = await checkHls(load, 'hls/master.m3u8');
      assert.deepEqual(problems, []);
      await assertParsersAgree(directory, playlists);

      const master = (await load('hls/master.m3u8')).toString();
      assert.equal(master.includes('EXT-X-INDEPENDENT-SEGMENTS'), !what.openGop);
      if (what.resolution) assert.match(master, new RegExp(`RESOLUTION=${what.resolution},`));

      const source = await packetsOf(file, { edits: false });
      const presented = await packetsOf(file);
      for (const manifest of ['hls/master.m3u8', 'dash/manifest.mpd']) {
        const streams = await packetsOf(path.join(directory, manifest));
        const origins = assertSamePackets(source, streams, what, manifest);
        assertSameTimes(what.edits ? edited(source, what) : presented, streams, origins, what, manifest);
      }

      const hasVideo = source.some(({ kind }) => kind === 'video');
      const whole = path.join(directory, hasVideo ? 'file.mp4' : 'file.m4a');
      assert.ok(await isMovieInFront(whole), 'the moov is in front');
      assert.deepEqual(await packetsOf(whole), presented);
      await rm(directory, { recursive: true });
    });
  }
});

describe('what the manifests say', () => {
  test('languages and names choose audio tracks', async () => {
    const { directory } = await pack(await corpusFile('languages'));
    const master = await readFile(path.join(directory, 'hls/master.m3u8'), 'utf8');
    const tags = master.split('\n').filter((line) => line.startsWith('#EXT-X-MEDIA:'));
    assert.deepEqual(tags.map((tag) => /LANGUAGE="(\w+)"/.exec(tag)[1]), ['en', 'hi', 'en']);
    assert.deepEqual(tags.map((tag) => /DEFAULT=(\w+)/.exec(tag)[1]), ['YES', 'NO', 'NO']);
    assert.deepEqual(tags.map((tag) => /AUTOSELECT=(\w+)/.exec(tag)[1]), ['YES', 'YES', 'NO']);
    assert.match(tags[2], /NAME="Comments of Ann & <Bob>"/);
    const manifest = await readFile(path.join(directory, 'dash/manifest.mpd'), 'utf8');
    assert.match(manifest, /<Label>Comments of Ann &amp; &lt;Bob&gt;<\/Label>/);
  });

  test('audio of two codecs is two variants, so that a player takes the one that it plays', async () => {
    const { directory } = await pack(await corpusFile('audio of two codecs'));
    const { playlists } = readPlaylist(await readFile(path.join(directory, 'hls/master.m3u8'), 'utf8'));
    assert.deepEqual(playlists.map(({ attributes }) => attributes.CODECS.split(',')[1]), ['mp4a.40.2', 'ac-3']);
    assert.deepEqual(playlists.map(({ attributes }) => attributes.AUDIO), ['mp4a', 'ac-3']);
  });

  test('a packaged file is packaged the same again', async () => {
    const file = await corpusFile('plain');
    const list = async ({ directory }) => (await readdir(directory, { recursive: true })).sort();
    assert.deepEqual(await list(await pack(file)), await list(await pack(file)));
  });
});

/** Decodes all of a stream and returns how many frames came; ffmpeg must have nothing to say. */
async function decodedFrames(file, stream) {
  const { stdout, stderr } = await run('ffmpeg', ['-nostdin', '-v', 'warning', '-xerror', '-i', file, '-map', `0:${stream}:0`, '-fps_mode', 'passthrough', '-f', 'framecrc', '-']);
  assert.equal(stderr, '');
  return stdout.split('\n').filter((line) => line && !line.startsWith('#')).length;
}

describe('what plays', () => {
  test('key frames alone, each for its time', async () => {
    const { directory } = await pack(await corpusFile('plain'));
    const playlist = path.join(directory, 'hls/1-iframes.m3u8');
    const { segments } = readPlaylist(await readFile(playlist, 'utf8'));
    assert.equal(segments.length, 5);
    assert.equal(await decodedFrames(playlist, 'v'), 5);
    const [{ packets }] = await packetsOf(playlist);
    assert.deepEqual(packets.map(({ time }) => Math.round(time * 1000)), [0, 2000, 4000, 6000, 8000]);
  });

  for (const name of ['audio 0.7 s late', 'audio 3 s late']) {
    test(`silence, where there is ${name}`, async () => {
      const { directory } = await pack(await corpusFile(name));
      const master = path.join(directory, 'hls/master.m3u8');
      const frames = await decodedFrames(master, 'a');
      assert.ok(frames * 1024 >= 9.6 * 48000, `${frames} frames`);
      const seconds = Number(/audio ([\d.]+) s late/.exec(name)[1]);
      const { stderr } = await run('ffmpeg', ['-nostdin', '-copyts', '-i', master, '-map', '0:a', '-af', 'silencedetect=noise=-60dB:duration=0.2', '-f', 'null', '-']);
      const end = Number(/silence_end: ([\d.]+)/.exec(stderr)[1]);
      assert.ok(Math.abs(end - seconds) < 0.06, `the silence ends at ${end}`);
    });
  }
});

describe('the checker of rules', () => {
  const spoilt = {
    'a target duration that is too short': ['hls/1.m3u8', 'TARGETDURATION:4', 'TARGETDURATION:3', /target duration 3/],
    'a duration that is not the segment\'s': ['hls/1.m3u8', 'EXTINF:4.000000', 'EXTINF:3.900000', /the playlist says 3.9/],
    'no end': ['hls/1.m3u8', '#EXT-X-ENDLIST\n', '', /EXT-X-ENDLIST is not last/],
    'segments in another order': ['hls/1.m3u8', /(\S+)1\.m4s([^]*?)(\S+)2\.m4s/, '$12.m4s$2$31.m4s', /sequence number 2/],
    'a bit rate that is too low': ['hls/master.m3u8', /BANDWIDTH=\d/, 'BANDWIDTH=', /BANDWIDTH is/],
    'a group that is not there': ['hls/master.m3u8', ',AUDIO="mp4a"', ',AUDIO="opus"', /no group opus/],
    'two defaults': ['hls/master.m3u8', 'DEFAULT=NO', 'DEFAULT=YES', /not one default/],
    'two names alike': ['hls/master.m3u8', 'NAME="hi"', 'NAME="en"', /two members of one name/],
    'a quote in a name': ['hls/master.m3u8', 'NAME="hi"', 'NAME="h"i"', /not an attribute list/],
    'an absolute address': ['hls/master.m3u8', 'URI="2.m3u8"', 'URI="/2.m3u8"', /not relative/],
    'a key frame that is none': ['hls/1-iframes.m3u8', '/i1.m4s', '/1.m4s', /is not one key frame/],
  };
  let directory;
  before(async () => ({ directory } = await pack(await corpusFile('languages'))));

  for (const [name, [file, from, to, problem]] of Object.entries(spoilt)) {
    test(`finds ${name}`, async () => {
      const load = async (address) => {
        const bytes = await readFile(path.join(directory, address.replace(/^2\.m3u8$/, 'hls/2.m3u8')));
        if (address !== file) return bytes;
        const text = bytes.toString().replace(from, to);
        assert.notEqual(text, bytes.toString(), 'nothing is spoilt');
        return Buffer.from(text);
      };
      const { problems } = await checkHls(load, 'hls/master.m3u8');
      assert.ok(problems.some((one) => problem.test(one)), problems.join('\n'));
    });
  }
});

describe('what is refused', () => {
  const bad = {
    'a text': { bytes: async () => Buffer.from('This is no movie.'.repeat(100)), reason: 'container' },
    'nothing': { bytes: async () => Buffer.alloc(0), reason: 'container' },
    'another container': { bytes: async () => (await media('clip.mkv')).bytes, reason: 'container' },
    'one key frame': { recipe: ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25:duration=20', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '1000', '-sc_threshold', '0'], reason: 'key_frames' },
    'open GOP of H.264': { recipe: ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25:duration=10', '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '50', '-bf', '2', '-x264-params', 'scenecut=0:open-gop=1:b-adapt=0'], reason: 'open_gop' },
    'MP3 in MP4': { recipe: ['-f', 'lavfi', '-i', 'sine=duration=5', '-c:a', 'libmp3lame'], reason: 'codec' },
    'MPEG-4 part 2': { recipe: ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:duration=5', '-c:v', 'mpeg4'], reason: 'codec' },
    'encrypted samples': { recipe: ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:duration=5', '-c:v', 'libx264', '-preset', 'ultrafast', '-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '0'.repeat(32), '-encryption_kid', '1'.repeat(32)], reason: 'encrypted' },
    'a moov that is cut off': { bytes: async () => { const bytes = await readFile(await corpusFile('plain')); return bytes.subarray(0, bytes.length - 500); }, reason: /^(container|damaged)$/ },
    'samples outside the file': { edit: (stbl) => findBox(stbl, 'stco').payload.writeUInt32BE(0x7fffffff, 8), reason: /^(empty|damaged)$/ },
    'more samples than sizes': { edit: (stbl) => findBox(stbl, 'stts').payload.writeUInt32BE(100_000_000, 8), reason: 'damaged' },
    'no sample': { edit: (stbl) => stbl.forEach((box) => { if (box.payload.length >= 8 && box.type !== 'stsd') box.payload.fill(0, 4); }), reason: /^(empty|damaged)$/ },
  };

  for (const [name, { bytes, recipe, edit, reason }] of Object.entries(bad)) {
    test(name, async () => {
      const file = path.join(root, `${name.replaceAll(' ', '-')}.mp4`);
      if (recipe) await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...recipe, file]);
      else if (bytes) await writeFile(file, await bytes());
      else await writeFile(file, changeMovie(await readFile(await corpusFile('video only')), (movie) => edit(findBox(tracksOf(movie, 'vide'), 'trak/mdia/minf/stbl').children)));
      const { directory, code, stdout, stderr } = await pack(file);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      const [, found, sentence] = /^packaging: needs_rendition \((\w+)\)\n([A-Z][^\n]+\.)\n$/.exec(stderr) ?? assert.fail(stderr);
      assert.match(found, reason instanceof RegExp ? reason : new RegExp(`^${reason}$`), sentence);
      assert.ok(!(await exists(directory)), 'nothing is written');
    });
  }

  const assertFails = ({ code, stdout, stderr }, message) => {
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, message);
  };

  test('a file that is not there', async () => {
    assertFails(await pack(path.join(root, 'nowhere.mp4')), /^clinikk-tv: cannot read .*nowhere\.mp4: No such file or directory\n$/);
  });

  test('a directory as the file', async () => {
    assertFails(await pack(root), /^clinikk-tv: .* is not a regular file\n$/);
  });

  test('a pipe as the file, without waiting for its other end', async () => {
    const pipe = path.join(root, 'pipe.mp4');
    await run('mkfifo', [pipe]);
    assertFails(await pack(pipe), /^clinikk-tv: .*pipe\.mp4 is not a regular file\n$/);
  });

  test('a directory that has something in it, which stays', async () => {
    const directory = path.join(root, 'full');
    await mkdir(directory);
    await writeFile(path.join(directory, 'precious'), 'x');
    assertFails(await pack(await corpusFile('plain'), directory), /^clinikk-tv: .*full is not empty\n$/);
    assert.deepEqual(await readdir(directory), ['precious']);
  });

  test('a directory that cannot be made', async () => {
    const file = path.join(root, 'a-file');
    await writeFile(file, 'x');
    assertFails(await pack(await corpusFile('plain'), path.join(file, 'below')), /^clinikk-tv: .*(Not a directory|cannot)/);
  });

  test('a full disk', async () => {
    const { code, stderr } = await runProgram(['package', await corpusFile('plain'), path.join(root, 'no-room')], { through: ['prlimit', '--fsize=20000', '--'] });
    assert.notEqual(code, 0);
    assert.ok(!(await exists(path.join(root, 'no-room/hls/master.m3u8'))), 'manifests come last');
    void stderr;
  });

  test('arguments that are missing', async () => {
    const { code, stderr } = await runProgram(['package']);
    assert.equal(code, 2);
    assert.match(stderr, /file is required/);
    const help = await runProgram(['package', '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /FILE.*DIRECTORY/s);
  });
});
