// Refresh tokens that are stolen, used twice, or used at the same moment, and sessions that are ended meanwhile.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { assertRefused, attack } from '../support/attack.js';
import { newUser, PASSWORD } from '../support/client.js';

const AT_ONCE = 20;

attack('sessions', {}, (holder) => {
  let email;
  before(async () => ({ email } = await newUser(holder.service)));

  const logIn = async (address = email) => (await holder.service.post('/auth/token', { json: { email: address, password: PASSWORD } })).json();
  const refresh = (token, server = holder.service) => server.post('/auth/refresh', { json: { refresh_token: token } });
  const isIn = async ({ access_token: token }) => (await holder.service.get('/auth/me', { token })).status === 200;
  /** The grace for clients that have lost an answer is over. */
  const age = () => holder.service.sql(`UPDATE refresh_tokens SET used_at = used_at - ${holder.service.isPostgres ? "interval '11 seconds'" : '11000000'}`);

  test('a token that is used in turn continues the session', async () => {
    let login = await logIn();
    for (let i = 0; i < 5; i += 1) {
      const answer = await refresh(login.refresh_token);
      assert.equal(answer.status, 200, answer.text());
      login = answer.json();
      assert.ok(await isIn(login));
    }
  });

  test('a stolen token that is used after its owner ends the session, in every process', async () => {
    const stolen = await logIn();
    const owner = (await refresh(stolen.refresh_token)).json();
    const next = (await refresh(owner.refresh_token)).json();
    const other = await logIn();
    assertRefused(await refresh(stolen.refresh_token), 401, 'refresh_token_invalid');
    for (const server of holder.service.servers) {
      for (const { access_token: token } of [stolen, owner, next]) assertRefused(await server.get('/auth/me', { token }), 401, 'not_authenticated');
      assertRefused(await refresh(next.refresh_token, server), 401, 'refresh_token_invalid');
    }
    assert.ok(await isIn(other), 'other sessions go on');
    assert.ok(holder.service.log.includes('"session.replay_detected"'));
    assert.ok(!holder.service.log.includes(stolen.refresh_token));
  });

  test('a stolen token that is used before its owner ends the session when the owner comes', async () => {
    const login = await logIn();
    const thief = (await refresh(login.refresh_token)).json();
    await age();
    assertRefused(await refresh(login.refresh_token), 401, 'refresh_token_invalid');
    assert.ok(!(await isIn(thief)));
    assertRefused(await refresh(thief.refresh_token), 401, 'refresh_token_invalid');
  });

  test(`of ${AT_ONCE} uses of a token at once, over all processes, one gets tokens, and the session goes on`, async () => {
    for (let round = 0; round < 3; round += 1) {
      const { refresh_token: token } = await logIn();
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => refresh(token)));
      const statuses = answers.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [200, ...Array(AT_ONCE - 1).fill(409)]);
      const winner = answers.find(({ status }) => status === 200).json();
      assert.ok(await isIn(winner));
      assert.equal((await refresh(winner.refresh_token)).status, 200);
    }
  });

  test('two processes that are given one token at the same moment issue one successor', async () => {
    const [first, second] = holder.service.servers;
    for (let round = 0; round < 10; round += 1) {
      const { refresh_token: token } = await logIn();
      const answers = await Promise.all([refresh(token, first), refresh(token, second)]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    }
    const live = await holder.service.sql('SELECT COUNT(*) FROM (SELECT session_id FROM refresh_tokens WHERE used_at IS NULL GROUP BY session_id HAVING COUNT(*) > 1) twice');
    assert.equal(live, '0');
  });

  test('a race of replays, after the grace, ends the session for all', async () => {
    const { refresh_token: token } = await logIn();
    const winner = (await refresh(token)).json();
    await age();
    const answers = await Promise.all([...Array.from({ length: AT_ONCE }, () => refresh(token)), refresh(winner.refresh_token)]);
    for (const answer of answers.slice(0, -1)) assert.ok([401, 409].includes(answer.status), answer.text());
    // Whoever had the successor may have been faster than the first replay; it is of no use then.
    const last = answers.at(-1);
    if (last.status === 200) assert.ok(!(await isIn(last.json())));
    assert.ok(!(await isIn(winner)));
  });

  for (const [what, end] of [
    ['logging out', (login) => holder.service.post('/auth/logout', { token: login.access_token })],
    ['logging out everywhere', (login) => holder.service.post('/auth/logout-all', { token: login.access_token })],
  ]) {
    test(`a refresh at the moment of ${what} gives nothing that lasts`, async () => {
      const { email: address } = await newUser(holder.service);
      for (let round = 0; round < 5; round += 1) {
        const login = await logIn(address);
        const [refreshed, ended] = await Promise.all([refresh(login.refresh_token), end(login)]);
        assert.equal(ended.status, 204, ended.text());
        assert.ok([200, 401].includes(refreshed.status), refreshed.text());
        if (refreshed.status !== 200) continue;
        assert.ok(!(await isIn(refreshed.json())));
        assertRefused(await refresh(refreshed.json().refresh_token), 401, 'refresh_token_invalid');
      }
      assert.ok(await isIn(await logIn(address)), 'logging in again works');
    });
  }

  test('a refresh at the moment of a change of password gives nothing that lasts', async () => {
    const { email: address } = await newUser(holder.service);
    const [here, thief] = [await logIn(address), await logIn(address)];
    const json = { current_password: PASSWORD, new_password: 'another battery staple' };
    const [refreshed, changed] = await Promise.all([refresh(thief.refresh_token), holder.service.put('/auth/password', { token: here.access_token, json })]);
    assert.equal(changed.status, 204, changed.text());
    if (refreshed.status === 200) assert.ok(!(await isIn(refreshed.json())));
    assert.ok(await isIn(here), 'the session that changed it goes on');
  });

  test('a disabled account has no session in any process, and its tokens come to life again with nothing', async () => {
    const admin = await newUser(holder.service);
    await holder.service.setRole(admin, 'admin');
    const who = await newUser(holder.service);
    const login = await logIn(who.email);
    const patch = (json) => holder.service.patch(`/users/${who.id}`, { token: admin.token, json });
    assert.equal((await patch({ is_active: false })).status, 200);
    for (const server of holder.service.servers) assertRefused(await server.get('/auth/me', { token: login.access_token }), 401, 'not_authenticated');
    assertRefused(await refresh(login.refresh_token), 401, 'refresh_token_invalid');
    assert.equal((await patch({ is_active: true })).status, 200);
    assert.ok(!(await isIn(login)));
    assert.ok(await isIn(await logIn(who.email)));
  });

  test('tokens of one kind are none of another', async () => {
    const login = await logIn();
    assert.ok(!(await isIn({ access_token: login.refresh_token })));
    const refused = await refresh(login.access_token);
    assert.ok([401, 422].includes(refused.status), refused.text());
    assert.ok(await isIn(login));
    for (const token of ["' OR 1=1 --", `${login.refresh_token.slice(0, -1)}%`, `${login.refresh_token}\0`, login.refresh_token.toUpperCase()]) {
      const answer = await refresh(token);
      assert.ok([401, 422].includes(answer.status), answer.text());
    }
    assert.equal((await refresh(login.refresh_token)).status, 200);
  });
});
