// Films as encoders write them: H.264 with B-frames and AAC, finely interleaved, with the `moov` at the end.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const BLOCK = 1024 * 1024;
const SCENE = 20; // seconds of picture that are encoded; the rest is copies of them
const KILOBITS = 128; // of the sound

/** What is uploaded of a file: its bytes, some of them replaced. `changes` are `{offset, bytes}`. */
export class FileMedia {
  #file;
  #changes;

  constructor(file, changes = []) {
    this.#file = file;
    this.#changes = changes;
    this.size = statSync(file).size;
    const hash = createHash('sha256');
    for (const piece of this.pieces()) hash.update(piece);
    this.sha256 = hash.digest('hex');
  }

  *pieces() {
    const descriptor = openSync(this.#file, 'r');
    try {
      for (let at = 0; at < this.size; at += BLOCK) {
        const piece = Buffer.alloc(Math.min(BLOCK, this.size - at));
        readSync(descriptor, piece, 0, piece.length, at);
        for (const { offset, bytes } of this.#changes) {
          if (offset + bytes.length > at && offset < at + piece.length) bytes.copy(piece, Math.max(offset - at, 0), Math.max(at - offset, 0));
        }
        yield piece;
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

const run = (...args) => execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args]);

/** Makes a film of that many seconds with a picture of that many Mbit/s, without sound if so wished. Returns its path. */
export function makeFilm(directory, { name, seconds, megabits, sound = true }) {
  const scene = path.join(directory, `${name}-scene.mp4`);
  const film = path.join(directory, `${name}.mp4`);
  const rate = `${Math.round(megabits * 1000) - (sound ? KILOBITS : 0)}k`;
  run('-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=25:duration=${SCENE},noise=alls=40:allf=t`,
    '-f', 'lavfi', '-i', `anoisesrc=sample_rate=48000:duration=${SCENE}:seed=1`,
    '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50', '-bf', '2', '-x264-params', 'scenecut=0:nal-hrd=cbr',
    '-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, '-c:a', 'aac', '-b:a', `${KILOBITS}k`, scene);
  run('-stream_loop', '-1', '-i', scene, '-t', String(seconds), '-c', 'copy', ...(sound ? [] : ['-an']), film);
  rmSync(scene);
  return film;
}
