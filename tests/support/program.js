// The program under test as a command: where it is, what environment it gets, how it is run to its end.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const PROGRAM = path.resolve(ROOT, process.env.CLINIKK_TV || 'build/release/clinikk-tv');

// Nothing of this machine's settings reaches the program: a test sees the defaults plus what it sets itself.
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS', 'SANDBOX'];

/**
 * Under TEST_POSTGRES_URL each data directory has a database of its own on that server; made when it is first asked for.
 * The database's URL, or nothing.
 */
export function postgresUrl(dataDir) {
  const server = process.env.TEST_POSTGRES_URL;
  if (!server || !dataDir) return undefined;
  const name = `test_${createHash('sha256').update(path.resolve(dataDir)).digest('hex').slice(0, 24)}`;
  if (!madeDatabases.has(name)) {
    // Another test process may have made it already.
    const made = spawnSync('createdb', ['--maintenance-db', `${server}/postgres`, name], { encoding: 'utf8' });
    assert.ok(made.status === 0 || /already exists/.test(made.stderr), made.stderr);
    madeDatabases.add(name);
  }
  return `${server}/${name}`;
}
const madeDatabases = new Set();

/** The environment a program under test gets. */
export function environment(settings = {}) {
  if (!settings.DATABASE_URL && !settings.POSTGRES_HOST && !settings.POSTGRES_USER) settings = { DATABASE_URL: postgresUrl(settings.DATA_DIR), ...settings };
  const inherited = INHERITED.filter((name) => name in process.env).map((name) => [name, process.env[name]]);
  const given = Object.entries(settings).filter(([, value]) => value !== undefined && value !== null);
  return { ...Object.fromEntries(inherited), ...Object.fromEntries(given.map(([name, value]) => [name, String(value)])) };
}

export const temporaryDirectory = () => mkdtemp(path.join(os.tmpdir(), 'clinikk-tv-test-'));

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Calls until the result is true, and fails with `what` when it never is. */
export async function eventually(check, what, timeout = 10_000) {
  const deadline = Date.now() + timeout;
  for (;;) {
    if (await check()) return;
    if (Date.now() > deadline) assert.fail(typeof what === 'function' ? await what() : what);
    await sleep(30);
  }
}

/**
 * Runs the program with these arguments to its end: `{code, signal, stdout, stderr}`. One that has not ended in time,
 * or that begins to serve where it should have ended, is killed and reported with `timedOut`.
 */
export async function runProgram(args, { env = {}, cwd, input = '', timeout = 15_000, through = [] } = {}) {
  const [command, ...behind] = [...through, PROGRAM, ...args];
  const child = spawn(command, behind, { env: environment(env), cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => {
    output.stdout += bytes;
    if (/^clinikk-tv listening on /.test(output.stdout)) stop();
  });
  child.stderr.on('data', (bytes) => (output.stderr += bytes));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let timedOut = false;
  const stop = () => {
    timedOut = true;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(stop, timeout);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...how) => resolve(how));
  });
  clearTimeout(timer);
  return { code, signal, timedOut, ...output };
}

/**
 * Runs `serve` with these settings and expects it to end at once with nothing but one line on standard error (or as
 * many as `lines` says, where the reader of the command line adds its advice); returns what it said.
 */
export async function refused(env, { args = [], cwd, lines = 1, through = [] } = {}) {
  const directory = cwd ?? (await temporaryDirectory());
  try {
    const settings = { PORT: 0, DATA_DIR: path.join(directory, 'data'), LOG_LEVEL: 'error', ...env };
    const result = await runProgram(['serve', ...args], { env: settings, cwd: directory, through });
    assert.ok(!result.timedOut, `it serves all the same: ${result.stdout}`);
    assert.equal(result.signal, null, result.stderr);
    assert.ok(result.code > 0, `code ${result.code}`);
    assert.equal(result.stdout, '');
    assert.ok(result.stderr.trim().split('\n').length <= lines, result.stderr);
    return result.stderr;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
