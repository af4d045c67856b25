// The collector beside uploads to a bucket, by form and past the service, and beside copies from store to store.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { newUser, upload } from '../support/client.js';
import { assertAllThere, beside, change } from '../support/collecting.js';
import { sql } from '../support/database.js';
import { uploadDirectly } from '../support/direct_upload.js';
import { wav } from '../support/media.js';
import { runProgram } from '../support/program.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

const SECONDS = Number(process.env.SECONDS ?? 8);
const MEBIBYTE = 1024 * 1024;

let s3, env, server, token;
before(async () => {
  s3 = await startS3();
  env = s3.settings({ MAX_UPLOADS_PER_USER: 1000, GC_GRACE: '0s', STREAM_MODE: 'proxy' });
  server = await startServer({ env });
  ({ token } = await newUser(server));
});
after(async () => {
  await server?.stop();
  await s3?.stop();
});

test('uploads, deletes and copies to and fro beside `gc` without grace', { timeout: 300_000 }, async (t) => {
  const owed = new Map();
  const until = Date.now() + SECONDS * 1000;
  const of = (seed, more) => change(server, token, owed, { until, seed, ...more });
  const inParts = { size: (i) => (i % 2 === 0 ? 9 * MEBIBYTE : 50_000) };
  const work = () => Promise.all([of(1), of(2), of(3, inParts), of(4, { put: uploadDirectly }), of(5, { put: uploadDirectly, ...inParts })]);
  const commands = [['gc'], ['storage', 'copy', '--from', 's3', '--to', 'local'], ['storage', 'copy', '--from', 'local', '--to', 's3']];
  // Two that meet at an object: one of them leaves it to the other.
  const runs = await beside(work, commands, { dataDir: server.dataDir, env, excused: /by another process$/ });
  t.diagnostic(`${owed.size} contents, ${runs[0]} collections, ${runs[1] + runs[2]} copies`);
  assert.ok(owed.size > 5 && runs.every((count) => count > 1), `too little was done: ${owed.size} contents, ${runs} runs`);
  await assertAllThere(server, owed, env);
  // The copies that are out of use are strays and go; nothing else does.
  const collected = await runProgram(['gc'], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir, ...env }, timeout: 60_000 });
  assert.equal(collected.code, 0, collected.stdout + collected.stderr);
  await assertAllThere(server, owed, env);
  assert.equal(await sql(server.dataDir, 'SELECT COUNT(*) FROM uploads'), '0');
  assert.deepEqual(await s3.unfinished(), []);
});

test('there and back again, whatever copy is left in the way', async () => {
  const content = await upload(server, token, wav(100_000, 99));
  const command = (...args) => runProgram(args, { cwd: server.dataDir, env: { DATA_DIR: server.dataDir, ...env }, timeout: 60_000 });
  for (const [from, to] of [['s3', 'local'], ['local', 's3'], ['s3', 'local'], ['local', 's3']]) {
    const copied = await command('storage', 'copy', '--from', from, '--to', to);
    assert.equal(copied.code, 0, `${from} to ${to}: ${copied.stdout}${copied.stderr}`);
    assert.equal((await server.get(`/content/${content.id}/stream`)).status, 200);
  }
});
