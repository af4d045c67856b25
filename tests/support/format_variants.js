// The accepted formats, and what other people's programs do to a file of each: fillers and covers in front of the media,
// tags before and behind it, and recordings that stop.

import { FILLERS } from './fillers.js';
import { media } from './media.js';

const MIB = 1024 * 1024;

const le = (value, size = 4) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  return bytes;
};
const be = (value, size = 4) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
};
/** Bytes that are the header of nothing. */
const filler = (size) => Buffer.alloc(size, 'A cover of many bytes. ');
const text = (value) => Buffer.from(value, 'latin1');
const insert = (bytes, at, ...parts) => Buffer.concat([bytes.subarray(0, at), ...parts, bytes.subarray(at)]);

const synchsafe = (size) => Buffer.from([21, 14, 7, 0].map((shift) => (size >> shift) & 127));
function id3v2(size) {
  const body = Buffer.concat([text('\0image/png\0\x03\0'), filler(size)]);
  const frame = Buffer.concat([text('APIC'), synchsafe(body.length), Buffer.alloc(2), body]);
  return Buffer.concat([text('ID3\x04\0\0'), synchsafe(frame.length), frame]);
}
const id3v1 = Buffer.concat([text('TAGA title'), Buffer.alloc(118)]);
const apeFooter = Buffer.concat([text('APETAGEX'), le(2000), le(32), le(0), Buffer.alloc(12)]);
const lyrics3 = Buffer.concat([text('LYRICSBEGIN'), filler(40), text('000051LYRICS200')]);
const BEHIND = [['ID3v1', id3v1], ['APEv2', apeFooter], ['Lyrics3 and ID3v1', Buffer.concat([lyrics3, id3v1])], ['zeros', Buffer.alloc(3000)]];

const inFront = (bytes, size) => Buffer.concat([id3v2(size), bytes]);
const chunk = (name, size) => Buffer.concat([text(name), le(size), filler(size)]);
const box = (type, size) => Buffer.concat([be(size + 8), text(type), filler(size)]);

/** `unit`: the longest frame, packet or page in milliseconds. `fill`: adds so many bytes of a filler.
 *  `tags`: ID3v2 in front is ignored. `index`: the file is nothing without its end. `end`: where the last unit ends, if
 *  an index that players do without stands behind it. */
export const FORMATS = [
  { name: 'MP4, index first', file: 'faststart.mp4', kind: 'video', type: 'video/mp4', unit: 100, fill: FILLERS.iso },
  { name: 'MP4, index last', file: 'plain.mp4', kind: 'video', type: 'video/mp4', unit: 100, index: true, fill: FILLERS.iso },
  {
    name: 'MP4, fragmented', file: 'fragmented.mp4', kind: 'video', type: 'video/mp4', unit: 1100, end: (bytes) => bytes.lastIndexOf('mfra') - 4,
    fill: (bytes, size) => insert(bytes, bytes.indexOf('moof') - 4, box('free', size)),
  },
  { name: 'QuickTime', file: 'clip.mov', kind: 'video', type: 'video/quicktime', unit: 100, index: true, fill: FILLERS.iso },
  { name: 'M4A', file: 'tone.m4a', kind: 'audio', type: 'audio/mp4', unit: 25, index: true, fill: FILLERS.iso },
  { name: 'WebM', file: 'clip.webm', kind: 'video', type: 'video/webm', unit: 100, fill: FILLERS.matroska },
  { name: 'Matroska', file: 'clip.mkv', kind: 'video', type: 'video/x-matroska', unit: 100, fill: FILLERS.matroska },
  { name: 'MPEG-TS', file: 'clip.ts', kind: 'video', type: 'video/mp2t', unit: 100, fill: FILLERS.ts },
  { name: 'MPEG-PS', file: 'clip.mpg', kind: 'video', type: 'video/mpeg', unit: 100, fill: FILLERS.ps },
  { name: 'AVI', file: 'clip.avi', kind: 'video', type: 'video/x-msvideo', unit: 100, end: (bytes) => bytes.lastIndexOf('idx1'), fill: FILLERS.avi },
  { name: 'MP3', file: 'long.mp3', kind: 'audio', type: 'audio/mpeg', unit: 27, demuxer: 'mp3', tags: true },
  { name: 'MP3, VBR', file: 'long-vbr.mp3', kind: 'audio', type: 'audio/mpeg', unit: 72, demuxer: 'mp3', tags: true },
  { name: 'MP3, VBR without Xing', file: 'long-bare.mp3', kind: 'audio', type: 'audio/mpeg', unit: 72, demuxer: 'mp3', tags: true },
  { name: 'ADTS', file: 'long.aac', kind: 'audio', type: 'audio/aac', unit: 24, demuxer: 'aac', tags: true },
  {
    name: 'FLAC', file: 'long.flac', kind: 'audio', type: 'audio/flac', unit: 110, demuxer: 'flac', tags: true,
    blocks: (bytes, size) => insert(bytes, 42, Buffer.from([6]), be(size, 3), filler(size)),
  },
  { name: 'WAV', file: 'long.wav', kind: 'audio', type: 'audio/wav', unit: 25, fill: (bytes, size) => insert(bytes, 12, chunk('JUNK', size)) },
  { name: 'RF64', file: 'long-rf64.wav', kind: 'audio', type: 'audio/wav', unit: 25, fill: (bytes, size) => insert(bytes, 48, chunk('JUNK', size)) },
  { name: 'Ogg Vorbis', file: 'long.ogg', kind: 'audio', type: 'audio/ogg', unit: 1100 },
  { name: 'Ogg Opus', file: 'long.opus', kind: 'audio', type: 'audio/ogg', unit: 1100 },
];

/** What is made of a format's file: `{name, bytes}`, with `media` where ffprobe must be asked of the media alone,
 *  `truncated` where the recording stops, `refused` with the codes where there is nothing to play. */
export async function variants(format) {
  const { bytes } = await media(format.file);
  const all = [{ name: 'plain', bytes }, { name: 'empty', bytes: Buffer.alloc(0), refused: ['media_unrecognised', 'empty_file', 'validation_failed'] }];
  for (const size of [5 * MIB, 12 * MIB]) {
    const fills = [['filler', format.fill], ['cover in its blocks', format.blocks], ['ID3v2 cover in front', format.tags && inFront]];
    for (const [what, fill] of fills) {
      if (fill) all.push({ name: `${size / MIB} MiB of ${what}`, bytes: fill(bytes, size), media: bytes });
    }
  }
  for (const [what, tag] of BEHIND) all.push({ name: `${what} behind`, bytes: Buffer.concat([bytes, tag]), media: bytes });
  if (format.demuxer && format.demuxer !== 'flac') all.push({ name: 'junk in front', bytes: Buffer.concat([filler(30_000), bytes]), media: bytes });
  const cuts = [['a third', Math.floor(bytes.length / 3)], ['all but the end of the last unit', (format.end?.(bytes) ?? bytes.length) - 3]];
  for (const [what, length] of cuts) {
    const part = bytes.subarray(0, length);
    if (format.index) all.push({ name: `only ${what}`, bytes: part, refused: ['media_truncated'] });
    else all.push({ name: `only ${what}`, bytes: part, truncated: true });
  }
  return all;
}
