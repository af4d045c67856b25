// Boxes of ISO/IEC 14496-12 in both directions: a tree that tests read or change, and what segments say of their samples.

const PARENTS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'edts', 'mvex', 'moof', 'traf', 'udta', 'dinf']);

/** The boxes of these bytes, in order: `{type, children}` or `{type, payload}`. Throws when they do not fit. */
export function readBoxes(bytes) {
  const boxes = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 8) throw new Error(`${bytes.length - at} bytes that are no box`);
    let size = bytes.readUInt32BE(at);
    let header = 8;
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (size === 1) {
      size = Number(bytes.readBigUInt64BE(at + 8));
      header = 16;
    } else if (size === 0) size = bytes.length - at;
    if (size < header || at + size > bytes.length) throw new Error(`a ${type} of ${size} bytes where ${bytes.length - at} are left`);
    const payload = bytes.subarray(at + header, at + size);
    boxes.push(PARENTS.has(type) ? { type, children: readBoxes(payload), header, at } : { type, payload, header, at });
    at += size;
  }
  return boxes;
}

/** A box as bytes. */
export function writeBox({ type, children, payload }) {
  const body = children ? Buffer.concat(children.map(writeBox)) : payload;
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** The box at a path such as `moov/trak/edts`, the first of each name; undefined when there is none. */
export function findBox(boxes, path) {
  const [name, ...rest] = path.split('/');
  const found = boxes.find((box) => box.type === name);
  return rest.length === 0 || !found ? found : findBox(found.children, rest.join('/'));
}

export const findAll = (boxes, type) => boxes.filter((box) => box.type === type);

/** The `trak`s of a handler, `vide` or `soun`. */
export const tracksOf = (movie, handler) =>
  findAll(movie.children, 'trak').filter((trak) => findBox([trak], 'trak/mdia/hdlr').payload.toString('latin1', 8, 12) === handler);

/** A payload of 32-bit numbers. */
export function words(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeUInt32BE(value >>> 0, 4 * i));
  return bytes;
}

/** What an init segment says: `{trackId, timescale, handler, mediaStart, defaults, movie}`. */
export function readInit(bytes) {
  const boxes = readBoxes(bytes);
  const movie = findBox(boxes, 'moov');
  const traks = findAll(movie.children, 'trak');
  if (boxes[0].type !== 'ftyp' || traks.length !== 1) throw new Error('an init segment has ftyp, and one track');
  const mdhd = findBox(traks, 'trak/mdia/mdhd').payload;
  const trex = findBox([movie], 'moov/mvex/trex').payload;
  return {
    trackId: findBox(traks, 'trak/tkhd').payload.readUInt32BE(findBox(traks, 'trak/tkhd').payload[0] === 1 ? 20 : 12),
    timescale: mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12),
    handler: findBox(traks, 'trak/mdia/hdlr').payload.toString('latin1', 8, 12),
    mediaStart: readEdit(findBox(traks, 'trak/edts/elst')?.payload),
    defaults: { duration: trex.readUInt32BE(12), size: trex.readUInt32BE(16), flags: trex.readUInt32BE(20) },
    movie,
  };
}

function readEdit(elst) {
  if (!elst) return 0;
  if (elst.readUInt32BE(4) !== 1) throw new Error('an init segment has one edit');
  const wide = elst[0] === 1;
  const start = wide ? Number(elst.readBigInt64BE(16)) : elst.readInt32BE(12);
  if (start < 0) throw new Error('an edit of an init segment is not empty');
  if (elst.readUInt32BE(wide ? 24 : 16) !== 0x10000) throw new Error('an edit has normal speed');
  return start;
}

/** What a media segment says: `{sequence, trackId, decodeTime, samples, payload}`; throws when its parts disagree. */
export function readSegment(bytes, init) {
  const boxes = readBoxes(bytes);
  const names = boxes.map(({ type }) => type).join(' ');
  if (names !== 'styp moof mdat') throw new Error(`a segment of ${names}`);
  const [, moof, mdat] = boxes;
  const tfhd = readTrackFragmentHeader(findBox([moof], 'moof/traf/tfhd').payload, init.defaults);
  const run = readRun(findBox([moof], 'moof/traf/trun').payload, tfhd);
  const total = run.samples.reduce((sum, { size }) => sum + size, 0);
  if (moof.at + run.dataOffset !== mdat.at + mdat.header) throw new Error('the data offset is not that of the mdat');
  if (total !== mdat.payload.length) throw new Error(`samples of ${total} bytes in an mdat of ${mdat.payload.length}`);
  return {
    sequence: findBox([moof], 'moof/mfhd').payload.readUInt32BE(4),
    trackId: tfhd.trackId,
    decodeTime: Number(findBox([moof], 'moof/traf/tfdt').payload.readBigUInt64BE(4)),
    samples: run.samples,
    payload: mdat.payload,
  };
}

function readTrackFragmentHeader(bytes, defaults) {
  const flags = bytes.readUInt32BE(0);
  if (!(flags & 0x20000) || flags & 0x3) throw new Error('tfhd: not relative to its moof, or of another description');
  let at = 8;
  const next = (flag, fallback) => (flags & flag ? bytes.readUInt32BE((at += 4) - 4) : fallback);
  const header = { trackId: bytes.readUInt32BE(4), duration: next(0x8, defaults.duration), size: next(0x10, defaults.size), flags: next(0x20, defaults.flags) };
  if (at !== bytes.length) throw new Error('tfhd: bytes left over');
  return header;
}

function readRun(bytes, defaults) {
  const flags = bytes.readUInt32BE(0) & 0xffffff;
  if (!(flags & 1)) throw new Error('trun without data offset');
  let at = 12;
  const next = () => bytes.readUInt32BE((at += 4) - 4);
  const firstFlags = flags & 4 ? next() : undefined;
  const samples = Array.from({ length: bytes.readUInt32BE(4) }, (_, i) => {
    const duration = flags & 0x100 ? next() : defaults.duration;
    const size = flags & 0x200 ? next() : defaults.size;
    const own = flags & 0x400 ? next() : i === 0 && firstFlags !== undefined ? firstFlags : defaults.flags;
    const offset = flags & 0x800 ? next() : 0;
    return { duration, size, isSync: (own & 0x10000) === 0, offset };
  });
  if (at !== bytes.length) throw new Error('trun: bytes left over');
  return { dataOffset: bytes.readInt32BE(8), samples };
}
