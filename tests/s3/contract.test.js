// The contract suites of object stores, direct uploads and appends, on a real bucket: the same that the local store and the fakes
// of the service tests pass.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { startS3 } from '../support/s3.js';

const run = promisify(execFile);
const SUITES = 'S3/ObjectStoreContract.*:Repositories/DirectUploadsContract.*/1:Stores/AppendableObjectsContract.*/1';

describe('a bucket', () => {
  let s3;

  before(async () => {
    s3 = await startS3();
  });
  after(() => s3?.stop());

  test('keeps the contract of object stores', async () => {
    const program = path.join(path.dirname(process.env.CLINIKK_TV), 'contract_tests');
    const env = {
      ...process.env,
      TEST_S3_URL: s3.url, TEST_S3_BUCKET: s3.bucket, TEST_S3_KEY_ID: s3.key.accessKeyId, TEST_S3_SECRET: s3.key.secretAccessKey,
    };
    const { stdout } = await run(program, [`--gtest_filter=${SUITES}`, '--gtest_color=no'], { env }).catch((failure) => {
      throw new Error(failure.stdout + failure.stderr);
    });
    const ran = Number(/\[==========\] (\d+) tests from 3 test suites ran/.exec(stdout)?.[1]);
    assert.ok(ran >= 32, stdout);
  });
});
