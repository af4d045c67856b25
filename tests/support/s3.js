// A real S3 server for a test file: Ceph's RADOS Gateway on ports of its own, in a temporary directory, and a client
// that is not ours.

import { AbortMultipartUploadCommand, CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePorts } from './ports.js';

const run = promisify(execFile);
const SCRIPT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'ceph-s3.sh');
const START_TIMEOUT = 180_000;

/** A certificate that nobody else trusts, for the names under which the server is reached: `{certificate, key}`, paths. */
async function certify(directory, bucket) {
  const [key, certificate] = ['tls.key', 'tls.pem'].map((name) => path.join(directory, name));
  const names = `subjectAltName=DNS:localhost,DNS:${bucket}.localhost,IP:127.0.0.1`;
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost', '-addext', names]);
  return { certificate, key };
}

/**
 * Starts a server with one empty bucket and room for `sizeGb`, on these CPUs (of taskset) if not on all. `stop()` ends
 * it and removes its files, and so does the end of this process. With `tls` it is also at `tlsUrl`, with a certificate
 * that `certificate` is the path of.
 */
export async function startS3({ bucket = 'clinikk-media', sizeGb = 3, cpus, tls = false } = {}) {
  // Unix sockets stand in it: its path must be short.
  const directory = await mkdtemp(path.join(os.tmpdir(), 's3-'));
  const [port, monitor, messenger, tlsPort] = await freePorts(4);
  const settings = {
    S3_DIR: directory, S3_PORT: port, S3_MON_PORT: monitor, S3_OSD_PORTS: `${messenger} ${Math.min(messenger + 100, 65535)}`,
    S3_STORE: 'memstore', S3_SIZE_GB: sizeGb,
  };
  const made = tls ? await certify(directory, bucket) : undefined;
  if (made) Object.assign(settings, { S3_TLS_PORT: tlsPort, S3_TLS_CERT: made.certificate, S3_TLS_KEY: made.key });
  const env = { ...process.env, ...settings };
  const stop = resetter(env);
  const [program, ...args] = [...(cpus ? ['taskset', '-c', cpus] : []), 'bash', SCRIPT, 'start'];
  await run(program, args, { env, timeout: START_TIMEOUT }).catch(async (failure) => {
    await stop();
    throw new Error(`the S3 server did not start: ${failure.stderr || failure.message}`);
  });
  const collect = () => run('radosgw-admin', ['-c', path.join(directory, 'ceph.conf'), 'gc', 'process', '--include-all']);
  const server = new S3Server({ url: `http://127.0.0.1:${port}`, bucket, stop, collect });
  if (made) Object.assign(server, { tlsUrl: `https://localhost:${tlsPort}`, certificate: made.certificate });
  return server.prepare();
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

  /** Ends them all. */
  async abortAll() {
    const listed = await this.send(ListMultipartUploadsCommand);
    for (const { Key, UploadId } of listed.Uploads ?? []) await this.send(AbortMultipartUploadCommand, { Key, UploadId });
  }
}
