// A valid video of any size: a second of picture and sound, then one `free` box (ISO/IEC 14496-12, 8.1.2) over
// pseudo-random bytes up to the end.

import { execFileSync } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const BLOCK = 1024 * 1024;
const FREE_HEADER = 16; // with a 64-bit size

export class Media {
  #head;
  #block;

  /** `size` bytes in all; `clip` are those of a whole MP4 file. */
  constructor(clip, size) {
    const header = Buffer.alloc(FREE_HEADER);
    header.writeUInt32BE(1, 0);
    header.write('free', 4, 'latin1');
    header.writeBigUInt64BE(BigInt(size - clip.length), 8);
    this.#head = Buffer.concat([clip, header]);
    this.#block = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16)).update(Buffer.alloc(BLOCK));
    this.size = size;
    const hash = createHash('sha256');
    for (const piece of this.pieces()) hash.update(piece);
    this.sha256 = hash.digest('hex');
  }

  /** The bytes in order; nothing is copied. */
  *pieces() {
    yield this.#head;
    let left = this.size - this.#head.length;
    for (; left >= BLOCK; left -= BLOCK) yield this.#block;
    if (left > 0) yield this.#block.subarray(0, left);
  }

  /** The bytes from `start` up to `end`, for comparing. */
  slice(start, end) {
    const result = Buffer.alloc(end - start);
    let at = 0;
    for (const piece of this.pieces()) {
      if (at < end && at + piece.length > start) piece.copy(result, Math.max(at - start, 0), Math.max(start - at, 0));
      at += piece.length;
      if (at >= end) break;
    }
    return result;
  }
}

/** The bytes of a one-second MP4 file with its index in front. */
export function makeClip(directory) {
  const file = path.join(directory, 'clip.mp4');
  execFileSync('ffmpeg', [
    ...'-v error -nostdin -f lavfi -i testsrc=size=320x240:rate=25:duration=1'.split(' '),
    ...'-f lavfi -i sine=frequency=440:duration=1 -pix_fmt yuv420p -c:a aac -shortest -movflags +faststart'.split(' '),
    file,
  ]);
  const clip = readFileSync(file);
  rmSync(file);
  return clip;
}
