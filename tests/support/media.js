// Media files: real ones made by ffmpeg once and kept in a cache under the temporary directory, and small WAV files
// made by hand where a test wants to decide about size or bytes.

import { execFile } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION = 3; // raise when a recipe changes
const CACHE = path.join(os.tmpdir(), `clinikk-tv-media-${VERSION}-${process.getuid()}`);

const picture = (filter = '', seconds = 2) =>
  ['-f', 'lavfi', '-i', `testsrc2=size=160x120:rate=10:duration=${seconds}${filter}`];
const sound = (seconds = 2) => ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`];
const noise = (seconds) => ['-f', 'lavfi', '-i', `anoisesrc=sample_rate=16000:seed=1:duration=${seconds}`];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '10'];
const aac = ['-c:a', 'aac', '-b:a', '48k'];
const both = (...rest) => [...picture(), ...sound(), ...rest];

/** What each file must be recognised as; `recipe` are ffmpeg's arguments; one with `edit` is
 *  derived from another file. */
export const FILES = {
  'faststart.mp4': { kind: 'video', type: 'video/mp4', recipe: both(...h264, ...aac, '-movflags', '+faststart') },
  'plain.mp4': { kind: 'video', type: 'video/mp4', recipe: both(...h264, ...aac) },
  'fragmented.mp4': {
    kind: 'video',
    type: 'video/mp4',
    recipe: both(...h264, ...aac, '-movflags', 'frag_keyframe+empty_moov+default_base_moof'),
  },
  'clip.m4v': { kind: 'video', type: ['video/mp4', 'video/x-m4v'], recipe: both(...h264, ...aac, '-f', 'ipod') },
  'clip.mov': { kind: 'video', type: 'video/quicktime', recipe: both(...h264, ...aac) },
  'clip.webm': {
    kind: 'video',
    type: 'video/webm',
    recipe: both('-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '200k', '-c:a', 'libopus'),
  },
  'clip.mkv': { kind: 'video', type: ['video/x-matroska', 'video/matroska'], recipe: both(...h264, ...aac) },
  'clip.ts': { kind: 'video', type: 'video/mp2t', recipe: both(...h264, ...aac, '-f', 'mpegts') },
  'clip.mpg': { kind: 'video', type: ['video/mpeg', 'video/mp2p'], recipe: [...picture(':rate=25'), ...sound(), '-c:v', 'mpeg2video', '-c:a', 'mp2', '-f', 'vob'] },
  'clip.avi': { kind: 'video', type: ['video/x-msvideo', 'video/vnd.avi', 'video/avi'], recipe: both('-c:v', 'mpeg4', '-c:a', 'libmp3lame') },
  'silent.mp4': { kind: 'video', type: 'video/mp4', recipe: [...picture(), ...h264] },
  'wide-pixels.mp4': { kind: 'video', type: 'video/mp4', width: 320, recipe: [...picture(',setsar=2'), ...h264] },
  'rotated.mp4': {
    kind: 'video',
    type: 'video/mp4',
    width: 120,
    height: 160,
    from: 'silent.mp4',
    edit: turnSideways,
  },
  'tone.mp3': { kind: 'audio', type: 'audio/mpeg', recipe: [...sound(), '-c:a', 'libmp3lame'] },
  'tone.m4a': { kind: 'audio', type: ['audio/mp4', 'audio/x-m4a'], recipe: [...sound(), ...aac] },
  'tone.aac': { kind: 'audio', type: ['audio/aac', 'audio/aacp'], recipe: [...sound(), ...aac, '-f', 'adts'] },
  'tone.flac': { kind: 'audio', type: ['audio/flac', 'audio/x-flac'], recipe: [...sound(), '-c:a', 'flac'] },
  'tone.wav': { kind: 'audio', type: ['audio/wav', 'audio/vnd.wave', 'audio/x-wav'], recipe: sound() },
  'tone.ogg': { kind: 'audio', type: 'audio/ogg', recipe: [...sound(), '-c:a', 'libvorbis'] },
  'tone.opus': { kind: 'audio', type: ['audio/ogg', 'audio/opus'], recipe: [...sound(), '-c:a', 'libopus'] },
  'cover.mp3': {
    kind: 'audio',
    type: 'audio/mpeg',
    recipe: [...sound(), ...picture('', 0.1), '-map', '0:a', '-map', '1:v', '-c:a', 'libmp3lame', '-c:v', 'png', '-disposition:v', 'attached_pic'],
  },
  'long.mp4': { kind: 'video', type: 'video/mp4', recipe: [...picture('', 20), ...sound(20), ...h264, ...aac, '-movflags', '+faststart'] },
  'long-vbr.mp3': { kind: 'audio', type: 'audio/mpeg', recipe: [...noise(60), '-c:a', 'libmp3lame', '-q:a', '4'] },
  'long-bare.mp3': { kind: 'audio', type: 'audio/mpeg', recipe: [...noise(60), '-c:a', 'libmp3lame', '-q:a', '4', '-write_xing', '0', '-id3v2_version', '0'] },
  'long.aac': { kind: 'audio', type: 'audio/aac', recipe: [...noise(60), '-c:a', 'aac', '-b:a', '96k', '-ar', '44100', '-f', 'adts'] },
  'long.flac': { kind: 'audio', type: 'audio/flac', recipe: [...sound(30), '-c:a', 'flac'] },
  'long.wav': { kind: 'audio', type: 'audio/wav', recipe: sound(20) },
  'long-rf64.wav': { kind: 'audio', type: 'audio/wav', recipe: [...sound(20), '-rf64', 'always'] },
  'long.ogg': { kind: 'audio', type: 'audio/ogg', recipe: [...sound(30), '-c:a', 'libvorbis'] },
  'long.opus': { kind: 'audio', type: 'audio/ogg', recipe: [...sound(30), '-c:a', 'libopus'] },
  'long.mp3': { kind: 'audio', type: 'audio/mpeg', recipe: [...sound(20), '-c:a', 'libmp3lame', '-b:a', '64k'] },
};

const loaded = new Map();

/** A file of `FILES`: `{name, path, bytes, size, sha256, kind, type, width, height}`. */
export function media(name) {
  if (!loaded.has(name)) loaded.set(name, load(name));
  return loaded.get(name);
}

async function load(name) {
  const description = FILES[name];
  if (!description) throw new Error(`no recipe for ${name}`);
  const target = path.join(CACHE, name);
  const there = await stat(target).catch(() => null);
  if (!there) await make(name, description, target);
  const bytes = await readFile(target);
  const size = description.kind === 'video' ? { width: description.width ?? 160, height: description.height ?? 120 } : {};
  return { name, path: target, bytes, size: bytes.length, sha256: sha256(bytes), kind: description.kind, type: description.type, ...size };
}

async function make(name, { recipe, from, edit }, target) {
  await mkdir(CACHE, { recursive: true });
  // Other test files may be making the same one: whoever is last to rename wins, and both are alike.
  const temporary = path.join(CACHE, `.${process.pid}.${name}`);
  try {
    if (edit) await writeFile(temporary, edit((await media(from)).bytes));
    else await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...recipe, '-fflags', '+bitexact', temporary]);
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The same movie with a track matrix that says: show it turned by 90 degrees (ISO/IEC 14496-12, section 8.3.2). */
function turnSideways(movie) {
  const edited = Buffer.from(movie);
  const matrix = edited.indexOf('tkhd') + 4 + 40;
  [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000].forEach((value, i) => edited.writeInt32BE(value, matrix + 4 * i));
  return edited;
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A WAV file (8 kHz, 8 bit, one channel) around these samples. */
export function wavOf(samples) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // channels
  head.writeUInt32LE(8000, 24); // samples a second
  head.writeUInt32LE(8000, 28); // bytes a second
  head.writeUInt16LE(1, 32); // bytes a frame
  head.writeUInt16LE(8, 34); // bits a sample
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

/** A WAV file of exactly `size` bytes whose samples follow from `seed`: different seeds, different files. */
export function wav(size = 4096, seed = 1) {
  const samples = Buffer.alloc(size - 44);
  let state = (seed * 2654435761 + 1) >>> 0;
  for (let i = 0; i < samples.length; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    samples[i] = state >>> 24;
  }
  return wavOf(samples);
}

/** A movie of exactly `size` bytes: a real one, and a `free` box (ISO/IEC 14496-12, section 8.1.2) of bytes that follow from `seed`. */
export async function movieOf(size, seed) {
  const { bytes } = await media('plain.mp4');
  const box = Buffer.alloc(size - bytes.length);
  box.writeUInt32BE(box.length, 0);
  box.write('free', 4, 'latin1');
  createCipheriv('aes-128-ctr', Buffer.alloc(16, `movie ${seed}`), Buffer.alloc(16)).update(Buffer.alloc(box.length - 8)).copy(box, 8);
  return Buffer.concat([bytes, box]);
}

/** ffprobe's verdict on a path or URL. */
export async function ffprobe(input, ...options) {
  const { stdout } = await run('ffprobe', ['-v', 'error', ...options, '-show_format', '-show_streams', '-of', 'json', input]);
  return JSON.parse(stdout);
}

/** Decodes all of a path or URL, from `start` seconds on, and returns how many frames of video or audio came. */
export async function decode(input, { start = 0, stream = 'v' } = {}) {
  const { stdout } = await run('ffmpeg', [
    '-nostdin', '-v', 'error', '-xerror', '-ss', String(start), '-i', input, '-map', `0:${stream}:0`, '-f', 'framecrc', '-',
  ]);
  return stdout.split('\n').filter((line) => line && !line.startsWith('#')).length;
}
