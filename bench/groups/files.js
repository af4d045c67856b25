// Bytes out: pieces of the 1 GiB file and the whole of it. Both servers send the same file on the disk.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import path from 'node:path';

import { download, get } from '../client.js';
import { startNginx, startServer } from '../processes.js';
import { load, requestList } from '../wrk.js';

const PIECE = 64 * 1024;

export const files = {
  needsLibrary: true,
  rows: [
    { id: 'ranges', work: '64 KiB ranges of a 1 GiB file', reference: 'nginx, the same file', ours: 'ranges', theirs: 'nginxRanges', metric: 'rate', unit: 'requests', atLeast: 1 },
    { id: 'whole', work: 'the whole 1 GiB file', reference: 'nginx, the same file', ours: 'whole', theirs: 'nginxWhole', metric: 'rate', unit: 'bytes', atLeast: 1 },
  ],

  async open(context, wanted) {
    const { library, media, file } = context;
    const server = await startServer(context, library.dataDir);
    const nginx = await startNginx(context, { files: path.dirname(file), uploads: context.directory });
    const places = [[server, `/content/${library.content.id}/stream`], [nginx, `/files/${path.basename(file)}`]];
    // Hashing both once checks them and brings the file into memory.
    for (const [place, target] of places) {
      const whole = await download(place.port, target, { hashed: true });
      assert.deepEqual(whole, { length: media.size, sha256: media.sha256 });
    }
    const sides = {};
    const offsets = Array.from({ length: 5000 }, () => randomInt(media.size - PIECE));
    for (const [name, [place, target]] of [['ranges', places[0]], ['nginxRanges', places[1]]]) {
      if (wanted.has(name)) sides[name] = await ranges(context, place, target, offsets);
    }
    sides.whole = () => whole(context, ...places[0]);
    sides.nginxWhole = () => whole(context, ...places[1]);
    return { sides, close: () => Promise.all([server.stop(), nginx.stop()]) };
  },
};

async function ranges(context, server, target, offsets) {
  const range = (offset) => `bytes=${offset}-${offset + PIECE - 1}`;
  for (const offset of offsets.slice(0, 20)) {
    const answer = await get(server.port, target, { Range: range(offset) });
    assert.equal(answer.status, 206);
    assert.equal(answer.headers['content-range'], `bytes ${offset}-${offset + PIECE - 1}/${context.media.size}`);
    assert.ok(answer.bytes.equals(context.media.slice(offset, offset + PIECE)), `${target}: wrong bytes at ${offset}`);
  }
  const list = requestList(context, offsets.map((offset) => ({ path: target, headers: { Range: range(offset) } })));
  await load(context, server, list, PIECE, 1);
  return () => load(context, server, list, PIECE);
}

/** Reads the file again and again for as long as a measurement lasts, at least once. */
async function whole(context, server, target) {
  server.resetPeak();
  const cpu = server.cpuSeconds();
  const started = performance.now();
  let bytes = 0;
  let seconds = 0;
  for (let count = 0; count === 0 || seconds < context.seconds; ++count) {
    const { length } = await download(server.port, target);
    assert.equal(length, context.media.size);
    bytes += length;
    seconds = (performance.now() - started) / 1000;
  }
  return { rate: bytes / seconds, seconds, cpu: server.cpuSeconds() - cpu, peak: server.memory().peak };
}
