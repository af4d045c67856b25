// The bucket in the host's name, over TLS, with a certificate that only a setting makes trusted.

import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';

import { newUser, upload, uploadParts } from '../support/client.js';
import { complete } from '../support/direct_upload.js';
import { sha256, wav } from '../support/media.js';
import { runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

describe('a bucket as a host, over TLS', () => {
  let s3, server, token, ca;

  const settings = (more) => s3.settings({ AWS_ENDPOINT_URL: s3.tlsUrl, STORAGE_ADDRESSING: 'virtual', AWS_CA_BUNDLE: s3.certificate, ...more });

  before(async () => {
    s3 = await startS3({ tls: true });
    ca = await readFile(s3.certificate);
    server = await startServer({ env: settings() });
    ({ token } = await newUser(server));
  });
  after(async () => {
    await server?.stop();
    await s3?.stop();
  });

  /** `fetch` that trusts the certificate and finds the bucket's host. */
  const exchange = (url, { method = 'GET', body } = {}) => new Promise((resolve, reject) => {
    const lookup = (_, options, done) => (options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));
    const request = https.request(url, { method, ca, lookup, headers: body ? { 'Content-Length': body.length } : {} }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
    request.end(body);
  });

  test('uploads, plays, is read by another client', async () => {
    const bytes = wav(20 * 1024 * 1024, 1);
    const content = await upload(server, token, bytes);
    assert.match(content.storage_url, new RegExp(`^https://${s3.bucket}\\.localhost:\\d+/objects/[0-9a-f-]{36}$`));
    const { location } = (await server.get(`/content/${content.id}/stream`)).headers;
    const played = await exchange(location);
    assert.equal(played.status, 200);
    assert.equal(sha256(played.body), sha256(bytes));
    const key = new URL(content.storage_url).pathname.slice(1);
    const object = await s3.send(GetObjectCommand, { Key: key });
    assert.equal(sha256(Buffer.from(await object.Body.transformToByteArray())), sha256(bytes));
    const other = wav(3000, 2);
    await s3.send(PutObjectCommand, { Key: key, Body: other });
    assert.deepEqual((await exchange((await server.get(`/content/${content.id}/stream`)).headers.location)).body, other);
  });

  test('takes parts directly', async () => {
    const bytes = wav(9 * 1024 * 1024, 3);
    const begun = await server.post('/uploads', { token, json: { title: 'T', description: '', content_type: 'audio', file_name: 'x.wav', size: bytes.length } });
    const made = begun.json();
    const parts = await Promise.all(made.parts.map(async ({ number, size, url }) => {
      const offset = (number - 1) * made.part_size;
      const sent = await exchange(url, { method: 'PUT', body: bytes.subarray(offset, offset + size) });
      assert.equal(sent.status, 200, sent.body.toString());
      return { number, etag: sent.headers.etag };
    }));
    const done = await complete(server, token, made, parts);
    assert.equal(done.status, 201, done.text());
    assert.equal(done.json().sha256, sha256(bytes));
  });

  test('without its certificate it is not trusted', async () => {
    const stranger = await startServer({ env: settings({ AWS_CA_BUNDLE: null }) });
    const { token: own } = await newUser(stranger);
    assert.equal((await stranger.post('/content', { token: own, multipart: uploadParts(wav(5000)) })).status, 503);
    await stranger.logs('certificate');
    await stranger.stop();
  });

  test('is checked as such', async () => {
    const cwd = await temporaryDirectory();
    const checked = await runProgram(['check', 'storage'], { env: settings({ DATA_DIR: `${cwd}/data` }), cwd });
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  });
});
