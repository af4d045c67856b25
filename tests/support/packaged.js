// What a content must be served as: the files that `clinikk-tv package` makes of the same bytes, by their addresses
// below the content's. And what ffmpeg makes of them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { sha256 } from './media.js';
import { corpusFile } from './packaging_corpus.js';
import { runProgram, temporaryDirectory } from './program.js';

const run = promisify(execFile);
const made = new Map();

/** `{address: bytes}` of a file of the corpus: `hls/master.m3u8`, `segments/<digest>/1/1.m4s`, `file.mp4`. */
export function packagedFile(name) {
  if (!made.has(name)) made.set(name, pack(name));
  return made.get(name);
}

async function pack(name) {
  const root = await temporaryDirectory();
  try {
    const directory = path.join(root, 'out');
    const { code, stderr } = await runProgram(['package', await corpusFile(name), directory], { timeout: 120_000 });
    assert.equal(code, 0, stderr);
    const files = {};
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      files[path.relative(directory, file)] = await readFile(file);
    }
    return files;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A file of the corpus, as the helpers of support/client.js upload it. */
export async function corpusMedia(name) {
  const file = await corpusFile(name);
  return { name: path.basename(file), path: file, bytes: await readFile(file), kind: file.endsWith('.m4a') ? 'audio' : 'video' };
}

/** Every address has these bytes. */
export async function assertServed(server, base, files, options = {}) {
  for (const [address, bytes] of Object.entries(files)) {
    const answer = await server.get(`${base}/${address}`, options);
    assert.equal(answer.status, 200, `${address}: ${answer.text().slice(0, 300)}`);
    assert.equal(answer.headers['content-length'], String(bytes.length), address);
    assert.ok(answer.body.equals(bytes), `${address}: other bytes`);
  }
}

/**
 * The packets of every track of a file or URL, by ffmpeg without decoding: their number and a digest. Pictures and sound
 * are read one after the other: from a DASH manifest ffmpeg 5.1 reads no further than the track that ends first.
 */
export async function packets(input, options = []) {
  const tracks = [];
  for (const kind of ['v', 'a']) {
    const { stdout, stderr } = await run('ffmpeg', [
      '-nostdin', '-v', 'warning', '-copyts', ...options, '-i', input, '-map', `0:${kind}?`, '-c', 'copy', '-f', 'framehash', '-',
    ], { maxBuffer: 64 << 20 });
    assert.equal(stderr, '', `what ffmpeg says of ${input}`);
    const rows = stdout.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(/, */));
    for (const number of new Set(rows.map(([track]) => track))) {
      const hashes = rows.filter(([track]) => track === number).map((fields) => fields[5]);
      tracks.push(`${kind}: ${hashes.length} packets ${sha256(hashes.join(' '))}`);
    }
  }
  return tracks;
}
