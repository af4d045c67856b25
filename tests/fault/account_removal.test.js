// kill -9 while an account with many contents is removed: the account is locked out at once, and the next process goes on.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { newUser, PASSWORD, upload } from '../support/client.js';
import { sql } from '../support/database.js';
import { wav } from '../support/media.js';
import { eventually, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const COLUMNS = 'title, description, content_type, owner_id, visibility, status, created_at, updated_at';

describe('a killed removal', () => {
  let dataDir;
  before(async () => {
    dataDir = await temporaryDirectory();
  });
  after(() => rm(dataDir, { recursive: true, force: true }));

  const count = async (what) => Number(await sql(dataDir, `SELECT COUNT(*) FROM ${what}`));

  for (const fate of ['delete', 'keep', 'reassign']) {
    test(`contents=${fate}: it ends as it would have ended`, async () => {
      let server = await startServer({ dataDir });
      const [admin, heir, who] = [await newUser(server), await newUser(server), await newUser(server)];
      await sql(dataDir, `UPDATE users SET role = 'admin' WHERE email = '${admin.email}'`);
      await upload(server, who.token, wav(1000));
      const ofWho = `contents WHERE owner_id = (SELECT id FROM users WHERE email = '${who.email}')`;
      const fresh = process.env.TEST_POSTGRES_URL ? 'gen_random_uuid()' : 'randomblob(16)';
      for (let i = 0; i < 13; i += 1) await sql(dataDir, `INSERT INTO contents (id, ${COLUMNS}) SELECT ${fresh}, ${COLUMNS} FROM ${ofWho}`);
      const all = await count('contents');
      const query = `contents=${fate}${fate === 'reassign' ? `&to=${heir.id}` : ''}`;
      const answered = server.delete(`/users/${who.id}?${query}`, { token: admin.token, check: false }).then(() => true, () => false);
      await eventually(async () => (await count('account_removals')) > 0, 'the removal has not begun');
      await sleep(20);
      await server.kill();
      const finished = await answered;
      const left = await count(ofWho);

      server = await startServer({ dataDir });
      try {
        assert.equal((await server.get('/auth/me', { token: who.token })).status, 401);
        assert.equal((await server.post('/auth/token', { json: { email: who.email, password: PASSWORD } })).status, 401);
        const gone = async () => (await count(`users WHERE email = '${who.email}'`)) === 0;
        await eventually(gone, `nobody went on (${left} of ${all} left, ${finished})`);
        assert.equal(await count('account_removals'), 0);
        if (fate === 'delete') assert.equal(await count('contents'), all - 8192);
        if (fate === 'keep') assert.equal(await count('contents WHERE owner_id IS NULL'), 8192);
        if (fate === 'reassign') assert.equal(await count(`contents WHERE owner_id = (SELECT id FROM users WHERE email = '${heir.email}')`), 8192);
        assert.ok(left > 0 && !finished, 'the process was killed in the middle');
      } finally {
        await server.stop();
      }
    });
  }
});
