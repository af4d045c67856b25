// What stands where an object should, and is none: it is told of and passed over, and never followed or waited for.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newUser, upload } from '../support/client.js';
import { idLiteral, sql } from '../support/database.js';
import { sha256, wav } from '../support/media.js';
import { runProgram } from '../support/program.js';
import { startServer } from '../support/server.js';

const SOUND = wav(100_000, 1);

const socket = (file) => execFileSync('python3', ['-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', path.basename(file)], { cwd: path.dirname(file) });

/** Ways to spoil the file of an object. */
const FAULTS = {
  missing: (file) => rm(file),
  'cut to nothing': (file) => truncate(file, 0),
  'cut in the middle': (file) => truncate(file, 50_000),
  longer: (file) => truncate(file, 200_000),
  'a directory': async (file) => {
    await rm(file);
    await mkdir(path.join(file, 'deep/deeper/deepest'), { recursive: true });
  },
  'a link to itself moved aside': async (file) => {
    await rename(file, `${file.slice(0, -4)}.aside`);
    await symlink(`${file.slice(0, -4)}.aside`, file);
  },
  'a link out of the store': async (file) => {
    await rm(file);
    await symlink('/etc/passwd', file);
  },
  'a link to nothing': async (file) => {
    await rm(file);
    await symlink('nowhere', file);
  },
  'a FIFO': async (file) => {
    await rm(file);
    execFileSync('mkfifo', [file]);
  },
  'a socket': async (file) => {
    await rm(file);
    socket(file);
  },
};

describe('an object that is not as its row says', () => {
  let server, token;
  const key = async (id) => sql(server.dataDir, `SELECT key FROM objects o JOIN content_objects l ON l.object_id = o.id WHERE l.content_id = ${idLiteral(id)}`);
  const fileOf = async (id) => path.join(server.dataDir, 'objects', await key(id));
  const run = (...args) => runProgram(args, { cwd: server.dataDir, env: { DATA_DIR: server.dataDir, GC_GRACE: '0s' }, timeout: 60_000 });

  before(async () => {
    server = await startServer({ env: { GC_GRACE: '0s' } });
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  for (const [what, spoil] of Object.entries(FAULTS)) {
    test(`${what}: source_unavailable however it is asked for, and a line in the log`, async () => {
      const { id } = await upload(server, token, SOUND);
      const target = `/content/${id}/stream`;
      assert.equal(sha256((await server.get(target)).body), sha256(SOUND)); // and it is open from now on
      await spoil(await fileOf(id));
      const asked = [
        ['GET', target, {}], ['GET', target, { Range: 'bytes=0-9' }], ['GET', target, { Range: 'bytes=-9' }],
        ['GET', target, { Range: 'bytes=0-9,99990-' }], ['GET', `${target}?download=1`, {}], ['HEAD', target, {}],
      ];
      for (const [method, path_, headers] of asked) {
        const answer = await server.request(method, path_, { headers });
        assert.equal(answer.status, 404, `${method} ${JSON.stringify(headers)}`);
        if (method === 'GET') assert.equal(answer.json().code, 'source_unavailable');
      }
      await server.logs('object.lost');
      const verified = await run('verify');
      assert.equal(verified.code, 1, verified.stdout);
      assert.match(verified.stdout, new RegExp(`${await key(id)} (is missing|has another size|cannot be read)`));
      assert.match(verified.stdout, /, 1 faults$/m);
      assert.equal((await server.delete(`/content/${id}`, { token })).status, 200);
      if (what === 'a directory') await rm(path.join(server.dataDir, 'objects', `${(await sql(server.dataDir, 'SELECT key FROM objects')).trim()}`), { recursive: true });
      assert.equal((await run('gc')).code, 0);
      assert.equal(await sql(server.dataDir, 'SELECT COUNT(*) FROM objects'), '0');
    });
  }

  test('a directory in the place of a deleted object is told of, and what stands behind it goes', async () => {
    const contents = [await upload(server, token, SOUND), await upload(server, token, SOUND)];
    const files = await Promise.all(contents.map(({ id }) => fileOf(id)));
    await FAULTS['a directory'](files[0]);
    await sql(server.dataDir, "UPDATE objects SET state = 'deleting'; DELETE FROM content_objects");
    const collected = await run('gc');
    assert.equal(collected.code, 1, collected.stdout);
    assert.match(collected.stdout, /^not removed: deleted object objects\/[0-9a-f-]{36}$/m);
    assert.match(collected.stdout, /, 1 deleted objects, .*\n1 could not be removed$/m);
    await rm(files[0], { recursive: true });
    assert.equal((await run('gc')).code, 0);
    for (const { id } of contents) await server.delete(`/content/${id}`, { token });
  });
});

describe('what is no object, in the folders of the store', () => {
  let server, token, content;
  const id = (number) => `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  const run = (...args) => runProgram(args, { cwd: server.dataDir, env: { DATA_DIR: server.dataDir, GC_GRACE: '0s' }, timeout: 60_000 });

  before(async () => {
    server = await startServer({ env: { GC_GRACE: '0s' } });
    ({ token } = await newUser(server));
    content = await upload(server, token, SOUND);
    const objects = path.join(server.dataDir, 'objects');
    const [audio, video, tmp] = [path.join(objects, 'audio'), path.join(objects, 'video'), path.join(server.dataDir, 'tmp')];
    await writeFile(video, 'a file where a folder should be');
    await symlink('/etc', path.join(objects, 'images'));
    await mkdir(path.join(audio, `${id(1)}.wav`, 'deep', 'deeper'), { recursive: true });
    await symlink('/etc/passwd', path.join(audio, `${id(2)}.wav`));
    await symlink('nowhere', path.join(audio, `${id(3)}.wav`));
    execFileSync('mkfifo', [path.join(audio, `${id(4)}.wav`)]);
    socket(path.join(audio, `${id(5)}.wav`));
    await writeFile(Buffer.concat([Buffer.from(`${audio}/`), Buffer.from([0xff, 0xfe, 0x0a, 0x80])]), 'no UTF-8');
    await writeFile(path.join(audio, `${id(6)}.wav`), 'a stray behind all of them', { mode: 0 });
    await mkdir(path.join(tmp, `${id(7)}.part`, 'deep'), { recursive: true });
    await symlink('nowhere', path.join(tmp, `${id(8)}.part`));
    await writeFile(path.join(tmp, `${id(9)}.part`), 'left behind');
  });
  after(() => server?.stop());

  test('`gc` tells of it and takes what is behind it', async () => {
    const collected = await run('gc');
    assert.equal(collected.code, 0, collected.stdout + collected.stderr);
    assert.match(collected.stdout, new RegExp(`^stray object audio/${id(6)}\\.wav$`, 'm'));
    assert.match(collected.stdout, new RegExp(`^temporary file ${id(9)}$`, 'm'));
    assert.match(collected.stdout, /1 temporary files, .* 1 stray objects$/m);
    const told = collected.stderr.split('\n').filter((line) => line.includes('entry.skipped'));
    for (const name of [1, 2, 3, 4, 5].map((number) => `${id(number)}.wav`).concat(`${id(7)}.part`, `${id(8)}.part`, 'video', 'images')) {
      assert.equal(told.filter((line) => line.includes(name)).length, 1, `${name}\n${collected.stderr}`);
    }
    assert.equal(told.length, 10, collected.stderr);
  });

  test('the other commands and the service go on', async () => {
    const verified = await run('verify');
    assert.match(verified.stdout, /^1 objects, 100000 bytes, 0 faults$/m);
    assert.equal((await run('backfill')).code, 0);
    assert.equal(sha256((await server.get(`/content/${content.id}/stream`)).body), sha256(SOUND));
    await upload(server, token, SOUND);
  });

  test('where one kind can no longer be stored the service is not ready', async () => {
    assert.equal((await server.get('/health/ready')).status, 503);
    const health = await server.get('/health/detailed');
    assert.equal(health.status, 503);
    assert.equal(health.json().storage.reason, 'it cannot be written to');
    await rm(path.join(server.dataDir, 'objects', 'video'));
    assert.equal((await server.get('/health/ready')).status, 200);
  });
});
