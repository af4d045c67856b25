// Movies as other people's programs leave them: filled up, with tags and junk around them, cut off. What is stored of
// them is what ffprobe says when it reads every packet of the same bytes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { newUser, uploadParts } from '../../support/client.js';
import { FILLERS, noise } from '../../support/fillers.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { temporaryDirectory } from '../../support/program.js';
import { startServer } from '../../support/server.js';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const FRAME = 42; // ms: a picture, the longest frame of these files, and what rounding takes

let directory, server, token;
before(async () => {
  directory = await temporaryDirectory();
  server = await startServer();
  ({ token } = await newUser(server));
});
after(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

const sources = new Map();
const source = (name) => {
  if (!sources.has(name)) sources.set(name, make(name));
  return sources.get(name);
};

async function make(name) {
  const target = path.join(directory, name);
  const { recipe, kind } = SOURCES[name];
  const inputs = kind === 'audio' ? SOUND : [...PICTURE, ...SOUND];
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...inputs, ...recipe, '-fflags', '+bitexact', target]);
  return readFile(target);
}

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25:duration=4'];
const SOUND = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=4'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '10'];
const B_FRAMES = ['-c:v', 'libx264', '-preset', 'fast', '-pix_fmt', 'yuv420p', '-g', '25', '-bf', '2'];
const AAC = ['-c:a', 'aac', '-b:a', '48k'];
const SOURCES = {
  'faststart.mp4': { kind: 'video', recipe: [...B_FRAMES, ...AAC, '-movflags', '+faststart'] },
  'plain.mp4': { kind: 'video', index: 'behind', recipe: [...H264, ...AAC] },
  'fragmented.mp4': { kind: 'video', recipe: [...H264, ...AAC, '-movflags', 'frag_keyframe+empty_moov+default_base_moof'] },
  'old-fragments.mp4': { kind: 'video', recipe: [...H264, ...AAC, '-movflags', 'frag_keyframe+empty_moov'] },
  'clip.mov': { kind: 'video', index: 'behind', recipe: [...H264, ...AAC] },
  'tone.m4a': { kind: 'audio', recipe: [...AAC, '-movflags', '+faststart'] },
  'clip.mkv': { kind: 'video', recipe: [...B_FRAMES, ...AAC] },
  'clip.webm': { kind: 'video', recipe: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '200k', '-c:a', 'libopus'] },
  'live.webm': { kind: 'video', recipe: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '200k', '-c:a', 'libopus', '-live', '1', '-f', 'webm'] },
  'tone.mka': { kind: 'audio', recipe: AAC },
  'clip.ts': { kind: 'video', recipe: [...B_FRAMES, ...AAC, '-f', 'mpegts'] },
  'dvb.ts': { kind: 'video', recipe: ['-c:v', 'mpeg2video', '-bf', '2', '-c:a', 'ac3', '-f', 'mpegts'] },
  'clip.m2ts': { kind: 'video', recipe: [...H264, '-c:a', 'ac3', '-mpegts_m2ts_mode', '1', '-f', 'mpegts'] },
  'wrap.ts': { kind: 'video', recipe: [...H264, ...AAC, '-output_ts_offset', '95441', '-f', 'mpegts'] },
  'clip.mpg': { kind: 'video', recipe: ['-c:v', 'mpeg2video', '-bf', '2', '-c:a', 'mp2', '-f', 'mpeg'] },
  'clip.vob': { kind: 'video', recipe: ['-c:v', 'mpeg2video', '-c:a', 'ac3', '-f', 'vob'] },
  'clip.avi': { kind: 'video', recipe: ['-c:v', 'mpeg4', '-c:a', 'libmp3lame'] },
};

const APE_FOOTER = Buffer.concat([Buffer.from('APETAGEX'), Buffer.from('d007000020000000000000000000008000000000', 'hex'), Buffer.alloc(4)]);
const ID3V1 = Buffer.concat([Buffer.from('TAGA title of this song'.padEnd(128, '\0'), 'latin1')]);

const family = (name) => ({ mp4: 'iso', mov: 'iso', m4a: 'iso', mkv: 'matroska', mka: 'matroska', webm: 'matroska', ts: 'ts', m2ts: 'm2ts', mpg: 'ps', vob: 'ps', avi: 'avi' })[name.split('.')[1]];

const send = (bytes, name) => server.post('/content', {
  token, multipart: uploadParts(bytes, { filename: 'clip.bin', type: 'application/octet-stream', content_type: SOURCES[name].kind }),
});

/** What ffprobe says having read every packet. */
async function whatIsThere(bytes) {
  const file = path.join(directory, 'sent');
  await writeFile(file, bytes);
  const { stdout } = await run('ffprobe', ['-v', 'quiet', '-probesize', '100M', '-analyzeduration', '100M', '-show_packets', '-show_streams', '-show_entries',
    'packet=stream_index,pts_time,duration_time', '-of', 'json', file], { maxBuffer: 64 * MIB });
  const { packets, streams } = JSON.parse(stdout);
  const timed = packets.filter(({ pts_time }) => pts_time !== undefined);
  const begin = Math.min(...timed.map(({ pts_time }) => Number(pts_time)));
  const endOf = (some) => Math.max(...some.map(({ pts_time, duration_time }) => Number(pts_time) + Number(duration_time ?? 0)));
  // Of a file that is cut off the last packets may be no whole ones, and pictures come in another order than they are shown in.
  const lasts = [...new Set(timed.map(({ stream_index }) => stream_index))].map((index) => timed.findLast(({ stream_index }) => stream_index === index));
  const ends = [endOf(timed), endOf(timed.filter((packet) => !lasts.includes(packet)))];
  const codec = (type) => streams.find(({ codec_type }) => codec_type === type)?.codec_name ?? null;
  return { durations: ends.map((end) => (end - begin) * 1000), video: codec('video'), audio: codec('audio'), packets: packets.length };
}

async function assertStored(name, bytes, truncated, expected = bytes) {
  const answer = await send(bytes, name);
  assert.equal(answer.status, 201, answer.text());
  const content = answer.json();
  const there = await whatIsThere(expected);
  const [all, whole] = there.durations;
  const near = (duration) => Math.abs(content.duration_ms - duration) <= FRAME;
  assert.ok(near(all) || (truncated && near(whole)), `${content.duration_ms} ms, and there are ${there.durations}`);
  assert.equal(content.video_codec, there.video);
  assert.equal(content.audio_codec, there.audio);
  assert.equal(content.width, SOURCES[name].kind === 'video' ? 160 : null);
  assert.equal(content.truncated, truncated);
  assert.equal(content.size, bytes.length);
}

for (const name of Object.keys(SOURCES)) {
  describe(name, () => {
    test('as it is', async () => assertStored(name, await source(name), false));

    for (const size of [5 * MIB, 12 * MIB]) {
      test(`with ${size / MIB} MiB of filler`, async () => {
        const bytes = await source(name);
        await assertStored(name, FILLERS[family(name)](bytes, size), false, bytes);
      });
    }

    for (const [what, tag] of [['an APE tag', APE_FOOTER], ['an ID3v1 tag', ID3V1], ['zeros', Buffer.alloc(100_000)], ['an APE tag and an ID3v1 tag', Buffer.concat([APE_FOOTER, ID3V1])]]) {
      test(`with ${what} behind it`, async () => {
        const bytes = await source(name);
        await assertStored(name, Buffer.concat([bytes, tag]), false, bytes);
      });
    }

    if (['ts', 'm2ts', 'ps'].includes(family(name))) {
      test('with junk in front of it', async () => {
        const bytes = await source(name);
        await assertStored(name, Buffer.concat([noise(4321), bytes]), false, bytes);
      });
    }

    if (SOURCES[name].index === 'behind') {
      test('cut off it has no index, and is refused', async () => {
        const bytes = await source(name);
        for (const length of [bytes.length / 3, bytes.length - 1]) {
          const answer = await send(bytes.subarray(0, length), name);
          assert.equal(answer.status, 422, answer.text());
          assert.equal(answer.json().code, 'media_truncated');
          assert.match(answer.json().detail, /index \(moov\)/);
        }
      });
    } else {
      test('cut off at a third', async () => {
        const bytes = await source(name);
        const part = bytes.subarray(0, Math.floor(bytes.length / 3) | 1);
        await assertStored(name, part, true);
      });

      test('cut off in its last unit', async () => {
        const bytes = await source(name);
        const last = family(name) === 'avi' ? bytes.lastIndexOf('idx1') - 5 : family(name) === 'matroska' && name !== 'live.webm' ? bytes.lastIndexOf(Buffer.from('1c53bb6b', 'hex')) - 3 : name.includes('fragment') ? bytes.lastIndexOf('mfra') - 4 - 3 : bytes.length - 3;
        await assertStored(name, bytes.subarray(0, last), true);
      });
    }

    test('cut off before its first frame', async () => {
      const bytes = await source(name);
      const answer = await send(bytes.subarray(0, 90), name);
      assert.equal(answer.status, 422, answer.text());
      assert.match(answer.json().code, /media_(truncated|unrecognised|unsupported)/);
    });
  });
}

test('a movie whose media is in another file is refused', async () => {
  const bytes = Buffer.from(await source('faststart.mp4'));
  const entry = bytes.indexOf('url ');
  bytes.writeUInt32BE(0, entry + 4); // not in this file, and an address that follows
  assert.equal((await send(bytes, 'faststart.mp4')).status, 201, 'without an address there is nothing to follow');
  const address = Buffer.from('file:///etc/passwd\0');
  const grow = (type) => {
    for (let at = bytes.indexOf(type); at > 0; at = bytes.indexOf(type, at + 4)) {
      if (at > entry) break;
      last[type] = at;
    }
    return last[type];
  };
  const last = {};
  const sizes = ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref', 'url '].map(grow);
  for (const at of sizes.concat()) if (at > 0) bytes.writeUInt32BE(bytes.readUInt32BE(at - 4) + address.length, at - 4);
  bytes.writeUInt32BE(bytes.readUInt32BE(entry - 4) + (last['url '] ? 0 : address.length), entry - 4);
  const answer = await send(Buffer.concat([bytes.subarray(0, entry + 8), address, bytes.subarray(entry + 8)]), 'faststart.mp4');
  assert.equal(answer.status, 422, answer.text());
  assert.equal(answer.json().code, 'media_unsupported');
  assert.match(answer.json().detail, /another file/);
});

test('nothing is left behind', () => assertNothingLeftBehind(server));
