// The collector beside everything else that touches the library: it never takes what is being published.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';

import { newUser } from '../support/client.js';
import { assertAllThere, beside, change } from '../support/collecting.js';
import { sql } from '../support/database.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { eventually, runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const SECONDS = Number(process.env.SECONDS ?? 6);
const ENV = { MAX_UPLOADS_PER_USER: 1000, GC_GRACE: '0s' };

test('uploads, deletes and `backfill` beside `gc` without grace', { timeout: 180_000 }, async (t) => {
  const server = await startServer({ env: ENV });
  try {
    const { token } = await newUser(server);
    const owed = new Map();
    const until = Date.now() + SECONDS * 1000;
    const forget = async () => {
      while (Date.now() < until) await sql(server.dataDir, 'UPDATE objects SET media_type = NULL WHERE size % 3 = 0');
    };
    const work = () => Promise.all([forget(), ...[1, 2, 3, 4, 5, 6].map((seed) => change(server, token, owed, { until, seed }))]);
    const [collections] = await beside(work, [['gc'], ['backfill']], { dataDir: server.dataDir, env: ENV });
    t.diagnostic(`${owed.size} contents, ${collections} collections`);
    assert.ok(owed.size > 10 && collections > 3, `too little was done: ${owed.size} contents, ${collections} collections`);
    await assertAllThere(server, owed, ENV);
    await assertNothingLeftBehind(server);
  } finally {
    await server.stop();
  }
});

test('a second `gc` on the directory is refused until the first has ended, however that ends', { skip: process.env.TEST_POSTGRES_URL && 'tests/postgres/collection' }, async () => {
  const dataDir = await temporaryDirectory();
  const gc = () => runProgram(['gc'], { cwd: dataDir, env: { DATA_DIR: dataDir } });
  assert.equal((await gc()).code, 0);
  // The lock is on the file: whoever has it is at it. The program has left its name there.
  const holder = spawn('flock', ['--no-fork', path.join(dataDir, 'collector.lock'), 'sh', '-c', 'echo locked; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(holder.stdout, 'data');
    const refused = await gc();
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /^another process is collecting \(process \d+ on \S+\); try again later\n$/);
    holder.kill('SIGKILL');
    await eventually(async () => (await gc()).code === 0, 'it is not let');
  } finally {
    holder.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  }
});
