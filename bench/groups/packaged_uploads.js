// What the packaging index costs an upload: a film against the same film that cannot be packaged.

import assert from 'node:assert/strict';
import path from 'node:path';

import { upload } from '../client.js';
import { FileMedia, makeFilm } from '../film.js';
import { makeAccount } from '../library.js';
import { onFreshServer, startServer } from '../processes.js';
import { level, remove } from './uploads.js';

const GIB = 1024 ** 3;

export const packagedUploads = {
  rows: [
    { id: 'upload-packaged', work: 'upload a film of 1 GiB by multipart, indexed', reference: 'the same film with an edit that cannot be packaged', ours: 'packaged', theirs: 'unpackaged', metric: 'rate', unit: 'bytes', atLeast: 0.97 },
  ],

  async open(context) {
    const { directory } = context;
    const file = makeFilm(directory, { name: 'uploaded', seconds: Math.round((GIB * 8) / 4e6), megabits: 4 });
    const media = new FileMedia(file);
    const dataDir = path.join(directory, 'packaged-uploads-data');
    const first = await startServer(context, dataDir);
    const token = await makeAccount(first);
    await first.stop();
    const side = (bytes, packaging) => async () => {
      level(context);
      const { content, ...sample } = await onFreshServer(context, dataDir, {}, (server) => one(server, token, bytes), (server, made) => remove(server, token, made.content.id));
      assert.equal(content.packaging, packaging, content.packaging_reason);
      return sample;
    };
    return {
      sides: { packaged: side(media, 'ready'), unpackaged: side(new FileMedia(file, [hurry(media)]), 'needs_rendition') },
      close: () => {},
    };
  },
};

async function one(server, token, media) {
  const started = performance.now();
  const content = await upload(server.port, token, media);
  const seconds = (performance.now() - started) / 1000;
  return { rate: media.size / seconds, seconds, content };
}

/** Makes the first edit in the `moov` at the end of the file play twice as fast (ISO/IEC 14496-12, 8.6.6). */
function hurry(media) {
  let at = 0;
  let tail = Buffer.alloc(0);
  for (const piece of media.pieces()) {
    at += piece.length;
    tail = Buffer.concat([tail, piece]).subarray(-16 * 1024 * 1024);
  }
  const edits = tail.indexOf('elst', tail.lastIndexOf('moov', undefined, 'latin1'), 'latin1');
  assert.ok(edits > 0 && tail.readUInt32BE(edits + 8) === 1 && tail[edits + 4] === 0, 'no list of one edit');
  const rate = edits + 4 + 8 + 8;
  assert.equal(tail.readUInt32BE(rate), 0x10000);
  return { offset: at - tail.length + rate, bytes: Buffer.from([0, 2, 0, 0]) };
}
