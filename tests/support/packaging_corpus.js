// Movies that differ in what packaging must get right: made by ffmpeg, some changed box by box, and kept in a cache
// under the temporary directory.

import { execFile } from 'node:child_process';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { findAll, findBox, readBoxes, tracksOf, words, writeBox } from './boxes.js';

const run = promisify(execFile);
const VERSION = 3; // raise when a recipe changes
const CACHE = path.join(os.tmpdir(), `clinikk-tv-packaging-${VERSION}-${process.getuid()}`);

const SECONDS = 10;
const picture = (seconds = SECONDS) => ['-f', 'lavfi', '-i', `testsrc2=size=160x120:rate=25:duration=${seconds}`];
const sound = (seconds = SECONDS, rate = 48000, pitch = 440) => ['-f', 'lavfi', '-i', `sine=frequency=${pitch}:sample_rate=${rate}:duration=${seconds}`];
const x264 = (parameters = '', frames = 2) => [
  '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '50', '-bf', String(frames),
  '-x264-params', `scenecut=0:threads=1${parameters}`,
];
const aac = ['-c:a', 'aac', '-b:a', '64k', '-ac', '2'];
const both = (...rest) => [...picture(), ...sound(), ...x264(), ...aac, ...rest];
const late = (seconds, ...what) => ['-itsoffset', String(seconds), ...what];

/**
 * `recipe`: arguments of ffmpeg; `from` and `edit`: another file with its boxes changed; `ext`: mp4 if not said.
 * What packaging may change: `silence`, silent frames in front of the audio; `gap`, the first picture stands that many
 * seconds longer. `edits`, where the edits of the tracks begin, in seconds, and `earlier`, by how much packaging moves the
 * beginning of the movie back to a key frame: for times that ffmpeg does not tell, because it drops packets.
 */
export const CORPUS = {
  'plain': { recipe: both() },
  'moov first': { recipe: both('-movflags', '+faststart') },
  'no B-frames': { recipe: [...picture(), ...sound(), ...x264('', 0), ...aac] },
  'B-frame pyramid': { recipe: [...picture(), ...sound(), ...x264(':b-pyramid=normal:b-adapt=0', 5), ...aac] },
  'variable frame rate': { recipe: [...picture(), ...sound(), '-vf', "select='lt(mod(n,7),5)'", '-fps_mode', 'vfr', ...x264(), ...aac] },
  'open GOP of HEVC': { recipe: [...picture(), ...sound(), '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=50:min-keyint=50:scenecut=0:open-gop=1:bframes=3:b-adapt=0:pools=1', '-pix_fmt', 'yuv420p', '-tag:v', 'hvc1', ...aac], openGop: true },
  'no edit list': { recipe: both('-use_editlist', '0'), gap: 0.08 },
  'edit inside a GOP': { from: 'plain', edit: (movie) => shiftEdits(movie, 1.2), edits: { video: 1.28, audio: 1.2 + 1024 / 48000 }, earlier: 1.2 },
  'priming of 2112': { from: 'plain', edit: (movie) => setAudioStart(movie, 2112), edits: { video: 0.08, audio: 2112 / 48000 }, earlier: 0 },
  'negative composition offsets': { recipe: both('-movflags', '+negative_cts_offsets') },
  'QuickTime sound': { recipe: both(), ext: 'mov' },
  'timecode and data tracks': { recipe: both('-timecode', '10:00:00:00', '-metadata', 'title=With a clock'), ext: 'mov' },
  'co64': { from: 'plain', edit: withWideOffsets },
  'stz2': { from: 'plain', edit: withSmallSizes },
  'rotated': { from: 'plain', edit: turned, resolution: '120x160' },
  'wide pixels': { recipe: [...picture(), ...sound(), '-vf', 'setsar=2', ...x264(), ...aac], resolution: '320x120' },
  'larger than 4 GiB': { from: 'plain', write: writeSparse },
  'audio 0.7 s late': { recipe: [...picture(), ...late(0.7, ...sound(9)), ...x264(), ...aac], silence: true },
  'audio 3 s late': { recipe: [...picture(), ...late(3, ...sound(7)), ...x264(), ...aac], silence: true },
  'video late': { recipe: [...late(1, ...picture(9)), ...sound(), '-fps_mode', 'passthrough', ...x264(), ...aac], gap: 1 },
  'audio only': { recipe: [...sound(14), ...aac], ext: 'm4a' },
  'two audio tracks only': { recipe: [...sound(), ...sound(SECONDS, 48000, 880), '-map', '0', '-map', '1', ...aac, '-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=hin'], ext: 'm4a' },
  'video only': { recipe: [...picture(), ...x264()] },
  '96 kHz': { recipe: [...picture(), ...sound(SECONDS, 96000), ...x264(), ...aac, '-ar', '96000'] },
  'mono': { recipe: [...picture(), ...sound(), ...x264(), ...aac, '-ac', '1'] },
  'languages': {
    recipe: [
      ...picture(), ...sound(), ...sound(SECONDS, 48000, 880), ...sound(SECONDS, 48000, 220), '-map', '0', '-map', '1', '-map', '2', '-map', '3',
      ...x264(), ...aac, '-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=hin', '-metadata:s:a:2', 'language=eng',
      '-metadata:s:a:2', 'handler_name=Comments of Ann & <Bob>',
    ],
  },
  'audio of two codecs': { recipe: [...picture(), ...sound(), ...sound(SECONDS, 48000, 880), '-map', '0', '-map', '1', '-map', '2', ...x264(), ...aac, '-c:a:1', 'ac3'] },
  'fragmented': { recipe: both('-movflags', 'frag_keyframe+empty_moov+default_base_moof+delay_moov') },
  'audio longer than video': { recipe: [...picture(), ...sound(16), ...x264(), ...aac] },
  'one second': { recipe: [...picture(1), ...sound(1), ...x264(), ...aac] },
  'HEVC': { recipe: [...picture(), ...sound(), '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=50:open-gop=0:pools=1', '-pix_fmt', 'yuv420p', '-tag:v', 'hvc1', ...aac] },
  'HEVC as hev1': { recipe: [...picture(), ...sound(), '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=50:open-gop=0:pools=1', '-pix_fmt', 'yuv420p', '-tag:v', 'hev1', ...aac] },
  'AV1': { recipe: [...picture(), ...sound(), '-c:v', 'libaom-av1', '-cpu-used', '8', '-usage', 'realtime', '-b:v', '100k', '-g', '50', '-pix_fmt', 'yuv420p', ...aac] },
  'VP9 and Opus': { recipe: [...picture(), ...sound(), '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '100k', '-g', '50', '-c:a', 'libopus'] },
  'FLAC': { recipe: [...picture(), ...sound(), ...x264(), '-c:a', 'flac', '-strict', '-2'] },
  'AC-3': { recipe: [...picture(), ...sound(), ...x264(), '-c:a', 'ac3'] },
};

const loaded = new Map();

/** The path of a file of the corpus. */
export function corpusFile(name) {
  if (!loaded.has(name)) loaded.set(name, load(name));
  return loaded.get(name);
}

async function load(name) {
  const { ext = 'mp4', recipe, from, edit, write } = CORPUS[name];
  const target = path.join(CACHE, `${name.replaceAll(' ', '-')}.${ext}`);
  if (await stat(target).catch(() => null)) return target;
  await mkdir(CACHE, { recursive: true });
  const temporary = path.join(CACHE, `.${process.pid}.${path.basename(target)}`);
  try {
    if (recipe) await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...recipe, '-fflags', '+bitexact', temporary]);
    else if (write) await write(await readFile(await corpusFile(from)), temporary);
    else await writeFile(temporary, changeMovie(await readFile(await corpusFile(from)), edit));
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
  return target;
}

/** A file whose `moov` is its last box, with that changed: nothing else moves. */
export function changeMovie(bytes, edit) {
  const boxes = readBoxes(bytes);
  const movie = boxes.at(-1);
  if (movie.type !== 'moov') throw new Error('the moov is not last');
  edit(movie);
  return Buffer.concat([bytes.subarray(0, movie.at), writeBox(movie)]);
}

const traksOf = (movie) => findAll(movie.children, 'trak');
const timescaleOf = (trak) => findBox([trak], 'trak/mdia/mdhd').payload.readUInt32BE(12);

/** Every track starts `seconds` later in its media. */
function shiftEdits(movie, seconds) {
  for (const trak of traksOf(movie)) {
    const elst = findBox([trak], 'trak/edts/elst').payload;
    elst.writeUInt32BE(elst.readUInt32BE(8) - seconds * 1000, 8);
    elst.writeInt32BE(elst.readInt32BE(12) + seconds * timescaleOf(trak), 12);
  }
}

function setAudioStart(movie, start) {
  findBox(tracksOf(movie, 'soun'), 'trak/edts/elst').payload.writeInt32BE(start, 12);
}

/** Chunk offsets of 64 bits, each moved by `shift`. */
function withWideOffsets(movie, shift = 0n) {
  for (const trak of traksOf(movie)) {
    const stco = findBox([trak], 'trak/mdia/minf/stbl/stco');
    const count = stco.payload.readUInt32BE(4);
    const wide = Buffer.alloc(8 + 8 * count);
    wide.writeUInt32BE(count, 4);
    for (let i = 0; i < count; ++i) wide.writeBigUInt64BE(BigInt(stco.payload.readUInt32BE(8 + 4 * i)) + shift, 8 + 8 * i);
    Object.assign(stco, { type: 'co64', payload: wide });
  }
}

/** Sample sizes of 16 bits. */
function withSmallSizes(movie) {
  for (const trak of traksOf(movie)) {
    const stsz = findBox([trak], 'trak/mdia/minf/stbl/stsz');
    const count = stsz.payload.readUInt32BE(8);
    if (stsz.payload.readUInt32BE(4) !== 0) continue;
    const small = Buffer.alloc(12 + 2 * count);
    small.writeUInt32BE(16, 4);
    small.writeUInt32BE(count, 8);
    for (let i = 0; i < count; ++i) small.writeUInt16BE(stsz.payload.readUInt32BE(12 + 4 * i), 12 + 2 * i);
    Object.assign(stsz, { type: 'stz2', payload: small });
  }
}

/** Shown turned by 90 degrees (ISO/IEC 14496-12 section 8.3.2). */
function turned(movie) {
  const tkhd = findBox(tracksOf(movie, 'vide'), 'trak/tkhd').payload;
  words(0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000).copy(tkhd, 40);
}

/** 4 GiB of nothing between `ftyp` and the media. */
async function writeSparse(bytes, target) {
  const gap = 2n ** 32n;
  const boxes = readBoxes(bytes);
  const media = boxes[1].at;
  const movie = boxes.at(-1);
  withWideOffsets(movie, gap);
  const header = Buffer.alloc(16);
  header.writeUInt32BE(1, 0);
  header.write('free', 4, 'latin1');
  header.writeBigUInt64BE(gap, 8);
  const file = await open(target, 'w');
  await file.write(bytes, 0, media, 0);
  await file.write(header, 0, 16, media);
  const rest = Buffer.concat([bytes.subarray(media, movie.at), writeBox(movie)]);
  await file.write(rest, 0, rest.length, media + Number(gap));
  await file.close();
}
