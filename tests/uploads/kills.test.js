// `kill -9` of the process that receives, at random moments, while others of the cluster go on and the dead one is started
// again: every upload ends with its bytes, once, and nothing is left over. KILLS=<n> and SEED=<n> change it.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { onDeployments } from '../support/deployment.js';
import { movieOf } from '../support/media.js';
import { eventually, sleep } from '../support/program.js';
import { LEASE_LASTS, randomFrom, ResumableClient } from '../support/resumable.js';

const KILLS = Number(process.env.KILLS ?? 50);
const SEED = Number(process.env.SEED ?? Date.now() % 100_000);
const AT_ONCE = 12;
const SIZE = 1_500_000;
const EXAMINED = 10_000; // by four processes at once, and anew where the one that examined died as well

onDeployments('processes that are killed', { processes: 4 }, (holder) => {
  let service, me;
  before(() => ({ service, me } = holder));
  const random = randomFrom(SEED);
  const isReceiving = new Map(); // uploader → the process
  const uploaders = [];
  let isOver = false;
  let longest = 0;
  let latest = 0;

  /** Sends until it is whole, whatever dies meanwhile. */
  async function upload(number) {
    const uploader = new ResumableClient({
      bytes: await movieOf(SIZE + number, number), token: me.token, title: `Film ${number}`, protocol: number % 2 === 0 ? 'tus' : 'ietf',
      pick: () => service.next,
    });
    uploaders.push(uploader);
    // An answer to a creation that is lost leaves an upload without bytes: it is ended below.
    while (!uploader.path) await uploader.begin().catch((error) => assertBroken(error));
    do {
      const server = service.next;
      const end = random() < 0.3 ? uploader.size : Math.min(uploader.size, uploader.offset + 200_000 + Math.floor(random() * 600_000));
      isReceiving.set(uploader, server);
      const answer = await uploader.append({ server, end, pace: 1 }).catch((error) => assertBroken(error));
      isReceiving.delete(uploader);
      assert.ok(!answer || answer.status < 300 || [409, 423, 503].includes(answer.status), `${answer?.status} ${answer?.text()}`);
    } while (!(await uploader.find()));
    longest = Math.max(longest, uploader.longest);
    latest = Math.max(latest, uploader.latest);
    // HEAD has told that it is whole: so the content is there.
    await reach(() => uploader.assertWhole());
    uploader.bytes = undefined;
  }

  const assertBroken = (error) => {
    if (error instanceof assert.AssertionError) throw error;
  };

  /** Again, as long as what it asks is being killed. */
  async function reach(act) {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        assertBroken(error);
        await sleep(20);
      }
    }
  }

  async function uploadUntilOver(number) {
    for (let i = number; !isOver; i += AT_ONCE) await upload(i);
  }

  test(`${KILLS} kills`, async () => {
    const working = Promise.all(Array.from({ length: AT_ONCE }, (_, i) => uploadUntilOver(i))).finally(() => (isOver = true));
    working.catch(() => {}); // awaited below
    let kills = 0;
    while (kills < KILLS && !isOver) {
      await sleep(random() * 300);
      const victims = [...isReceiving.values()].filter((server) => service.servers.includes(server));
      const victim = victims[Math.floor(random() * victims.length)];
      if (!victim) continue;
      await service.replace(victim);
      ++kills;
    }
    isOver = true;
    await working;
    assert.equal(kills, KILLS);
    assert.ok(uploaders.length >= AT_ONCE * 2, `${uploaders.length} uploads`);
  });

  test('the lock of a dead process is free when its lease ends', (t) => {
    t.diagnostic(`${longest} ms; the last one, with an examination, ${latest} ms`);
    assert.ok(longest < LEASE_LASTS, `${longest} ms`);
    assert.ok(latest < LEASE_LASTS + EXAMINED, `${latest} ms with an examination`);
  });

  test('uploads whose creation was never answered are listed, and end', async () => {
    const listed = await service.underWay(me.token);
    assert.ok(listed.length <= KILLS);
    for (const { id, offset } of listed) {
      assert.equal(offset, 0);
      await service.end(id, me.token);
    }
  });

  test('nothing is doubled, and nothing is left over', async () => {
    // The collector's part: what a process was writing or removing when it died, once its lease has ended.
    const left = () => service.sql('SELECT method, state, length, lease_until FROM uploads');
    await eventually(async () => {
      await service.command('gc');
      const isClean = /^would remove 0 uploads, 0 temporary files, 0 deleted objects, 0 stray objects\n$/.test(await service.command('gc', '--dry-run'));
      return isClean && (await left()) === '';
    }, async () => `there is always something to collect: ${await left()}`, 60_000);
    await service.assertOnly(uploaders.map(({ id }) => id));
  });
});
