// Four processes on one database, and a client that turns to another one at every chunk. Only one of them appends at a
// time: whoever asks ends the request that another holds, within a second, and a process that stands still is overtaken.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { before, test } from 'node:test';

import * as tus from 'tus-js-client';

import { onDeployments, REMOTE } from '../support/deployment.js';
import { movieOf } from '../support/media.js';
import { sleep } from '../support/program.js';
import { ResumableClient, transmit, TUS } from '../support/resumable.js';
import { TcpProxy } from '../support/tcp_proxy.js';

const PROCESSES = 4;
const SIZE = 3_000_000;
const CHUNK = 256 * 1024;
const MIB = 1024 * 1024;
const MEMORY = 64;
const LETS_GO = 1_000;
const HURRIED = 2_000; // where the machine has other things to do

onDeployments('four processes', { processes: PROCESSES }, (holder) => {
  let service, me;
  let films = 0;
  before(() => ({ service, me } = holder));

  async function client(over = {}) {
    const number = ++films;
    const uploader = new ResumableClient({ bytes: await movieOf(SIZE + number, number), token: me.token, title: `Film ${number}`, pick: () => service.next, ...over });
    await uploader.begin();
    return uploader;
  }

  const finish = async (uploader) => {
    await uploader.complete();
    await uploader.assertWhole();
    uploader.close();
    holder.made.push(uploader.id);
  };

  for (const protocol of ['tus', 'ietf']) {
    test(`every chunk to another process (${protocol})`, async () => {
      const uploader = await client({ protocol });
      for (let end = CHUNK; end < uploader.size; end += CHUNK) {
        const answer = await uploader.append({ end });
        assert.ok(answer.status < 300, answer.text());
        assert.equal(answer.headers['upload-offset'], String(end));
        uploader.offset = end;
      }
      await finish(uploader);
    });
  }

  test('chunks of one protocol and then of the other', async () => {
    const uploader = await client();
    const mixed = uploader.another({ protocol: 'ietf' });
    for (let end = CHUNK, turn = 0; end < uploader.size; end += CHUNK, ++turn) {
      const one = turn % 2 === 0 ? uploader : mixed;
      one.offset = end - CHUNK;
      const answer = await one.append({ end });
      assert.equal(answer.headers['upload-offset'], String(end), answer.text());
    }
    mixed.sent = mixed.size;
    await finish(mixed);
  });

  for (const [what, over] of [['', {}], [', in three parallel uploads', { parallelUploads: 3 }]]) {
    test(`tus-js-client through a balancer without sticky sessions${what}`, async () => {
      let turn = 0;
      const seen = new Set();
      const balancer = new TcpProxy(() => {
        const { host, port } = service.servers[turn++ % PROCESSES];
        seen.add(port);
        return { host, port };
      });
      await balancer.open();
      try {
        const bytes = await movieOf(SIZE + ++films, films);
        const begunIds = new Set();
        const upload = await new Promise((resolve, reject) => {
          const begun = new tus.Upload(bytes, {
            endpoint: `http://127.0.0.1:${balancer.port}/uploads`,
            httpStack: new tus.DefaultHttpStack({ agent: new http.Agent({ keepAlive: false }) }),
            headers: { Authorization: `Bearer ${me.token}` },
            metadata: { title: 'Balanced', content_type: 'video', filename: 'film.mp4' },
            chunkSize: CHUNK,
            retryDelays: null,
            onAfterResponse: (_, response) => {
              if (response.getStatus() === 201) begunIds.add(/\/uploads\/([0-9a-f-]{36})/.exec(response.getHeader('Location'))[1]);
            },
            onSuccess: () => resolve(begun),
            onError: reject,
            ...over,
          });
          begun.start();
        });
        assert.equal(seen.size, PROCESSES);
        const uploader = new ResumableClient({ bytes, token: me.token, title: 'Balanced', pick: () => service.next });
        uploader.path = new URL(upload.url).pathname;
        await uploader.assertWhole();
        holder.made.push(uploader.id);
        // The uploads that were joined wait to be joined again, until their owner ends them.
        begunIds.delete(uploader.id);
        assert.equal(begunIds.size, over.parallelUploads ?? 0);
        for (const id of begunIds) await service.end(id, me.token);
      } finally {
        await balancer.close();
      }
    });
  }

  for (const [what, holding, asking] of [['of another process', 0, 1], ['of the same process', 0, 0]]) {
    test(`who asks ends the request ${what} within a second`, async () => {
      const waits = [];
      for (let round = 0; round < 5; ++round) {
        const uploader = await client();
        const [one, other] = [service.servers[holding], service.servers[asking]];
        await uploader.append({ server: one, cutInBody: 1_000_000, how: 'silence' });
        await sleep(50); // so that it has begun
        const began = Date.now();
        const answer = await other.request('HEAD', uploader.path, { headers: TUS });
        waits.push(Date.now() - began);
        assert.equal(answer.status, 200);
        const offset = Number(answer.headers['upload-offset']);
        assert.ok(offset > 0 && offset <= 1_000_000, `${offset} of a million bytes were kept`);
        await finish(uploader);
      }
      waits.sort((a, b) => a - b);
      assert.ok(waits[2] < LETS_GO && waits.at(-1) < HURRIED, `it took ${waits} ms`);
    });
  }

  test('a PATCH takes an upload over from a PATCH that has fallen silent', async () => {
    const uploader = await client();
    await uploader.append({ server: service.servers[0], cutInBody: 500_000, how: 'silence' });
    await sleep(50);
    const began = Date.now();
    const { answer } = await transmit(service.servers[1], {
      method: 'PATCH', target: uploader.path, body: Buffer.alloc(1000),
      headers: { ...TUS, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': 0 },
    });
    assert.equal(answer.status, 409, answer.text());
    assert.ok(Date.now() - began < HURRIED, `it took ${Date.now() - began} ms`);
    await finish(uploader);
  });

  test('clients that fight for one upload make one content', async () => {
    const uploader = await client();
    const fighters = service.servers.map((server) => {
      const fighter = uploader.another({ pick: () => server });
      fighter.sent = fighter.size; // by the others
      return fighter;
    });
    let isWhole = false;
    const fight = async (fighter, number) => {
      for (let attempt = 0; attempt < 6 && !isWhole; ++attempt) {
        await sleep(number * 37);
        if ((isWhole ||= await fighter.find())) return;
        const answer = await fighter.append({ end: Math.min(fighter.size, fighter.offset + 600_000), pace: 2 });
        assert.ok(!answer || [204, 409, 423].includes(answer.status), `${answer?.status} ${answer?.text()}`);
      }
    };
    await Promise.all(fighters.map(fight));
    uploader.sent = uploader.size;
    for (const fighter of fighters) fighter.close();
    await finish(uploader);
  });

  test('a process that stands still is overtaken, and changes nothing when it goes on', async () => {
    const uploader = await client();
    const [frozen, ...others] = service.servers;
    const alive = uploader.another({ pick: () => others[0] });
    await uploader.append({ server: frozen, cutInBody: 700_000, how: 'silence' });
    await sleep(50);
    frozen.signal('SIGSTOP');
    try {
      alive.sent = alive.size;
      assert.ok(!(await alive.find())); // its lease has run out
      if (service.s3) {
        await alive.complete();
        await alive.assertWhole(others[0]);
      } else {
        // On one disk the file is locked as well, by a process that is still there and may write at any moment.
        const answer = await alive.append();
        assert.equal(answer.status, 423, answer.text());
      }
    } finally {
      frozen.signal('SIGCONT');
    }
    await sleep(300);
    await alive.complete();
    await alive.assertWhole(frozen);
    uploader.close();
    alive.close();
    holder.made.push(alive.id);
  });

  test('nothing is doubled, and nothing is left over', async () => {
    // What the overtaken process had on its way to the bucket has a name that no row knows.
    await service.command('gc');
    await service.assertOnly(holder.made);
  });
});

// The strict bar is the bench's; this one is that what many clients have sent does not pile up.
onDeployments('memory', { env: { UPLOAD_MEMORY: `${MEMORY}MiB` }, deployments: [REMOTE] }, (holder) => {
  const AT_ONCE = 40;
  const SILENT = 6; // each holds a part, and more of them than UPLOAD_MEMORY has parts would be waited for
  const EACH = 12 * MIB;
  let service, me, server;
  before(() => {
    ({ service, me } = holder);
    [server] = service.servers;
  });

  test(`${AT_ONCE} uploads under way, ${SILENT} of them silent, stay within UPLOAD_MEMORY`, async () => {
    const peak = async () => Number(/^VmHWM:\s*(\d+) kB/m.exec(await readFile(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024;
    const before = await peak();
    const uploaders = await Promise.all(Array.from({ length: AT_ONCE }, async (_, i) => {
      const uploader = new ResumableClient({ bytes: await movieOf(EACH + i, i), token: me.token, title: `Film ${i}`, pick: () => server });
      await uploader.begin();
      return uploader;
    }));
    const silent = uploaders.slice(0, SILENT);
    await Promise.all(silent.map((uploader) => uploader.append({ cutInBody: EACH / 2, how: 'silence' })));
    await Promise.all(uploaders.slice(SILENT).map((uploader) => uploader.complete()));
    await Promise.all(silent.map((uploader) => uploader.complete()));
    const grown = (await peak()) - before;
    assert.ok(grown < (MEMORY + 64) * MIB, `${Math.round(grown / MIB)} MiB more`);
    for (const uploader of uploaders) {
      await uploader.assertWhole();
      uploader.close();
      holder.made.push(uploader.id);
    }
    await service.assertOnly(holder.made);
  });
});
