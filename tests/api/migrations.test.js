// Databases of earlier versions, with rows in every table, become this version's; newer ones are served or refused.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';

import { listAll, newUser, upload } from '../support/client.js';
import { sql } from '../support/database.js';
import { wav } from '../support/media.js';
import { postgresUrl, runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const onPostgres = Boolean(postgresUrl('.'));
const STEPS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), `../../src/db/${onPostgres ? 'postgres' : 'sqlite'}/migrations`);

/** The steps as they were released: released ones never change. */
async function steps() {
  const files = (await readdir(STEPS)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort();
  assert.ok(files.length > 1, `no steps in ${STEPS}`);
  // A statement that begins with a comment would look like an option to sqlite3.
  return Promise.all(files.map(async (name) => `\n${await readFile(path.join(STEPS, name), 'utf8')}`));
}

const uuid = (id) => (onPostgres ? `'${id}'` : `x'${id.replaceAll('-', '')}'`);
const time = (seconds) => (onPostgres ? `to_timestamp(${seconds})` : String(seconds * 1_000_000));
const digest = onPostgres ? `'\\x${'ab'.repeat(32)}'` : `x'${'ab'.repeat(32)}'`;
const text = (value) => `'${value.replaceAll("'", "''")}'`;
const yes = onPostgres ? 'true' : '1';

const TABLES = ['users', 'sessions', 'contents', 'objects', 'content_objects', 'uploads', 'outbox'];
const HOSTILE = ["'; DROP TABLE users; --", 'a\nb\t\u202e\u{1F4A9}\\', '', 'x'.repeat(4_000), 'Ünïcödé'];

/** Rows that the first version's program could have written, in every table. */
function rowsOfTheFirst() {
  const statements = [];
  for (const [i, odd] of HOSTILE.entries()) {
    const [user, content, object] = [randomUUID(), randomUUID(), randomUUID()];
    statements.push(
      `INSERT INTO users VALUES (${uuid(user)}, ${text(`u${i}@example.org`)}, ${text(`u${i}@example.org`)}, ${text(odd)}, 'editor', ${yes}, ${time(1_700_000_000 + i)})`,
      `INSERT INTO sessions VALUES (${uuid(randomUUID())}, ${uuid(user)}, ${time(1)}, ${time(4_000_000_000)}, NULL)`,
      `INSERT INTO contents VALUES (${uuid(content)}, ${text(odd)}, ${text(odd)}, 'video', 1, 1000, ${text(odd)}, NULL, 'video/mp4', 7, ${digest}, 1, 1, 'h264', NULL, 9, ${text(odd)}, ${uuid(user)}, 'everyone', 'ready', ${time(1_700_000_000 + i)}, ${time(1_700_000_001)})`,
      `INSERT INTO objects VALUES (${uuid(object)}, 'local', '', 'video/${object}.mp4', 7, ${digest}, 'video/mp4', 'stored', ${time(1)})`,
      `INSERT INTO content_objects VALUES (${uuid(content)}, 'source', ${uuid(object)})`,
      `INSERT INTO uploads VALUES (${uuid(randomUUID())}, ${uuid(randomUUID())}, ${uuid(user)}, 'form', 'receiving', 5, NULL, ${uuid(randomUUID())}, 'local', '', '', ${text(odd)}, ${time(4_000_000_000)}, ${time(4_000_000_000)}, ${time(1)})`,
      `INSERT INTO outbox (id, type, subject, payload, created_at) VALUES (${uuid(randomUUID())}, 'content.created', ${uuid(content)}, ${text(odd)}, ${time(4_000_000_000)})`,
    );
  }
  return `${statements.join(';\n')};`;
}

/** What the second version's program could add: an upload that goes to the bucket directly. */
const rowsOfTheSecond = () => `INSERT INTO uploads VALUES (${uuid(randomUUID())}, ${uuid(randomUUID())}, NULL, 'direct', 'committing', 0, 9, ${uuid(randomUUID())}, 's3', 'video/x.mp4', 'an upload id', '', ${time(4_000_000_000)}, ${time(4_000_000_001)}, ${time(2)}, 8388608, ${text(HOSTILE[0])});`;

/** An upload by that method. */
const uploadBy = (method) => `INSERT INTO uploads (id, content_id, method, state, "offset", object_id, store, object_key, s3_upload_id, holder, lease_until, expires_at, created_at)
  VALUES (${uuid(randomUUID())}, ${uuid(randomUUID())}, '${method}', 'receiving', 0, ${uuid(randomUUID())}, 'local', '', '', '', ${time(4_000_000_000)}, ${time(4_000_000_000)}, ${time(1)})`;

const columnsOf = async (dataDir, table) => (await sql(dataDir, onPostgres
  ? `SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = '${table}'`
  : `SELECT group_concat(name) FROM pragma_table_info('${table}')`)).split(',');

/** All rows of a table, by these columns. */
const rowsOf = (dataDir, table, columns) => sql(dataDir, `SELECT ${columns.map((name) => `"${name}"`).join(', ')} FROM ${table} ORDER BY 1, 2`);

async function makeVersion(dataDir, version) {
  if (!onPostgres) await writeFile(path.join(dataDir, 'clinikk.db'), '');
  const [bigint, stamp] = onPostgres ? ['bigint', 'timestamptz DEFAULT now()'] : ['INTEGER', 'INTEGER'];
  await sql(dataDir, `CREATE TABLE schema_version (version ${bigint} NOT NULL PRIMARY KEY, name text NOT NULL, applied_at ${stamp} NOT NULL)`);
  for (const [i, step] of (await steps()).slice(0, version).entries()) {
    await sql(dataDir, `${step} INSERT INTO schema_version VALUES (${i + 1}, 'as it was', ${time(1)})`);
    if (i === 0) await sql(dataDir, rowsOfTheFirst());
    if (i === 1) await sql(dataDir, rowsOfTheSecond());
  }
}

describe('an earlier database', async () => {
  const newest = (await steps()).length;
  for (let version = 1; version < newest; ++version) {
    test(`of version ${version} keeps its rows`, async () => {
      const dataDir = await temporaryDirectory();
      await makeVersion(dataDir, version);
      const before = new Map();
      for (const table of TABLES) {
        const columns = await columnsOf(dataDir, table);
        before.set(table, { columns, rows: await rowsOf(dataDir, table, columns) });
      }
      const migrated = await runProgram(['migrate'], { env: { DATA_DIR: dataDir } });
      assert.equal(migrated.code, 0, migrated.stderr);
      for (const [table, { columns, rows }] of before) {
        assert.notEqual(rows, '', table);
        // Until there was a visibility, everyone saw every content.
        assert.equal(await rowsOf(dataDir, table, columns), rows.replaceAll('|everyone|', '|public|'), table);
      }
      assert.equal(await sql(dataDir, "SELECT count(*), max(version), min(oldest_program) FROM schema_version"), `${newest}|${newest}|0.1.0`);
      assert.equal(await sql(dataDir, 'SELECT count(*) FROM users WHERE email_verified_at IS NULL'), '0', 'accounts from before count as verified');
      if (!onPostgres) assert.equal(await sql(dataDir, 'PRAGMA foreign_key_check; PRAGMA integrity_check'), 'ok');
      else assert.equal(await sql(dataDir, 'SELECT count(*) FROM pg_constraint WHERE NOT convalidated'), '0');
      await sql(dataDir, uploadBy('resumable'));
      await assert.rejects(sql(dataDir, uploadBy('other')), /uploads_method_check/);
      await assert.rejects(sql(dataDir, `${onPostgres ? '' : 'PRAGMA foreign_keys=ON;'} DELETE FROM contents`), /foreign key/i);

      const server = await startServer({ dataDir });
      const listed = await listAll(server);
      assert.deepEqual(listed.map(({ title }) => title), [...HOSTILE].reverse());
      const { token } = await newUser(server);
      const content = await upload(server, token, wav(1000));
      assert.equal((await server.get(`/content/${content.id}/stream`)).status, 200);
      assert.equal((await server.delete(`/content/${content.id}`, { token })).status, 200);
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    });
  }
});

describe('a newer database', () => {
  const later = (oldest) => `INSERT INTO schema_version (version, name, applied_at, oldest_program) VALUES (900, 'later', ${time(1)}, '${oldest}')`;

  test('is served by a program that is not too old for it', async () => {
    const dataDir = await temporaryDirectory();
    assert.equal((await runProgram(['migrate'], { env: { DATA_DIR: dataDir } })).code, 0);
    await sql(dataDir, later('0.1.0'));
    for (const MIGRATE of ['auto', 'off']) {
      const server = await startServer({ dataDir, env: { MIGRATE } });
      assert.ok((await newUser(server)).token);
      await server.stop();
    }
    assert.equal(await sql(dataDir, 'SELECT max(version) FROM schema_version'), '900');
    await rm(dataDir, { recursive: true, force: true });
  });

  for (const oldest of ['99.0.0', '', 'soon']) {
    test(`is refused by one that is: ${JSON.stringify(oldest)}`, async () => {
      const dataDir = await temporaryDirectory();
      assert.equal((await runProgram(['migrate'], { env: { DATA_DIR: dataDir } })).code, 0);
      await sql(dataDir, later(oldest));
      for (const MIGRATE of ['auto', 'off']) {
        const { code, stderr } = await runProgram(['serve'], { env: { MIGRATE, DATA_DIR: dataDir, PORT: 0, LOG_LEVEL: 'error' } });
        assert.equal(code, 1);
        assert.equal(stderr.trim().split('\n').length, 1, stderr);
        assert.match(stderr, /has schema version 900, which is newer than this program's \d+/);
        if (oldest === '99.0.0') assert.match(stderr, /needs program version 99\.0\.0 or newer, and this is \d+\.\d+\.\d+/);
      }
      await rm(dataDir, { recursive: true, force: true });
    });
  }
});
