// Connections that break at 200 random bytes, each in one of the ways connections break, and clients that go on at another
// process each time: the same bytes in the end, each upload once, and nothing besides. CUTS=<n> and SEED=<n> change it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';

import { onDeployments } from '../support/deployment.js';
import { movieOf, sha256 } from '../support/media.js';
import { eventually } from '../support/program.js';
import { randomFrom, ResumableClient } from '../support/resumable.js';

const CUTS = Number(process.env.CUTS ?? 200);
const SEED = Number(process.env.SEED ?? Date.now() % 100_000);
const PER_UPLOAD = 10;
const AT_ONCE = 4;
const SIZE = 3_000_000;
const HOW = ['reset', 'end', 'silence'];

for (const processes of [1, 4]) {
  onDeployments(`cut connections, ${processes === 1 ? 'one process' : `${processes} processes, another each time`}`, { processes }, (holder) => {
    let service, me;
    const pick = () => service.next;
    const made = (client) => holder.made.push(client.id);
    before(() => ({ service, me } = holder));

    const client = async (number, over = {}) =>
      new ResumableClient({ bytes: await movieOf(SIZE + number, number), token: me.token, title: `Film ${number}`, pick, ...over });

    /** Sends the file with so many breaks at random bytes, those of the requests' heads included. */
    async function sendWithCuts(uploader, random, cuts) {
      // How much of the file each attempt gets to: in order, for all shall be made.
      const places = Array.from({ length: cuts }, () => Math.floor(random() * uploader.size)).sort((a, b) => a - b);
      for (const place of places) {
        const how = HOW[Math.floor(random() * HOW.length)];
        // Whether the request was meant to be the last or not.
        const end = random() < 0.5 ? uploader.size : Math.min(uploader.size, place + Math.floor(random() * 500_000) + 1);
        if (end <= uploader.offset) continue;
        const cut = Math.max(1, place - uploader.offset + Math.floor(random() * 400));
        const answer = await uploader.append({ end, cut, how });
        assert.ok(!answer || answer.status < 300, `${answer?.status} ${answer?.text()}`);
        if (await uploader.find()) break;
      }
      await uploader.complete();
    }

    test(`${CUTS} cuts`, async () => {
      const random = randomFrom(SEED);
      const uploaders = await Promise.all(Array.from({ length: Math.ceil(CUTS / PER_UPLOAD) }, (_, i) => client(i, { protocol: i % 2 === 0 ? 'tus' : 'ietf' })));
      const waiting = [...uploaders];
      const work = async () => {
        for (let uploader; (uploader = waiting.pop());) {
          await uploader.begin();
          await sendWithCuts(uploader, random, PER_UPLOAD);
          await uploader.assertWhole();
        }
      };
      try {
        await Promise.all(Array.from({ length: AT_ONCE }, work));
      } catch (error) {
        error.message += ` (SEED=${SEED})`;
        throw error;
      } finally {
        for (const uploader of uploaders) uploader.close();
      }
      uploaders.forEach(made);
    });

    test('what has arrived before the connection ends is kept, to the byte', async () => {
      for (const [i, sent] of [1, 100_000, 2_345_678].entries()) {
        const uploader = await client(1000 + i);
        await uploader.begin();
        const server = service.next;
        await uploader.append({ server, cutInBody: sent, how: 'end' });
        // Nobody interrupts it: GET only looks.
        await eventually(async () => (await server.get(uploader.path)).json().offset === sent, async () => `${sent} sent: ${(await server.get(uploader.path)).text()}`);
        await uploader.complete();
        await uploader.assertWhole();
        made(uploader);
      }
    });

    test('POST /content that breaks off is an upload that goes on', async () => {
      for (const how of HOW) {
        const uploader = await client(2000 + HOW.indexOf(how), { protocol: 'ietf' });
        await uploader.beginWithBytes({ patient: true, cutInBody: 1_000_000, how });
        assert.ok(!(await uploader.find()));
        await uploader.complete();
        await uploader.assertWhole();
        uploader.close();
        made(uploader);
      }
    });

    test('an upload by tus whose creation breaks off is given up, since nobody knows its address', async () => {
      for (const how of ['reset', 'end']) {
        const uploader = await client(3000);
        await uploader.beginWithBytes({ cutInBody: 500_000, how });
        let listed;
        await eventually(async () => (listed = await service.underWay(me.token)).length === 0, () => JSON.stringify(listed));
        uploader.close();
      }
    });

    if (processes === 1) describe('curl', () => curl(holder));

    test('nothing is doubled, and nothing is left over', () => service.assertOnly(holder.made));
  });
}

/** `{headers, status, text}` of the last answer, the interim ones before it, and the exit status. */
function runCurl(...args) {
  return new Promise((resolve) => {
    execFile('curl', ['-sS', '-i', '-H', 'Expect:', ...args], { encoding: 'latin1' }, (error, stdout) => {
      const answers = [];
      let rest = stdout;
      for (let match; (match = /^HTTP\/1\.1 (\d{3}).*\r\n((?:.+\r\n)*)\r\n/.exec(rest)); rest = rest.slice(match[0].length)) {
        const fields = match[2].split('\r\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
        answers.push({ status: Number(match[1]), headers: Object.fromEntries(fields) });
      }
      resolve({ code: error?.code ?? 0, answers, last: answers.at(-1), text: Buffer.from(rest, 'latin1').toString() });
    });
  });
}

const field = (name, value) => ['-H', `${name}: ${value}`];

/** The IETF's protocol by curl, which is cut by its own time limit and begins where the service says. */
function curl(holder) {
  let service, me, server, file, bytes;
  before(async () => {
    ({ service, me } = holder);
    [server] = service.servers;
    bytes = await movieOf(SIZE, 4000);
    file = path.join(service.dataDir, 'film.mp4');
    await writeFile(file, bytes);
  });

  test('uploads in one request', async () => {
    const query = new URLSearchParams({ title: 'By curl', content_type: 'video' });
    const told = await runCurl('-X', 'POST', '-T', file, ...field('Authorization', `Bearer ${me.token}`), ...field('Content-Type', 'video/mp4'),
      ...field('Upload-Complete', '?1'), ...field('Upload-Draft-Interop-Version', 8), `${server.url}/content?${query}`);
    assert.equal(told.last.status, 201, told.text);
    assert.equal(told.last.headers['upload-complete'], '?1');
    assert.equal(told.answers[0].status, 104);
    assert.equal(told.answers[0].headers['upload-draft-interop-version'], '8');
    const content = JSON.parse(told.text);
    assert.equal(content.sha256, sha256(bytes));
    assert.ok(told.answers[0].headers.location.includes(`/uploads/${content.id}.`));
    holder.made.push(content.id);
  });

  test('is cut by its time limit, asks, and goes on', async () => {
    const slow = ['--limit-rate', '2M', '-m', '0.4'];
    const query = new URLSearchParams({ title: 'By curl', content_type: 'video' });
    const begun = await runCurl('-X', 'POST', '-T', file, ...slow, ...field('Authorization', `Bearer ${me.token}`), ...field('Content-Type', 'video/mp4'),
      ...field('Upload-Complete', '?1'), ...field('Upload-Draft-Interop-Version', 8), `${server.url}/content?${query}`);
    assert.equal(begun.code, 28, 'its time limit'); // CURLE_OPERATION_TIMEDOUT
    const { location } = begun.answers.find(({ status }) => status === 104).headers;
    let told;
    let attempts = 0;
    for (let known = 0; told?.last?.headers['upload-complete'] !== '?1'; ++attempts) {
      assert.ok(attempts < 20, 'it makes no progress');
      const asked = await runCurl('-I', ...field('Upload-Draft-Interop-Version', 8), location);
      const offset = Number(asked.last.headers['upload-offset']);
      assert.ok(offset >= known && offset <= bytes.length, `${offset} after ${known}`);
      known = offset;
      const rest = path.join(service.dataDir, 'rest.mp4');
      await writeFile(rest, bytes.subarray(offset));
      // Where all of it has arrived only the answer was cut off: no bytes at the end are answered as the last ones were.
      const limits = offset < bytes.length ? slow : [];
      told = await runCurl('-X', 'PATCH', '-T', rest, ...limits, ...field('Content-Type', 'application/partial-upload'), ...field('Upload-Offset', offset),
        ...field('Upload-Complete', '?1'), ...field('Upload-Draft-Interop-Version', 8), location);
    }
    assert.ok(attempts > 1, 'it was not cut');
    assert.equal(told.last.status, 201, told.text);
    const content = JSON.parse(told.text);
    assert.equal(content.sha256, sha256(bytes));
    holder.made.push(content.id);
    await Promise.all(['film.mp4', 'rest.mp4'].map((name) => rm(path.join(service.dataDir, name))));
  });
}
