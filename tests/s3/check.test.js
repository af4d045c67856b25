// `clinikk-tv check storage`: says of a good bucket that it is good, and of any other what is wrong with it.

import { DeleteBucketCorsCommand, DeleteBucketPolicyCommand, PutBucketCorsCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';

import { filesUnder } from '../support/leftovers.js';
import { runProgram, temporaryDirectory } from '../support/program.js';
import { refuse, startPeer } from '../support/s3_peer.js';
import { startS3 } from '../support/s3.js';

const ORIGIN = 'https://app.example.org';

describe('check storage', () => {
  let s3, peer, cwd;

  before(async () => {
    [s3, cwd] = await Promise.all([startS3(), temporaryDirectory()]);
    peer = await startPeer(s3);
  });
  after(async () => {
    await peer?.stop();
    await s3?.stop();
    await rm(cwd, { recursive: true, force: true });
  });
  beforeEach(() => peer.heal());

  /** `{code, ok, failed}`: the steps that went well, and `step: what is wrong` of the others. */
  async function check(env, ...args) {
    const run = await runProgram(['check', 'storage', ...args], { env: { DATA_DIR: `${cwd}/data`, ...env }, cwd, timeout: 60_000 });
    assert.doesNotMatch(run.stdout + run.stderr, /testsecretkey/);
    const lines = run.stdout.trim().split('\n').slice(1);
    for (const line of lines) assert.match(line, /^(ok {6}|FAILED {2})\S/, run.stdout + run.stderr);
    const of = (word) => lines.filter((line) => line.startsWith(word)).map((line) => line.slice(8));
    assert.equal(run.code, of('FAILED').length > 0 ? 1 : 0, run.stdout + run.stderr);
    return { ...run, ok: of('ok'), failed: of('FAILED') };
  }

  const clean = async () => {
    assert.deepEqual(await s3.keys(), []);
    assert.deepEqual(await s3.unfinished(), []);
  };

  const STEPS = ['list objects', 'put an object', 'read a range of it', 'copy it', 'begin an upload in parts', 'send a part to its address',
    'list the parts', 'complete the upload', 'abort an upload', 'list unfinished uploads', 'delete objects'];

  test('a good bucket', async () => {
    const { ok, failed, stdout } = await check(s3.settings());
    assert.deepEqual(failed, []);
    assert.deepEqual(ok, STEPS);
    assert.match(stdout, /^store s3, bucket clinikk-media\n/);
    await clean();
  });

  test('the local disk', async () => {
    const { ok, failed } = await check({ DATA_DIR: `${cwd}/local` });
    assert.deepEqual(failed, []);
    assert.deepEqual(ok, ['list objects', 'put an object', 'read a range of it', 'copy it', 'delete objects']);
    assert.deepEqual(await filesUnder(`${cwd}/local`), []);
    assert.ok(!(await readdir(`${cwd}/local`)).some((name) => name.endsWith('.db')), 'it needs no database');
  });

  // A policy that denies the owner of the bucket one right.
  for (const [right, step, ...alsoFailing] of [
    ['s3:ListBucket', 'list objects'],
    ['s3:PutObject', 'put an object', 'begin an upload in parts'],
    ['s3:GetObject', 'read a range of it', 'copy it'],
    ['s3:ListMultipartUploadParts', 'list the parts'],
    ['s3:AbortMultipartUpload', 'abort an upload', 'leave nothing behind'],
    ['s3:ListBucketMultipartUploads', 'list unfinished uploads'],
    ['s3:DeleteObject', 'delete objects', 'leave nothing behind'],
  ]) {
    test(`${right} is missing`, async () => {
      const statement = { Effect: 'Deny', Principal: '*', Action: right, Resource: [`arn:aws:s3:::${s3.bucket}`, `arn:aws:s3:::${s3.bucket}/*`] };
      await s3.send(PutBucketPolicyCommand, { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) });
      try {
        const { failed } = await check(s3.settings());
        const line = failed.find((entry) => entry.startsWith(`${step}: `));
        assert.ok(line, failed.join('\n'));
        assert.ok(line.includes(`: the key lacks the right ${right} `), line);
        assert.match(line, /\(S3 \w+ ?\S*: status 403.*request id /);
        assert.deepEqual(failed.map((entry) => entry.slice(0, entry.indexOf(': '))).filter((name) => ![step, ...alsoFailing].includes(name)), []);
      } finally {
        await s3.send(DeleteBucketPolicyCommand);
      }
      // What could not be removed then is removed now.
      const left = [...(await s3.keys()), ...(await s3.unfinished())];
      assert.equal(left.length > 0, alsoFailing.includes('leave nothing behind'), left.join());
      const gc = await runProgram(['gc'], { env: s3.settings({ DATA_DIR: `${cwd}/gc`, GC_GRACE: '0s' }), cwd });
      assert.equal(gc.code, 0, gc.stderr);
      await s3.abortAll();
    });
  }

  for (const [what, over, text] of [
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'AWS_SECRET_ACCESS_KEY is not the secret'],
    ['an unknown key', { AWS_ACCESS_KEY_ID: 'nobody' }, 'AWS_ACCESS_KEY_ID is unknown to this S3 server'],
    ['no such bucket', { STORAGE_BUCKET: 'no-such-bucket' }, 'STORAGE_BUCKET names no bucket'],
    ['nobody there', { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 'no S3 server answers at AWS_ENDPOINT_URL'],
  ]) {
    test(what, async () => {
      const { ok, failed } = await check(s3.settings(over));
      assert.deepEqual(ok, []);
      for (const line of failed) assert.ok(line.includes(text), line);
    });
  }

  // What this server does not say by itself.
  for (const [status, code, text] of [
    [403, 'RequestTimeTooSkewed', 'the clock of this machine is wrong'],
    [400, 'ExpiredToken', 'the temporary key has expired'],
    [400, 'AuthorizationHeaderMalformed', 'another region than AWS_REGION'],
    [301, 'PermanentRedirect', 'another region than AWS_REGION'],
  ]) {
    test(`${status} ${code}`, async () => {
      for (const method of ['GET', 'PUT', 'POST', 'HEAD', 'DELETE']) peer.break(method, /./, refuse(status, code));
      const { ok, failed } = await check(s3.settings({ AWS_ENDPOINT_URL: peer.url }));
      assert.deepEqual(ok, []);
      for (const line of failed) {
        assert.ok(line.includes(text), line);
        assert.match(line, /REQ-4711/);
      }
    });
  }

  describe('browsers', () => {
    const rule = (over = {}) => s3.send(PutBucketCorsCommand, {
      CORSConfiguration: {
        CORSRules: [{ AllowedOrigins: [ORIGIN], AllowedMethods: ['GET', 'PUT'], AllowedHeaders: ['content-type', 'range'], ExposeHeaders: ['ETag'], ...over }],
      },
    });
    const step = `browsers at ${ORIGIN}`;
    after(() => s3.send(DeleteBucketCorsCommand));

    test('no rule', async () => {
      const { failed } = await check(s3.settings(), '--origin', ORIGIN);
      assert.equal(failed.length, 1);
      assert.ok(failed[0].startsWith(`${step}: no CORS rule of the bucket allows PUT to pages of ${ORIGIN}; `), failed[0]);
      assert.match(failed[0], /shows answers.*; no CORS rule of the bucket allows GET/);
      await clean();
    });

    test('a good rule', async () => {
      await rule();
      const { ok, failed } = await check(s3.settings(), '--origin', ORIGIN);
      assert.deepEqual(failed, []);
      assert.ok(ok.includes(step));
      // Or as the service's own setting has it.
      const twice = await check(s3.settings({ CORS_ORIGINS: `${ORIGIN},https://evil.example.org` }));
      assert.equal(twice.failed.length, 1);
      assert.match(twice.failed[0], /^browsers at https:\/\/evil\.example\.org: /);
      assert.ok(twice.ok.includes(step));
      await clean();
    });

    for (const [what, over, text] of [
      ['no PUT', { AllowedMethods: ['GET'] }, /allows PUT/],
      ['no GET', { AllowedMethods: ['PUT'] }, /allows GET/],
      ['ETag hidden', { ExposeHeaders: ['x-amz-request-id'] }, /does not expose the header field ETag/],
      ['no header fields', { AllowedHeaders: ['x-other'] }, /allows PUT|header field content-type/],
      ['another origin', { AllowedOrigins: ['https://other.example.org'] }, /allows PUT/],
    ]) {
      test(what, async () => {
        await rule(over);
        const { failed } = await check(s3.settings(), '--origin', ORIGIN);
        assert.equal(failed.length, 1);
        assert.match(failed[0], text);
        await clean();
      });
    }
  });
});
