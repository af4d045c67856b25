// kill -9 at random moments of uploads and deletes: what was acknowledged is whole, what was not is not visible, and
// what is left over is collected. KILLS=<n> sets how often.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { listAll, login, newUser, PASSWORD, uploadParts } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { media, sha256, wav } from '../support/media.js';
import { runProgram, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const KILLS = Number(process.env.KILLS ?? 50);
const ENV = { MAX_UPLOADS_PER_USER: 1000, GC_GRACE: '0s' };

describe(`${KILLS} kills`, () => {
  let dataDir, email;
  /** What the service owes us: id → digest. */
  const owed = new Map();
  const done = { uploads: 0, deletes: 0 };
  const seed = Number(process.env.SEED ?? Date.now() % 100_000);
  let state = seed;
  let movie;
  /** A movie, which has a packaging index, with bytes that no other has. */
  const movieOf = (number) => {
    const free = Buffer.from('\0\0\0\x0cfree....', 'latin1');
    free.writeUInt32BE(Math.floor(number), 8);
    return Buffer.concat([movie.bytes, free]);
  };
  const random = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);

  before(async () => {
    [dataDir, movie] = await Promise.all([temporaryDirectory(), media('plain.mp4')]);
    const server = await startServer({ dataDir, env: ENV });
    ({ email } = await newUser(server));
    await server.stop();
  });
  after(() => rm(dataDir, { recursive: true, force: true }));

  /** Uploads and deletes as fast as it can until the server dies; tells what was under way then. */
  async function work(server, token, worker, deleting) {
    const mine = [...owed.keys()].filter((_, i) => i % 3 === worker);
    for (;;) {
      try {
        if (random() < 0.4 && mine.length > 0) {
          const id = mine.shift();
          deleting.add(id);
          const answer = await server.delete(`/content/${id}`, { token, check: false });
          assert.equal(answer.status, 200, answer.text());
          owed.delete(id);
          deleting.delete(id);
          ++done.deletes;
        } else {
          const isMovie = random() < 0.5;
          const bytes = isMovie ? movieOf(random() * 2 ** 31) : wav(2_000 + Math.floor(random() * 400_000), Math.floor(random() * 2 ** 31));
          const parts = uploadParts(bytes, isMovie ? { filename: 'clip.mp4', content_type: 'video' } : {});
          const answer = await server.post('/content', { token, multipart: parts, check: false });
          assert.equal(answer.status, 201, answer.text());
          const { id } = answer.json();
          owed.set(id, sha256(bytes));
          mine.push(id);
          ++done.uploads;
        }
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        return; // the connection broke: the server is dead
      }
    }
  }

  async function assertWhole(server, deleting) {
    const listed = new Map((await listAll(server)).map((content) => [content.id, content]));
    for (const [id, digest] of owed) {
      if (!listed.has(id) && deleting.has(id)) {
        owed.delete(id); // the delete was done, only its answer was lost
        continue;
      }
      assert.ok(listed.has(id), `${id} was acknowledged and is gone (seed ${seed})`);
      assert.equal(listed.get(id).sha256, digest);
    }
    for (const [id, content] of listed) {
      // An upload whose answer was lost may be there, but then all of it is.
      const stream = await server.get(`/content/${id}/stream`, { check: false });
      assert.equal(stream.status, 200, `${id} is listed and has no bytes (seed ${seed})`);
      assert.equal(sha256(stream.body), content.sha256, `${id} is not whole (seed ${seed})`);
      const isMovie = content.content_type === 'video';
      assert.equal(content.packaging, isMovie ? 'ready' : 'needs_rendition');
      const master = await server.get(`/content/${id}/hls/master.m3u8`, { check: false });
      assert.equal(master.status, isMovie ? 200 : 404, `${id} has no index (seed ${seed})`);
      if (!owed.has(id)) owed.set(id, content.sha256);
    }
  }

  test('nothing acknowledged is lost, nothing half-written is served', { timeout: 60_000 + KILLS * 20_000 }, async () => {
    let deleting = new Set();
    // Too little done would prove nothing: where the machine is slow it takes more rounds.
    const enough = () => done.uploads >= KILLS && done.deletes >= KILLS / 4;
    for (let round = 0; round < KILLS || (!enough() && round < 4 * KILLS); ++round) {
      const server = await startServer({ dataDir, env: ENV });
      try {
        const token = await login(server, email, PASSWORD);
        await assertWhole(server, deleting);
        deleting = new Set();
        const workers = [0, 1, 2].map((worker) => work(server, token, worker, deleting));
        await sleep(50 + random() * 800);
        await server.kill();
        await Promise.all(workers);
      } finally {
        if (!server.exit) await server.kill();
      }
    }
    const server = await startServer({ dataDir, env: ENV });
    try {
      await assertWhole(server, deleting);
      assert.ok(enough(), JSON.stringify(done));
    } finally {
      await server.stop();
    }
  });

  test('`clinikk-tv gc --dry-run` lists the leftovers and takes nothing', async () => {
    await sleep(31_000); // the leases of the dead run for half a minute more
    const before = await runProgram(['gc', '--dry-run'], { cwd: dataDir, env: { DATA_DIR: dataDir, ...ENV } });
    assert.equal(before.code, 0, before.stderr);
    const again = await runProgram(['gc', '--dry-run'], { cwd: dataDir, env: { DATA_DIR: dataDir, ...ENV } });
    assert.equal(again.stdout, before.stdout);
  });

  test('`clinikk-tv gc` takes them, and nothing else', async () => {
    const collected = await runProgram(['gc'], { cwd: dataDir, env: { DATA_DIR: dataDir, ...ENV }, timeout: 60_000 });
    assert.equal(collected.code, 0, collected.stderr);
    const server = await startServer({ dataDir, env: ENV });
    try {
      await assertWhole(server, new Set());
      await assertNothingLeftBehind(server, 2_000);
    } finally {
      await server.stop();
    }
  });

  test('`clinikk-tv verify` agrees', async () => {
    const verified = await runProgram(['verify'], { cwd: dataDir, env: { DATA_DIR: dataDir, ...ENV }, timeout: 60_000 });
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  });
});
