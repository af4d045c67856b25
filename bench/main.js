// Measures the rows of bench/README.md and writes them down.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { files } from './groups/files.js';
import { logins } from './groups/logins.js';
import { packagedUploads } from './groups/packaged_uploads.js';
import { packaging } from './groups/packaging.js';
import { postgres } from './groups/postgres.js';
import { primitives } from './groups/primitives.js';
import { requests } from './groups/requests.js';
import { resumable, s3Resumable } from './groups/resumable.js';
import { s3Playback } from './groups/s3_playback.js';
import { s3Uploads } from './groups/s3_uploads.js';
import { size } from './groups/size.js';
import { uploads } from './groups/uploads.js';
import { findFile, makeLibrary } from './library.js';
import { makeClip, Media } from './media.js';
import { allowedCpus } from './processes.js';
import { conditions, insert, judge, shortTable, table } from './report.js';
import { startBucket } from './stores.js';

const ALL_MINUTES = 30; // a run that lasts longer hangs
const GIB = 1024 ** 3;
const GROUPS = [requests, files, logins, primitives, uploads, resumable, size, packaging, packagedUploads, postgres, s3Uploads, s3Resumable, s3Playback];

class UsageError extends Error {}

async function main() {
  const options = readOptions();
  const directory = makeDirectory();
  const [serverCpu, loadCpu = serverCpu, ...moreCpus] = allowedCpus();
  if (loadCpu === serverCpu) console.error('There is one CPU only: server and load generator share it.');
  // Also for the children that are not told otherwise.
  execFileSync('taskset', ['-a', '-p', '-c', String(loadCpu), String(process.pid)], { stdio: 'ignore' });
  const context = { ...options, directory, serverCpu, loadCpu, storeCpus: [loadCpu, ...moreCpus].join(','), stores: [] };
  const groups = GROUPS.map((group) => ({ ...group, rows: group.rows.filter(({ id }) => options.only?.has(id) ?? true) }))
    .filter((group) => group.rows.length > 0);

  say('making the video');
  context.clip = makeClip(directory);
  context.media = new Media(context.clip, GIB);
  if (groups.some((group) => group.needsLibrary)) {
    say('making the library');
    context.library = await makeLibrary(context, { name: 'library', media: context.media });
    context.file = findFile(context.library.dataDir, GIB);
  }
  const results = [];
  for (const group of groups) {
    if (group.needsBucket && !context.bucket) {
      say('starting an S3 server');
      context.bucket = await startBucket(context);
    }
    results.push(...(await measure(context, group)));
  }
  await context.bucket?.stop();
  write(context, results);
}

/** All rounds of a group. The sides take turns, and every other round in the opposite order. */
async function measure(context, group) {
  const wanted = new Set(group.rows.flatMap((row) => [row.ours, row.theirs ?? row.ours]));
  const { sides, close } = await group.open(context, wanted);
  const samples = Object.fromEntries([...wanted].map((name) => [name, []]));
  for (let round = 0; round < context.rounds; ++round) {
    say(`${group.rows.map(({ id }) => id).join(', ')}: round ${round + 1} of ${context.rounds}`);
    const order = round % 2 === 0 ? [...wanted] : [...wanted].reverse();
    for (const name of order) samples[name].push(await sides[name]());
  }
  await close();
  return group.rows.map((row) => ({ ...judge(row, samples), samples: { ours: samples[row.ours], theirs: samples[row.theirs] } }));
}

function write(context, results) {
  const told = conditions(context);
  const text = table(results, told);
  writeFileSync('build/bench.json', JSON.stringify({ conditions: told, rows: results }, null, 2) + '\n');
  if (context.save) {
    writeFileSync('bench/results.md', `# What \`make bench\` measured\n\n${text}`);
    insert('README.md', shortTable(results, told));
  }
  console.log(text);
  console.log(`In full: build/bench.json.${context.save ? ' Table: bench/results.md.' : ' A trial: the pages were left alone.'}`);
  const missed = results.filter(({ pass }) => !pass).length;
  console.log(`${results.length - missed} passed, ${missed} missed`);
}

function readOptions() {
  const ids = GROUPS.flatMap((group) => group.rows.map(({ id }) => id));
  const text = { type: 'string' };
  const { values } = parse({ rounds: text, seconds: text, only: text, save: { type: 'boolean' } });
  const number = (name, fallback) => {
    const value = Number(values[name] ?? fallback);
    if (!Number.isInteger(value) || value < 1 || value > 100) throw new UsageError(`--${name} is a number from 1 to 100`);
    return value;
  };
  const only = values.only && new Set(values.only.split(','));
  const unknown = [...(only ?? [])].filter((id) => !ids.includes(id));
  if (unknown.length > 0) throw new UsageError(`no such row: ${unknown.join(', ')}; there are ${ids.join(', ')}`);
  const rounds = number('rounds', 5);
  const seconds = number('seconds', 5);
  const program = path.resolve(process.env.CLINIKK_TV ?? 'build/release/clinikk-tv');
  if (!existsSync(program)) throw new UsageError('the program is missing: make build');
  return { rounds, seconds, only, program, save: values.save ?? (!only && rounds >= 5 && seconds >= 5) };
}

function parse(options) {
  try {
    return parseArgs({ options });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** A directory beside the build, on a real disk; it goes when this process does. */
function makeDirectory() {
  mkdirSync('build', { recursive: true });
  const directory = mkdtempSync(path.resolve('build/bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));
  return directory;
}

function say(line) {
  console.error(`bench: ${line}`);
}

setTimeout(() => {
  console.error(`bench: not finished after ${ALL_MINUTES} minutes`);
  process.exit(1);
}, ALL_MINUTES * 60_000).unref();

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error instanceof UsageError ? `bench: ${error.message}` : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
