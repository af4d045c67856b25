// A real S3 server for a test file: Ceph's RADOS Gateway on ports of its own, in a temporary directory, and a client
// that is not ours.

import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SCRIPT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'ceph-s3.sh');
const START_TIMEOUT = 180_000;

/** As many different free ports. */
async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Starts a server with one empty bucket and room for `sizeGb`, on these CPUs (of taskset) if not on all. `stop()` ends
 * it and removes its files, and so does the end of this process.
 */
export async function startS3({ bucket = 'clinikk-media', sizeGb = 3, cpus } = {}) {
  // Unix sockets stand in it: its path must be short.
  const directory = await mkdtemp(path.join(os.tmpdir(), 's3-'));
  const [port, monitor, messenger] = await freePorts(3);
  const settings = {
    S3_DIR: directory, S3_PORT: port, S3_MON_PORT: monitor, S3_OSD_PORTS: `${messenger} ${Math.min(messenger + 100, 65535)}`,
    S3_STORE: 'memstore', S3_SIZE_GB: sizeGb,
  };
  const env = { ...process.env, ...settings };
  const stop = resetter(env);
  const [program, ...args] = [...(cpus ? ['taskset', '-c', cpus] : []), 'bash', SCRIPT, 'start'];
  await run(program, args, { env, timeout: START_TIMEOUT }).catch(async (failure) => {
    await stop();
    throw new Error(`the S3 server did not start: ${failure.stderr || failure.message}`);
  });
  const collect = () => run('radosgw-admin', ['-c', path.join(directory, 'ceph.conf'), 'gc', 'process', '--include-all']);
  return new S3Server({ url: `http://127.0.0.1:${port}`, bucket, stop, collect }).prepare();
}

/** Waits for the function it returns to be called, or for this process to end, and resets the server then. */
function resetter(env) {
  const options = { env, stdio: ['pipe', 'ignore', 'ignore'], detached: true };
  const child = spawn('bash', ['-c', 'cat; exec bash "$0" reset', SCRIPT], options);
  child.unref();
  child.stdin.unref();
  return async () => {
    child.ref();
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    child.stdin.end();
    await ended;
  };
}

class S3Server {
  constructor({ url, bucket, stop, collect }) {
    this.url = url;
    this.bucket = bucket;
    /** Frees the memory of deleted objects, which the server does on its own much later. */
    this.collect = collect;
    this.key = { accessKeyId: 'testaccesskey', secretAccessKey: 'testsecretkey' };
    this.client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: this.key });
    this.stop = async () => {
      this.client.destroy();
      await stop();
    };
  }

  async prepare() {
    await this.client.send(new CreateBucketCommand({ Bucket: this.bucket }));
    return this;
  }

  /** Settings of the program under test that put its media here. */
  settings(more = {}) {
    return {
      STORAGE_PROVIDER: 'S3',
      STORAGE_BUCKET: this.bucket,
      AWS_ENDPOINT_URL: this.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: this.key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.key.secretAccessKey,
      ...more,
    };
  }

  /** Calls the SDK: `s3.send(HeadObjectCommand, { Key })`. */
  send(Command, input = {}) {
    return this.client.send(new Command({ Bucket: this.bucket, ...input }));
  }

  /** All keys in the bucket. */
  async keys() {
    const listed = await this.send(ListObjectsV2Command);
    return (listed.Contents ?? []).map((object) => object.Key);
  }

  /** Multipart uploads that were begun and have not ended. */
  async unfinished() {
    const listed = await this.send(ListMultipartUploadsCommand);
    return (listed.Uploads ?? []).map((upload) => upload.Key);
  }
}
