// `clinikk-tv gc` again and again beside a library that changes, without any grace: nothing that was acknowledged may go.

import assert from 'node:assert/strict';

import { upload } from './client.js';
import { sha256, wav } from './media.js';
import { runProgram } from './program.js';

/**
 * Does `work` while each of these commands of the program runs again and again; waits for all of them, and fails as the
 * first that fails. A run may fail when each line that it prints, but the last, is `excused`. Gives the number of runs of
 * each command.
 */
export async function beside(work, commands, { dataDir, env, excused }) {
  let ending = false;
  const repeat = async (args) => {
    for (let runs = 1; ; ++runs) {
      const { code, stdout, stderr } = await runProgram(args, { cwd: dataDir, env: { DATA_DIR: dataDir, ...env }, timeout: 60_000 });
      const told = stdout.trimEnd().split('\n').slice(0, -1);
      const isExcused = code === 1 && excused && told.length > 0 && told.every((line) => excused.test(line));
      assert.ok(code === 0 || isExcused, `${args.join(' ')}: ${code}\n${stdout}${stderr}`);
      if (ending) return runs;
    }
  };
  const working = work().finally(() => (ending = true));
  const [done, ...loops] = await Promise.allSettled([working, ...commands.map(repeat)]);
  for (const { status, reason } of [...loops, done]) if (status === 'rejected') throw reason;
  return loops.map(({ value }) => value);
}

/**
 * Uploads, and now and then deletes, until the deadline, by `put`, which gives the content that was made of the bytes.
 * What is owed, id → digest, is noted in `owed`.
 */
export async function change(server, token, owed, { until, seed, size = () => 2_000 + (seed * 7919) % 200_000, put = upload }) {
  const mine = [];
  for (let i = 0; Date.now() < until; ++i) {
    const bytes = wav(size(i), seed * 1000 + i);
    const { id } = await put(server, token, bytes);
    owed.set(id, sha256(bytes));
    mine.push(id);
    if (i % 4 !== 3) continue;
    const gone = mine.shift();
    const answer = await server.delete(`/content/${gone}`, { token });
    assert.equal(answer.status, 200, answer.text());
    owed.delete(gone);
  }
}

/** Every content that is owed is whole, and `verify` agrees. */
export async function assertAllThere(server, owed, env) {
  const lost = [];
  for (const [id, digest] of owed) {
    const answer = await server.get(`/content/${id}/stream`, { check: false });
    if (answer.status !== 200 || sha256(answer.body) !== digest) lost.push(`${id}: ${answer.status}`);
  }
  assert.deepEqual(lost, [], `${lost.length} of ${owed.size} acknowledged uploads are lost`);
  const verified = await runProgram(['verify'], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir, ...env }, timeout: 60_000 });
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.match(verified.stdout, new RegExp(`^${owed.size} objects, \\d+ bytes, 0 faults`));
}
