// Few descriptors: connections are capped so that what was begun always finds one.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { newUser, uploadParts } from '../../support/client.js';
import { wav } from '../../support/media.js';
import { multipart } from '../../support/multipart.js';
import { refused } from '../../support/program.js';
import { startServer } from '../../support/server.js';

const limited = (descriptors) => ['sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh'];
const GET = (target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

describe('256 descriptors', () => {
  test('open connections go on beside 500 idle ones, and one too many is told so', async () => {
    const server = await startServer({ through: limited(256), env: { THREADS: 2, PROBE_CONCURRENCY: 2, LOG_FORMAT: 'json' } });
    const all = [];
    try {
      const { token } = await newUser(server);
      const line = server.log.split('\n').find((text) => text.includes('connections.limited'));
      const { connections } = JSON.parse(line);
      assert.ok(connections >= 8 && connections < 256 / 3, line);

      const busy = await Promise.all(Array.from({ length: 6 }, () => server.wire()));
      all.push(...busy);
      for (const wire of busy) {
        await wire.write(GET('/health'));
        assert.equal((await wire.finalAnswer()).status, 200);
      }
      const idle = await Promise.all(Array.from({ length: 500 }, () => server.wire().catch(() => null)));
      all.push(...idle.filter(Boolean));
      const extra = await server.wire();
      all.push(extra);
      await extra.write(GET('/health'));
      const told = await extra.finalAnswer();
      assert.equal(told.status, 503);
      assert.equal(told.json().code, 'unavailable');
      assert.match(told.headers.connection, /close/);
      assert.ok(told.headers['retry-after']);
      assert.ok(await extra.closed());

      // All at once, so that each holds its files at the same time.
      const made = await Promise.all(busy.map(async (wire, i) => {
        const { body, type } = multipart(uploadParts(wav(50_000 + i)));
        await wire.write(`POST /content HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`);
        await wire.write(body);
        const answer = await wire.finalAnswer({ timeout: 60_000 });
        assert.equal(answer.status, 201, answer.text());
        return answer.json().id;
      }));
      for (const wire of busy) {
        for (const id of made) {
          await wire.write(GET(`/content/${id}/stream`));
          assert.equal((await wire.finalAnswer()).status, 200);
        }
        await wire.write(GET('/health/ready'));
        assert.equal((await wire.finalAnswer()).status, 200);
      }
      assert.doesNotMatch(server.log, /"status":500|Too many open files/);
    } finally {
      for (const wire of all) wire.destroy();
      await server.stop();
    }
  });

  test('every connection that is let in may upload at the same time', async () => {
    const server = await startServer({ through: limited(256), env: { THREADS: 2, PROBE_CONCURRENCY: 2, MAX_UPLOADS_PER_USER: 100, LOG_FORMAT: 'json' } });
    const wires = [];
    try {
      const { token } = await newUser(server);
      const { connections } = JSON.parse(server.log.split('\n').find((text) => text.includes('connections.limited')));
      // One or two are the test client's own.
      for (let i = 0; i < connections - 4; ++i) wires.push(await server.wire());
      const body = multipart(uploadParts(wav(50_000)));
      for (const wire of wires) {
        await wire.write(`POST /content HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${body.type}\r\nContent-Length: ${body.body.length}\r\n\r\n`);
        await wire.write(body.body.subarray(0, -50));
      }
      for (const wire of wires) wire.write(body.body.subarray(-50));
      for (const wire of wires) {
        const answer = await wire.finalAnswer({ timeout: 120_000 });
        assert.equal(answer.status, 201, answer.text());
      }
      assert.doesNotMatch(server.log, /Too many open files/);
    } finally {
      for (const wire of wires) wire.destroy();
      await server.stop();
    }
  });
});

describe('too few descriptors to serve', () => {
  test('stop the start with one line that says what to do', async () => {
    const line = await refused({ THREADS: 2 }, { through: limited(64) });
    assert.match(line, /ulimit -n/);
    assert.match(line, /\b64\b/);
  });
});
