// PostgreSQL and an S3 server of the bench's own, started when a row needs them and gone when this process is. They have
// every CPU but the server's: their work is not that of the side that is measured. Both are in the system's temporary
// directory, as the tests', because PostgreSQL runs under an account that need not reach the build, and the paths of
// their sockets must be short. Neither writes much: the S3 server keeps its objects in memory.

import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { startS3 } from '../tests/support/s3.js';

const BUCKET_GIB = 8; // two objects of 1 GiB, and those that were deleted and are not gone yet
const POSTGRES_START_TIMEOUT = 60_000;

/** `{url, query, dialect, stop}`: an empty database, `psql` in it, and what `makeLibrary` needs to fill it. */
export async function startPostgres(context) {
  const command = ['-c', context.storeCpus, 'tools/with-postgres', 'sh', '-c', 'echo "$TEST_POSTGRES_URL"; exec cat'];
  // It ends when its input does.
  const child = spawn('taskset', command, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const server = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('PostgreSQL did not start')));
    setTimeout(() => reject(new Error('PostgreSQL did not start in time')), POSTGRES_START_TIMEOUT).unref();
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  const psql = (url, script) =>
    execFileSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', url], { input: script, encoding: 'utf8' }).trim();
  psql(`${server}/postgres`, 'CREATE DATABASE bench;');
  const url = `${server}/bench`;
  context.stores.push(`PostgreSQL ${psql(url, 'SHOW server_version;').split(' ')[0]}`);
  return {
    url,
    query: (script) => psql(url, script),
    dialect: {
      run: (_, script) => psql(url, script),
      id: (hex) => `'${hex}'`,
      millisecond: "interval '1 millisecond'",
      settle: 'VACUUM ANALYZE;',
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** Ceph's RADOS Gateway with an empty bucket: see `tests/support/s3.js`. */
export async function startBucket(context) {
  const bucket = await startS3({ sizeGb: BUCKET_GIB, cpus: context.storeCpus });
  context.stores.push(execFileSync('radosgw', ['--version'], { encoding: 'utf8' }).replace(/^ceph version (\S+?)[+~ ].*\n/, 'Ceph $1'));
  return bucket;
}
