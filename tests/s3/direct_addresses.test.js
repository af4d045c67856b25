// The addresses of parts are good until they expire, whatever happens meanwhile: what else can be done with them?

import { DeleteObjectCommand, GetObjectAclCommand, GetObjectTaggingCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { newUser } from '../support/client.js';
import { assertClean, begun, complete, keyOf, sendPart, sendParts } from '../support/direct_upload.js';
import { sha256, wav } from '../support/media.js';
import { eventually } from '../support/program.js';
import { refuse, startPeer, waitFor } from '../support/s3_peer.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

const MEBIBYTE = 1024 * 1024;

/** A request to a part's address as no well-behaved client would make it: `{status, etag, text}`. */
function put(url, body, headers = {}, method = 'PUT') {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers: { 'Content-Length': body.length, ...headers } }, (answer) => {
      const chunks = [];
      answer.on('data', (bytes) => chunks.push(bytes));
      answer.on('end', () => resolve({ status: answer.statusCode, etag: answer.headers.etag, text: String(Buffer.concat(chunks)) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('the address of a part', () => {
  let s3, peer, server, token;
  const contents = [];

  before(async () => {
    s3 = await startS3();
    peer = await startPeer(s3);
    server = await startServer({ env: s3.settings({ AWS_ENDPOINT_URL: peer.url }) });
    ({ token } = await newUser(server));
  });
  after(async () => {
    try {
      await assertClean(s3, server, contents);
    } finally {
      await server?.stop();
      await peer?.stop();
      await s3?.stop();
    }
  });

  async function completed(made, parts, bytes) {
    const answer = await complete(server, token, made, parts, { sha256: sha256(bytes) });
    assert.equal(answer.status, 201, answer.text());
    contents.push(answer.json());
    return answer.json();
  }

  /** Completes while `meanwhile` happens between the look at the parts and their being put together; the answer. */
  async function completeWhile(made, parts, meanwhile) {
    peer.heal();
    let open;
    peer.break('POST', /uploadId=/, waitFor(new Promise((resolve) => (open = resolve))), 1);
    const under = complete(server, token, made, parts);
    await eventually(() => peer.seen.some((line) => line.startsWith('POST ')), 'it never came to that');
    await meanwhile();
    open();
    return under;
  }

  test('overwritten while the upload is being completed: the parts do not match, and may be corrected', async () => {
    const bytes = wav(9 * MEBIBYTE, 1);
    const made = await begun(server, token, bytes);
    const parts = await sendParts(made, bytes);
    const other = await completeWhile(made, parts, () => sendPart(made, made.parts[1], Buffer.alloc(bytes.length, 'x')));
    assert.equal(other.status, 422, other.text());
    assert.equal(other.json().code, 'parts_mismatch');
    const upload = (await server.get(`/uploads/${made.id}`, { token })).json();
    assert.equal(upload.state, 'receiving');
    const again = await sendPart(made, made.parts[1], bytes);
    await completed(made, [parts[0], again], bytes);
  });

  test('aborted while the upload is being completed: there is no such upload', async () => {
    const bytes = wav(9 * MEBIBYTE, 2);
    const made = await begun(server, token, bytes);
    const answer = await completeWhile(made, await sendParts(made, bytes), () => s3.abortAll());
    assert.equal(answer.status, 404, answer.text());
    assert.equal(answer.json().code, 'upload_not_found');
    assert.equal((await server.get(`/uploads/${made.id}`, { token })).status, 404);
  });

  for (const [bucketStatus, bucketCode, status, code] of [
    [400, 'InvalidPart', 422, 'parts_mismatch'],
    [400, 'InvalidPartOrder', 422, 'parts_mismatch'],
    [400, 'EntityTooSmall', 422, 'parts_mismatch'],
    [503, 'SlowDown', 503, 'unavailable'],
    [500, 'InternalError', 503, 'unavailable'],
    [403, 'AccessDenied', 503, 'unavailable'],
    [409, 'OperationAborted', 503, 'unavailable'],
  ]) {
    test(`what the bucket calls ${bucketCode} is ${code}`, async () => {
      peer.heal();
      const bytes = wav(5000, 3);
      const made = await begun(server, token, bytes);
      const parts = await sendParts(made, bytes);
      peer.break('POST', /uploadId=/, refuse(bucketStatus, bucketCode));
      const answer = await complete(server, token, made, parts);
      assert.equal(answer.status, status, answer.text());
      assert.equal(answer.json().code, code);
      assert.doesNotMatch(answer.text(), /secret detail/);
      if (status === 503) assert.ok(Number(answer.headers['retry-after']) > 0);
      peer.heal();
      await completed(made, parts, bytes);
    });
  }

  // Amazon refuses what is not signed, by its name; RADOS Gateway takes no notice of it in a part.
  const UNSIGNED = {
    'x-amz-acl': 'public-read', 'x-amz-grant-read': 'uri="http://acs.amazonaws.com/groups/global/AllUsers"',
    'x-amz-meta-evil': 'yes', 'x-amz-tagging': 'evil=yes', 'x-amz-storage-class': 'STANDARD',
    'x-amz-website-redirect-location': 'http://evil.example/', 'x-amz-server-side-encryption': 'AES256',
    'content-type': 'text/html', 'content-disposition': 'attachment; filename=evil.exe', 'content-encoding': 'gzip',
    'content-language': 'xx', 'cache-control': 'public, max-age=31536000', expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
  };

  test('fields that are not signed change nothing of the object', async () => {
    peer.heal();
    const [plain, dressed] = [wav(5000, 4), wav(5000, 5)];
    const facts = [];
    for (const [bytes, headers] of [[plain, [{}]], [dressed, [...Object.entries(UNSIGNED).map(([name, value]) => ({ [name]: value })), UNSIGNED]]]) {
      const made = await begun(server, token, bytes);
      let part;
      for (const fields of headers) {
        const answer = await put(made.parts[0].url, bytes, fields);
        assert.ok([200, 400, 403].includes(answer.status), `${JSON.stringify(fields)}: ${answer.status} ${answer.text}`);
        if (answer.status === 200) part = { number: 1, etag: answer.etag };
      }
      const Key = keyOf(await completed(made, [part], bytes));
      const { Grants, Owner } = await s3.send(GetObjectAclCommand, { Key });
      const { TagSet } = await s3.send(GetObjectTaggingCommand, { Key });
      const { $metadata, LastModified, ETag, ...head } = await s3.send(HeadObjectCommand, { Key });
      facts.push({ Grants, Owner, TagSet, head });
    }
    assert.deepEqual(facts[1], facts[0]);
    assert.equal(facts[1].head.ContentType, 'audio/wav');
  });

  test('nothing of another object gets into a part', async () => {
    peer.heal();
    const bytes = wav(5000, 6);
    const made = await begun(server, token, bytes);
    await s3.send(PutObjectCommand, { Key: 'private/diary.wav', Body: Buffer.alloc(bytes.length, 's') });
    for (const [method, body, more] of [['PUT', bytes, {}], ['PUT', Buffer.alloc(0), {}], ['PUT', bytes, { 'x-amz-copy-source-range': 'bytes=0-99' }]]) {
      const answer = await put(made.parts[0].url, body, { 'x-amz-copy-source': `/${s3.bucket}/private/diary.wav`, ...more }, method);
      assert.ok(answer.status >= 400, `${answer.status} ${answer.text}`);
    }
    assert.deepEqual((await server.get(`/uploads/${made.id}`, { token })).json().stored_parts, []);
    await s3.send(DeleteObjectCommand, { Key: 'private/diary.wav' });
    await completed(made, await sendParts(made, bytes), bytes);
  });

  test('it is good for nothing but that part', async () => {
    peer.heal();
    const bytes = wav(5000, 7);
    const made = await begun(server, token, bytes);
    const [{ url }] = made.parts;
    for (const query of ['&acl', '&tagging', '&versionId=1', '&retention', '&legal-hold', '&x-amz-acl=public-read', '&response-content-type=text/html']) {
      assert.equal((await put(url + query, bytes)).status, 403, query);
    }
    for (const method of ['GET', 'HEAD', 'DELETE', 'POST']) {
      const answer = await put(url, method === 'POST' ? bytes : Buffer.alloc(0), {}, method);
      assert.equal(answer.status, 403, `${method}: ${answer.text}`);
    }
    const parts = await sendParts(made, bytes);
    await completed(made, parts, bytes);
    assert.equal((await put(url, bytes)).status, 404, 'once completed it is good for nothing at all');
  });
});
