// SIGTERM: what is under way is finished, nothing new begins; a second signal ends at once.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';

import { newUser, upload, uploadParts } from '../support/client.js';
import { sha256, wav } from '../support/media.js';
import { multipart } from '../support/multipart.js';
import { environment, eventually, PROGRAM, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';
import { append, begun, CHUNK, offsetOf, requestHead, VERSION } from '../support/tus.js';

const BIG = wav(24 * 1024 * 1024, 5);

/** Starts a server, lets `body` do its work with it, and removes what is left whatever happens. */
async function withServer(env, body) {
  const dataDir = await temporaryDirectory();
  const server = await startServer({ dataDir, env });
  try {
    await body(server, await newUser(server));
  } finally {
    if (!server.exit) await server.kill();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** An upload of which all but the last bytes were sent. */
async function beginUpload(server, token, bytes = wav(100_000, 9)) {
  const { body, type } = multipart(uploadParts(bytes));
  const wire = await server.wire();
  await wire.write(`POST /content HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`);
  assert.equal((await wire.answer()).status, 100); // it is under way
  await wire.write(body.subarray(0, -100));
  return { wire, rest: body.subarray(-100) };
}

/** A download that was begun and is not being read. */
async function beginDownload(server, token) {
  const content = await upload(server, token, BIG);
  const wire = await server.wire({ readableHighWaterMark: 16384 });
  wire.pause(); // from the start: the less the kernel takes in
  await wire.write(`GET /content/${content.id}/stream HTTP/1.1\r\nHost: a\r\n\r\n`);
  await eventually(() => wire.socket.readableLength > 0, 'the download does not begin');
  return wire;
}

const refusesConnections = (server) => async () => {
  const wire = await server.wire().catch(() => null);
  wire?.destroy();
  return wire === null;
};

/** Whether the process is the program, and has a handler for the signal of that number. */
async function catches(pid, number) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  if (!status.startsWith(`Name:\t${path.basename(PROGRAM)}\n`)) return false; // still the shell that starts it
  const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)[1]}`);
  return ((caught >> BigInt(number - 1)) & 1n) === 1n;
}

/** Starts a server whose standard output is full: it cannot finish its line "listening on ...". `release` lets it. */
async function startHeldBack(dataDir) {
  const fifo = path.join(dataDir, 'stdout');
  assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
  const fill = 'exec 3<>"$0"; dd if=/dev/zero of="$0" bs=4096 oflag=nonblock status=none 2>/dev/null; exec "$@" >&3 3>&-';
  const settings = { PORT: 0, DATA_DIR: dataDir, SHUTDOWN_GRACE: '20s' };
  const child = spawn('sh', ['-c', fill, fifo, PROGRAM, 'serve'], { env: environment(settings), cwd: dataDir, stdio: ['ignore', 'ignore', 'pipe'] });
  const held = { child, log: '', release: () => createReadStream(fifo).resume() };
  child.stderr.on('data', (bytes) => (held.log += bytes));
  held.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  return held;
}

for (const [signal, number] of [['SIGTERM', 15], ['SIGINT', 2]]) {
  describe(signal, () => {
    test('drains also a server that has not begun to serve', async () => {
      const dataDir = await temporaryDirectory();
      const server = await startHeldBack(dataDir);
      try {
        await eventually(() => catches(server.child.pid, number), () => `it does not catch ${signal}\n${server.log}`);
        server.child.kill(signal);
        server.release();
        assert.deepEqual(await server.ended, { code: 0, signal: null });
        assert.match(server.log, /server\.drain_started/);
      } finally {
        server.child.kill('SIGKILL');
        await rm(dataDir, { recursive: true, force: true });
      }
    });

    test('with nothing to do ends at once, idle connections and all', async () => {
      await withServer({ SHUTDOWN_GRACE: '20s' }, async (server) => {
        const idle = await server.wire();
        await idle.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
        await idle.finalAnswer();
        const silent = await server.wire();
        const started = Date.now();
        server.signal(signal);
        const exit = await server.ended;
        assert.deepEqual(exit, { code: 0, signal: null });
        assert.ok(Date.now() - started < 10_000, `${Date.now() - started} ms`); // half of the grace
        assert.ok(await idle.closed());
        assert.ok(await silent.closed());
        idle.destroy();
        silent.destroy();
      });
    });
  });
}

describe('draining', () => {
  test('finishes an upload and a download under way, and takes no new connections', async () => {
    await withServer({ SHUTDOWN_GRACE: '20s' }, async (server, me) => {
      const download = await beginDownload(server, me.token);
      const up = await beginUpload(server, me.token);
      server.signal('SIGTERM');
      await eventually(refusesConnections(server), 'it still takes connections');
      assert.equal(server.exit, null);
      await sleep(500);
      await up.wire.write(up.rest);
      const created = await up.wire.finalAnswer();
      assert.equal(created.status, 201, created.text());
      assert.match(created.headers.connection ?? '', /close/i);
      download.resume();
      const streamed = await download.finalAnswer({ timeout: 15_000 });
      assert.ok(streamed.body.equals(BIG));
      assert.equal((await server.ended).code, 0);
      up.wire.destroy();
      download.destroy();
    });
  });

  // Stopped, the process leaves new connections to the kernel: at SIGTERM they wait to be accepted.
  test('answers connections that were made before it heard of the end', async () => {
    await withServer({ SHUTDOWN_GRACE: '20s', THREADS: 2 }, async (server) => {
      server.signal('SIGSTOP');
      const wires = await Promise.all(Array.from({ length: 20 }, () => server.wire()));
      const [late, ...prompt] = wires;
      await Promise.all(prompt.map((wire) => wire.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n')));
      server.signal('SIGTERM');
      server.signal('SIGCONT');
      await late.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
      for (const wire of wires) {
        assert.equal((await wire.finalAnswer()).status, 200);
        wire.destroy();
      }
      assert.equal((await server.ended).code, 0);
    });
  });

  test('says so to who asks over a connection that is still open', async () => {
    await withServer({ SHUTDOWN_GRACE: '20s' }, async (server, me) => {
      const up = await beginUpload(server, me.token);
      const asking = await server.wire();
      await asking.write('GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.equal((await asking.finalAnswer()).status, 200);
      // Sent together with the signal it may be answered either way; afterwards the connection is gone or says 503.
      server.signal('SIGTERM');
      await eventually(refusesConnections(server), 'it still takes connections');
      await asking.write('GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n');
      const answer = await asking.finalAnswer({ timeout: 2_000 }).catch(() => null);
      if (answer) assert.equal(answer.status, 503);
      await up.wire.write(up.rest);
      assert.equal((await up.wire.finalAnswer()).status, 201);
      assert.equal((await server.ended).code, 0);
      up.wire.destroy();
      asking.destroy();
    });
  });

  test('keeps what uploads that can be resumed have sent, and does not wait for the rest', async () => {
    const bytes = wav(400_000, 11);
    const dataDir = await temporaryDirectory();
    const first = await startServer({ dataDir, env: { SHUTDOWN_GRACE: '60s' } });
    try {
      const me = await newUser(first);
      const begunUpload = await begun(first, me.token, bytes);
      const wire = await first.wire();
      await wire.write(requestHead(first, 'PATCH', begunUpload.path, { 'Tus-Resumable': VERSION, 'Content-Type': CHUNK, 'Upload-Offset': 0, 'Content-Length': bytes.length }));
      await wire.write(bytes.subarray(0, 300_000));
      await sleep(500); // it arrives
      const started = Date.now();
      first.signal('SIGTERM');
      assert.equal((await wire.finalAnswer()).status, 409);
      assert.equal((await first.ended).code, 0);
      assert.ok(Date.now() - started < 30_000, `${Date.now() - started} ms`); // half of the grace
      wire.destroy();
      const second = await startServer({ dataDir });
      try {
        const kept = await offsetOf(second, begunUpload);
        assert.ok(kept > 0 && kept <= 300_000, `${kept} bytes`); // the rest may not have been read yet
        await append(second, begunUpload, kept, bytes.subarray(kept));
        assert.equal((await second.get(`/content/${begunUpload.id}`)).json().sha256, sha256(bytes));
      } finally {
        await second.stop();
      }
    } finally {
      if (!first.exit) await first.kill();
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  test('gives up after SHUTDOWN_GRACE', async () => {
    await withServer({ SHUTDOWN_GRACE: '1s' }, async (server, me) => {
      const up = await beginUpload(server, me.token);
      const started = Date.now();
      server.signal('SIGTERM');
      const exit = await server.ended;
      const took = Date.now() - started;
      assert.ok(took >= 900, `${took} ms`); // nothing else ends this upload
      assert.equal(exit.code, 0);
      assert.ok(await up.wire.closed());
      up.wire.destroy();
    });
  });

  test('ends at once at a second signal', async () => {
    await withServer({ SHUTDOWN_GRACE: '30s' }, async (server, me) => {
      const up = await beginUpload(server, me.token);
      const download = await beginDownload(server, me.token);
      server.signal('SIGTERM');
      await eventually(refusesConnections(server), 'it still takes connections');
      await sleep(300);
      assert.equal(server.exit, null);
      const started = Date.now();
      server.signal('SIGTERM');
      await server.ended;
      assert.ok(Date.now() - started < 15_000, `${Date.now() - started} ms`); // half of the grace
      up.wire.destroy();
      download.destroy();
    });
  });

  test('leaves nothing of what it gave up that a restart would show', async () => {
    const dataDir = await temporaryDirectory();
    const first = await startServer({ dataDir, env: { SHUTDOWN_GRACE: '1s' } });
    const me = await newUser(first);
    const kept = await upload(first, me.token, wav(3000, 1));
    const up = await beginUpload(first, me.token);
    first.signal('SIGTERM');
    await first.ended;
    up.wire.destroy();
    const second = await startServer({ dataDir });
    try {
      assert.deepEqual((await second.get('/content')).json().map(({ id }) => id), [kept.id]);
    } finally {
      await second.stop();
      await rm(dataDir, { recursive: true });
    }
  });
});
