// Reads of a packaging index what its tracks take in it (docs/packaging-index.md).

const HEADER = 64;
const FAST_START = 2; // flag
const TRACK_NUMBERS = 13; // between the two bytes and the texts of a track
const TRACK_TEXTS = 5;

/** What each track takes: `{isVideo, bytes, samples}`. */
export function tracksOf(index) {
  let at = HEADER;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = index[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const numbers = (count) => Array.from({ length: count }, number);
  if (index.toString('latin1', 0, 8) !== 'CLKPKIDX' || index.readUInt16BE(8) !== 1) throw new Error('not an index of version 1');
  if (index.readUInt16BE(10) & FAST_START) skipPlan();
  const tracks = Array.from({ length: index.readUInt32BE(12) }, track);
  if (at !== index.length) throw new Error(`the tracks end at ${at} of ${index.length} bytes`);
  return tracks;

  function skipPlan() {
    at += 1;
    numbers(2);
    for (let tables = number(); tables > 0; --tables) {
      numbers(2);
      at += 1;
    }
    for (let boxes = number(); boxes > 0; --boxes) numbers(2);
  }

  function track() {
    const begin = at;
    const isVideo = index[at] === 0;
    at += 2;
    numbers(TRACK_NUMBERS);
    for (let texts = TRACK_TEXTS; texts > 0; --texts) {
      const length = number(); // it moves `at`
      at += length;
    }
    const segments = number();
    let samples = 0;
    let blobs = 0;
    for (let i = 0; i < segments; ++i) {
      const entry = numbers(i === 0 ? 10 : 9);
      samples += entry[0];
      blobs += entry.at(-1);
    }
    at += blobs;
    return { isVideo, bytes: at - begin, samples };
  }
}
