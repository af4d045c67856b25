// Keys from a profile, from a container's agent and from an instance's metadata service, renewed before they expire.

import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { newUser, uploadMedia, uploadParts } from '../support/client.js';
import { media } from '../support/media.js';
import { refused, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';

describe('credentials', () => {
  let s3, song, home;

  before(async () => {
    [s3, song, home] = await Promise.all([startS3(), media('tone.mp3'), temporaryDirectory()]);
  });
  after(async () => {
    await rm(home, { recursive: true, force: true });
    await s3?.stop();
  });

  const settings = (more) => s3.settings({ AWS_ACCESS_KEY_ID: null, AWS_SECRET_ACCESS_KEY: null, HOME: home, ...more });
  const profile = (name, secret) => `# keys\n[${name}]\naws_access_key_id = testaccesskey\naws_secret_access_key=${secret}\n\n`;

  async function uploads(more) {
    const server = await startServer({ env: settings(more) });
    const { token } = await newUser(server);
    await uploadMedia(server, token, song);
    return { server, token };
  }

  /** A service that gives the test server's keys for so many seconds, and counts. */
  async function agent(lifetime, answer) {
    const seen = [];
    const server = http.createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? request.headers['x-aws-ec2-metadata-token'] ?? ''}`.trim());
      const keys = { AccessKeyId: 'testaccesskey', SecretAccessKey: 'testsecretkey', Expiration: new Date(Date.now() + lifetime * 1000).toISOString() };
      request.resume();
      response.end(answer(request, JSON.stringify(keys)));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${server.address().port}`, seen, stop: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))) };
  }

  test('of the default profile in the home directory', async () => {
    await mkdir(`${home}/.aws`);
    await writeFile(`${home}/.aws/credentials`, profile('other', 'wrong') + profile('default', 'testsecretkey'));
    await (await uploads({})).server.stop();
    await rm(`${home}/.aws`, { recursive: true });
  });

  test('of a named profile in a named file', async () => {
    const file = `${home}/keys`;
    await writeFile(file, profile('default', 'wrong') + profile('media', 'testsecretkey'));
    await (await uploads({ AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: 'media' })).server.stop();
    const line = await refused(settings({ AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: 'nobody' }));
    assert.match(line, /AWS_PROFILE: .* has no keys for the profile nobody/);
  });

  test('of a container, asked for once while they last', async () => {
    const service = await agent(3600, (_, keys) => keys);
    const { server, token } = await uploads({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${service.url}/role`, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'let-me-in' });
    await uploadMedia(server, token, song);
    await server.stop();
    await service.stop();
    assert.deepEqual(service.seen, ['GET /role let-me-in']);
  });

  test('of an instance, asked for again before they expire', async () => {
    const service = await agent(100, (request, keys) => {
      if (request.method === 'PUT') return 'session-token';
      return request.url.endsWith('/security-credentials/') ? 'my-role' : keys;
    });
    const { server, token } = await uploads({ AWS_EC2_METADATA_SERVICE_ENDPOINT: service.url });
    const before = service.seen.length;
    await uploadMedia(server, token, song);
    assert.ok(service.seen.length > before, 'in less than five minutes they are no good');
    assert.deepEqual(service.seen.slice(0, 3), [
      'PUT /latest/api/token',
      'GET /latest/meta-data/iam/security-credentials/ session-token',
      'GET /latest/meta-data/iam/security-credentials/my-role session-token',
    ]);
    // What is still good is used on when the service is away.
    await service.stop();
    await uploadMedia(server, token, song);
    await server.stop();
  });

  test('none at all is an outage, told in the log', async () => {
    const service = await agent(100, (request) => (request.url.endsWith('/') ? 'my-role' : '{"Code": "nope"}'));
    const server = await startServer({ env: settings({ AWS_EC2_METADATA_SERVICE_ENDPOINT: service.url }) });
    const { token } = await newUser(server);
    assert.equal((await server.post('/content', { token, multipart: uploadParts(song.bytes) })).status, 503);
    await server.logs('AWS credentials: the answer lacks a key or its expiration');
    await server.stop();
    await service.stop();
  });
});
