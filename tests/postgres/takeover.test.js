// Taking over a database of the proof of concept, as an act: it is quick, happens once or not at all whoever kills it or
// starts it twice, and leaves alone what is something else.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { describe, test } from 'node:test';

import { login } from '../support/client.js';
import { lockDatabase, sql } from '../support/database.js';
import { BCRYPT, command, makePoc, pocContent, pocUser } from '../support/poc.js';
import { environment, eventually, PROGRAM, runProgram, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

/** All that is visible of a database's tables: what an attempt that failed must not have changed. */
const dump = async (dataDir) =>
  [await sql(dataDir, "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, ordinal_position"),
    await sql(dataDir, 'SELECT md5(string_agg(users::text, E\'\\n\' ORDER BY id)) FROM users'),
    await sql(dataDir, 'SELECT md5(string_agg(contents::text, E\'\\n\' ORDER BY id)) FROM contents')].join('\n');

describe('a large one', () => {
  const fill = (users, contents) => `
    INSERT INTO users SELECT gen_random_uuid(), 'Person' || (i % (${users} - 10)) || CASE WHEN i > ${users} - 10 THEN '@EXAMPLE.org' ELSE '@example.org' END, '${BCRYPT.short}', true FROM generate_series(1, ${users}) i;
    INSERT INTO contents SELECT gen_random_uuid(), 'Title ' || i, repeat('d', 300), 'VIDEO', 'https://media.s3.eu-west-1.amazonaws.com/video/' || gen_random_uuid() || '.mp4', NULL, i, now() - i * interval '1 s', now() FROM generate_series(1, ${contents}) i;
    INSERT INTO contents SELECT gen_random_uuid(), 'Odd ' || i, NULL, 'AUDIO', 'x' || i, NULL, -i, NULL, NULL FROM generate_series(1, 2000) i;`;

  test('takes seconds', async (t) => {
    const dataDir = await temporaryDirectory();
    await makePoc(dataDir, { more: fill(100_000, 98_000) });
    const started = Date.now();
    const migrated = await command(dataDir, 'migrate');
    const seconds = (Date.now() - started) / 1000;
    assert.equal(migrated.code, 0, migrated.stderr);
    t.diagnostic(`100 000 users and 100 000 contents in ${seconds} s`);
    assert.match(migrated.stdout, /^took over 100000 users and 100000 contents with 98000 objects; 6010 findings$/m);
    assert.match(migrated.stdout, /all findings stand in the table clinikk_poc\.findings/);
    assert.equal(await sql(dataDir, 'SELECT count(*) FROM clinikk_poc.findings'), '6010');
    assert.equal(await sql(dataDir, 'SELECT count(*) FROM content_objects'), '98000');
    assert.ok(seconds < 60, `${seconds} s`);
    const server = await startServer({ dataDir });
    assert.equal((await server.get('/content?limit=100')).json().length, 100);
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('survives that its migration is killed', async () => {
    const dataDir = await temporaryDirectory();
    await makePoc(dataDir, { users: [pocUser({ email: 'first@example.org' })], more: fill(5000, 5000) });
    const before = await dump(dataDir);
    const start = () => {
      const child = spawn(PROGRAM, ['migrate'], { env: environment({ DATA_DIR: dataDir }), cwd: dataDir, stdio: 'ignore' });
      return { child, ended: new Promise((resolve) => child.once('close', resolve)) };
    };
    // While it waits in the middle: it has everything but the tables.
    const unlock = await lockDatabase(dataDir);
    const waiting = start();
    await eventually(async () => (await sql(dataDir, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass")) === '1', 'it does not wait for the table');
    waiting.child.kill('SIGKILL');
    await waiting.ended;
    await unlock();
    assert.equal(await dump(dataDir), before);
    // And wherever it is.
    let killed = 0;
    for (let wait = 20; wait < 400; wait += 40) {
      const { child, ended } = start();
      await sleep(wait);
      child.kill('SIGKILL');
      if ((await ended) === null) ++killed;
      await eventually(async () => (await sql(dataDir, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'clinikk-tv' AND datname = current_database()")) === '0', 'its connection stays');
      if ((await sql(dataDir, "SELECT to_regclass('schema_version') IS NOT NULL")) === 't') break; // it was faster
      assert.equal(await dump(dataDir), before);
    }
    assert.ok(killed > 0);
    const migrated = await command(dataDir, 'migrate');
    assert.equal(migrated.code, 0, migrated.stderr);
    assert.equal(await sql(dataDir, 'SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM contents), (SELECT max(version) = count(*) FROM schema_version)'), '5001|7000|t');
    await rm(dataDir, { recursive: true, force: true });
  });

  test('is taken over once by processes that start together', async () => {
    const dataDir = await temporaryDirectory();
    await makePoc(dataDir, { users: [pocUser()], more: fill(2000, 2000) });
    const servers = await Promise.all(Array.from({ length: 5 }, () => startServer({ dataDir })));
    assert.equal(servers.filter(({ log }) => log.includes('poc.adopted')).length, 1);
    for (const server of servers) await login(server, 'ada@example.org');
    await Promise.all(servers.map((server) => server.stop()));
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('what is not the proof of concept\'s', () => {
  for (const [what, statements, says] of [
    ['users of another kind', 'DROP TABLE users; CREATE TABLE users (id serial PRIMARY KEY, name text)', /its table users has a column name|column id of its table users is of type int/],
    ['a column more', 'ALTER TABLE contents ADD COLUMN price numeric', /its table contents has a column price/],
    ['a column less', 'ALTER TABLE contents DROP COLUMN thumbnail_url', /its table contents has no column thumbnail_url/],
    ['a column of another type', 'ALTER TABLE contents ALTER COLUMN duration TYPE text', /column duration of its table contents is of type text, not int/],
    ['no key', 'ALTER TABLE users DROP CONSTRAINT users_pkey', /column id of its table users is of type uuid, not uuid, key/],
    ['another kind of content', "ALTER TYPE contenttype ADD VALUE 'IMAGE'", /knows more than VIDEO and AUDIO/],
    ['users alone', 'DROP TABLE contents', /a table users, but no table contents/],
    ['a view', 'ALTER TABLE contents RENAME TO c; CREATE VIEW contents AS SELECT * FROM c', /its table contents has no column content_type/],
    ['a table of our name', 'CREATE TABLE sessions (x int)', /a table or sequence sessions already/],
    ['a schema of the name we need', 'CREATE SCHEMA clinikk_poc', /schema "clinikk_poc" already exists/],
  ]) {
    test(`is refused and left as it is: ${what}`, async () => {
      const dataDir = await temporaryDirectory();
      await makePoc(dataDir, { users: [pocUser()], contents: [pocContent()], more: statements });
      const columns = () => sql(dataDir, "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2");
      const before = await columns();
      for (const verb of ['migrate', 'serve']) {
        const refused = await runProgram([verb], { env: { DATA_DIR: dataDir, PORT: 0, LOG_LEVEL: 'error' } });
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, says);
        assert.equal(refused.stderr.trim().split('\n').length, 1, refused.stderr);
        assert.equal(await columns(), before);
      }
      await rm(dataDir, { recursive: true, force: true });
    });
  }

  test('is refused in another encoding than UTF8', async () => {
    const dataDir = await temporaryDirectory();
    const name = `latin_${process.pid}`;
    await sql(dataDir, `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'`);
    const DATABASE_URL = `${process.env.TEST_POSTGRES_URL}/${name}`;
    execFileSync('psql', ['-qX', DATABASE_URL, '-c', "CREATE TYPE contenttype AS ENUM ('VIDEO','AUDIO'); CREATE TABLE users (id uuid PRIMARY KEY, email varchar, hashed_password varchar, is_active bool); CREATE TABLE contents (id uuid PRIMARY KEY, title varchar, description varchar, content_type contenttype, storage_url varchar, thumbnail_url varchar, duration int, created_at timestamptz, updated_at timestamptz)"]);
    const refused = await runProgram(['migrate'], { env: { DATA_DIR: dataDir, DATABASE_URL, LOG_LEVEL: 'error' } });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /is not encoded in UTF8/);
    await rm(dataDir, { recursive: true, force: true });
  });

  test('one that somebody uses is told of', { timeout: 90_000 }, async () => {
    const dataDir = await temporaryDirectory();
    await makePoc(dataDir, { users: [pocUser()] });
    const unlock = await lockDatabase(dataDir);
    const refused = await command(dataDir, 'migrate');
    await unlock();
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /stop its processes first/);
    assert.equal((await command(dataDir, 'migrate')).code, 0);
    await rm(dataDir, { recursive: true, force: true });
  });
});
