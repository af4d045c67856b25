// What uploads by tus take of their account's room: places (MAX_UPLOADS_PER_USER), bytes (USER_QUOTA), and what their
// rows keep when they have ended.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { listAll, newUser } from '../support/client.js';
import { sql } from '../support/database.js';
import { sha256, wav } from '../support/media.js';
import { sleep } from '../support/program.js';
import { startServer } from '../support/server.js';
import { begun, CHUNK, create, created, DESCRIPTION, join, offsetOf, part, patch, refused, remove, requestHead } from '../support/tus.js';

/** A server with these settings, for one test. */
async function serving(env, run) {
  const server = await startServer({ env });
  try {
    await run(server, (await newUser(server)).token);
  } finally {
    await server.stop();
  }
}

/** The parts of a file in that many chunks, complete, one after another. */
async function partsOf(server, token, bytes, count) {
  const size = Math.ceil(bytes.length / count);
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(await part(server, token, bytes.subarray(at, at + size)));
  return parts;
}

const joinParts = (server, token, parts) => join(server, token, parts.map(({ location }) => location));

async function assertJoined(server, token, answer, bytes) {
  assert.equal(answer.status, 201, answer.text());
  assert.equal((await server.get(`/content/${answer.json().content_id}`, { token })).json().sha256, sha256(bytes));
}

describe('tus, the room of parts passes to what they are joined to', () => {
  test('three files in a row, each in three parts, have places', () => serving({}, async (server, token) => {
    for (let i = 0; i < 3; ++i) {
      const bytes = wav(3000, i);
      await assertJoined(server, token, await joinParts(server, token, await partsOf(server, token, bytes, 3)), bytes);
    }
  }));

  test('so has a file in as many parts as there are places, and the next one', () => serving({}, async (server, token) => {
    for (let i = 0; i < 2; ++i) {
      const bytes = wav(8000, i);
      const parts = await partsOf(server, token, bytes, 8);
      refused(await create(server, token, { length: 10 }), 429, 'too_many_uploads');
      await assertJoined(server, token, await joinParts(server, token, parts), bytes);
    }
  }));

  test('their bytes count once against the quota', () => serving({ USER_QUOTA: '100KiB' }, async (server, token) => {
    const bytes = wav(60_000, 1);
    const parts = await partsOf(server, token, bytes, 3);
    await assertJoined(server, token, await joinParts(server, token, parts), bytes);
    // Those of a second content are its own.
    refused(await joinParts(server, token, parts), 413, 'quota_exceeded');
    assert.equal((await listAll(server)).length, 1);
    // Of the 100 KiB, 60 000 bytes are taken: neither more nor less.
    refused(await create(server, token, { length: 42_401 }), 413, 'quota_exceeded');
    await created(server, token, { length: 42_400 });
  }));

  test('without a quota the same parts make a second file', () => serving({}, async (server, token) => {
    const bytes = wav(3000, 2);
    const parts = await partsOf(server, token, bytes, 3);
    const answers = [await joinParts(server, token, parts), await joinParts(server, token, parts)];
    for (const answer of answers) await assertJoined(server, token, answer, bytes);
    assert.notEqual(answers[0].json().content_id, answers[1].json().content_id);
  }));

  test('a part stands once in a final upload', () => serving({}, async (server, token) => {
    const bytes = wav(3000, 4);
    const [first, second] = await partsOf(server, token, bytes, 2);
    for (const twice of [[first, second, second], [first, second, first], [first, first]]) {
      refused(await joinParts(server, token, twice), 400, 'upload_concat_invalid');
    }
    // Two addresses of one part are the same part.
    refused(await join(server, token, [first.location, second.location, second.path]), 400, 'upload_concat_invalid');
    await assertJoined(server, token, await joinParts(server, token, [first, second]), bytes);
  }));
});

describe('tus, the quota with deferred lengths', () => {
  const [QUOTA, SIZE, FIRST] = [1024 * 1024, 600 * 1024, 1000];
  let server, token;

  before(async () => {
    server = await startServer({ env: { USER_QUOTA: QUOTA } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  /** Begins to append all of a file, with its first bytes. */
  async function openPatch(upload, bytes) {
    const wire = await server.wire();
    await wire.write(requestHead(server, 'PATCH', upload.path, { 'Content-Type': CHUNK, 'Upload-Offset': 0, 'Content-Length': bytes.length }));
    await wire.write(bytes.subarray(0, FIRST));
    return wire;
  }

  test('holds for what is sent at the same time', async () => {
    const files = [0, 1, 2, 3].map((i) => wav(SIZE, i));
    const uploads = [];
    for (let i = 0; i < files.length; ++i) uploads.push(await created(server, token));
    const wires = await Promise.all(uploads.map((upload, i) => openPatch(upload, files[i])));
    await sleep(300);
    await Promise.all(wires.map((wire, i) => wire.writePolitely(files[i].subarray(FIRST))));
    const answers = await Promise.all(wires.map((wire) => wire.finalAnswer({ method: 'PATCH', timeout: 30_000 })));
    for (const wire of wires) wire.destroy();
    for (const answer of answers.filter(({ status }) => status !== 204)) refused(answer, 413, 'quota_exceeded');
    const taken = answers.filter(({ status }) => status === 204).map(({ headers }) => Number(headers['upload-offset']));
    const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
    assert.ok(sum(taken) <= QUOTA, `answered: ${taken.join(' + ')} bytes`);
    const offsets = await Promise.all(uploads.map((upload) => offsetOf(server, upload)));
    assert.ok(sum(offsets) <= QUOTA, `told by HEAD: ${offsets.join(' + ')} bytes`);
    for (const [i, upload] of uploads.entries()) {
      const told = await patch(server, upload, offsets[i], Buffer.alloc(0), { headers: { 'Upload-Length': offsets[i] } });
      // What was cut at the quota is no whole file.
      assert.ok(told.status === 204 || offsets[i] < SIZE, told.text());
    }
    const sizes = (await listAll(server)).map(({ size }) => size);
    assert.ok(sum(sizes) <= QUOTA, `contents: ${sizes.join(' + ')} bytes`);
  });
});

describe('tus, the rows of ended uploads', () => {
  let server, token;

  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  /** How many rows there are, and how much their texts hold. */
  const kept = async () =>
    (await sql(server.dataDir, 'SELECT COUNT(*), SUM(LENGTH(description) + LENGTH(metadata) + LENGTH(concat_field) + LENGTH(pieces)) FROM resumable_uploads'))
      .split('|').map(Number);

  test('keep nothing of what was said at the beginning', async () => {
    const note = Buffer.alloc(15_000, 'note ').toString(); // 20 000 bytes in base64
    for (let i = 0; i < 20; ++i) {
      const upload = await created(server, token, { length: 3000, fields: { ...DESCRIPTION, note } });
      assert.equal((await remove(server, upload)).status, 204);
    }
    assert.deepEqual(await kept(), [20, 0]);
  });

  test('nor do those of final uploads and their parts', async () => {
    const [rows] = await kept();
    const parts = [];
    for (let i = 0; i < 2; ++i) parts.push(await begun(server, token, wav(1000), { headers: { 'Upload-Concat': 'partial' } }));
    const answer = await joinParts(server, token, parts);
    assert.equal(answer.status, 201, answer.text());
    const final = { path: new URL(answer.headers.location).pathname };
    for (const upload of [final, ...parts]) assert.equal((await remove(server, upload)).status, 204);
    assert.deepEqual(await kept(), [rows + 3, 0]);
  });
});
