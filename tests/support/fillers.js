// Fillers as each format knows them: bytes that carry no media and stand in front of, or between, what must be read.
// Nothing that the file refers to by its offset moves away from there.

/** Bytes without a pattern that any format begins with. */
export const noise = (size) => {
  const bytes = Buffer.alloc(size);
  let state = 7;
  for (let i = 0; i < size; ++i) bytes[i] = (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  return bytes;
};

const box = (type, body) => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
};

/** Puts `filler` `at` bytes before the first place where `pattern` stands. */
function insertBefore(bytes, pattern, at, filler) {
  const place = bytes.indexOf(pattern) - at;
  return Buffer.concat([bytes.subarray(0, place), filler, bytes.subarray(place)]);
}

const times = (packet, size) => Buffer.concat(Array(Math.ceil(size / packet.length)).fill(packet));
const NULL_PACKET = Buffer.concat([Buffer.from('471fff10', 'hex'), Buffer.alloc(184, 0xff)]);

/** By family of formats: the file with `size` bytes of filler. */
export const FILLERS = {
  iso: (bytes, size) => {
    const filler = box('free', noise(size));
    // An index in front counts its chunks from the start of the file: the filler goes behind.
    const isBehind = bytes.indexOf('moov') > bytes.indexOf('mdat');
    return isBehind ? insertBefore(bytes, 'moov', 4, filler) : Buffer.concat([bytes, filler]);
  },
  matroska: (bytes, size) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE((1n << 56n) | BigInt(size));
    const attachment = Buffer.concat([Buffer.from('1941a469', 'hex'), length, noise(size)]);
    const tracks = bytes.subarray(0, 5000).lastIndexOf(Buffer.from('1654ae6b', 'hex')); // the first one is where the SeekHead names it
    const filled = Buffer.concat([bytes.subarray(0, tracks), attachment, bytes.subarray(tracks)]);
    const segment = filled.indexOf(Buffer.from('18538067', 'hex')) + 4;
    filled.writeBigUInt64BE((1n << 56n) | ((1n << 56n) - 1n), segment); // of unknown size
    return filled;
  },
  ts: (bytes, size) => {
    const filler = times(NULL_PACKET, size);
    return Buffer.concat([filler, bytes, filler]);
  },
  m2ts: (bytes, size) => {
    const filler = times(Buffer.concat([Buffer.alloc(4), NULL_PACKET]), size);
    return Buffer.concat([filler, bytes, filler]);
  },
  ps: (bytes, size) => {
    const filler = times(Buffer.concat([Buffer.from('000001be07fa', 'hex'), Buffer.alloc(0x7fa, 0xff)]), size);
    return Buffer.concat([bytes.subarray(0, 14), filler, bytes.subarray(14)]);
  },
  avi: (bytes, size) => {
    const head = Buffer.from('JUNK\0\0\0\0', 'latin1');
    head.writeUInt32LE(size, 4);
    const filled = insertBefore(bytes, 'movi', 8, Buffer.concat([head, noise(size)]));
    filled.writeUInt32LE(bytes.readUInt32LE(4) + 8 + size, 4);
    return filled;
  },
};
