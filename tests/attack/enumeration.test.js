// Whether an account, or something that is another's, exists must not show in an answer: not in its status, its fields
// or its body, and not in the time that it takes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { attack, NOBODY, told, welch } from '../support/attack.js';
import { newUser, PASSWORD, upload } from '../support/client.js';
import { mailSettings, startMailServer } from '../support/mail_server.js';
import { wav } from '../support/media.js';
import { totp } from '../support/totp.js';

const TRIES = 120; // for each side of a comparison
const TELLING = 4; // of Welch's t

let mailServer;
const settings = async () => {
  mailServer = await startMailServer();
  return mailSettings(mailServer);
};

attack('enumeration', { env: settings }, (holder) => {
  let known, disabled, guarded, stranger, victim, content;
  after(() => mailServer?.stop());
  before(async () => {
    const { service } = holder;
    [known, disabled, guarded, stranger, victim] = [await newUser(service), await newUser(service), await newUser(service), await newUser(service), await newUser(service)];
    await service.sql(`UPDATE users SET is_active = ${service.isPostgres ? 'false' : '0'} WHERE email = '${disabled.email}'`);
    const { secret } = (await service.post('/auth/totp', { token: guarded.token, json: { password: PASSWORD } })).json();
    assert.equal((await service.post('/auth/totp/confirm', { token: guarded.token, json: { totp_code: totp(secret) } })).status, 200);
    content = await upload(service, victim.token, wav(400), { visibility: 'private' });
  });

  const logIn = (email, password) => holder.service.post('/auth/token', { json: { email, password } });

  test('a login that fails tells nothing of the account', async () => {
    const expected = told(await logIn('nobody@example.com', 'not the one'));
    assert.match(expected, /credentials_invalid/);
    for (const [what, answer] of Object.entries({
      'a wrong password': await logIn(known.email, 'not the one'), 'a disabled account': await logIn(disabled.email, PASSWORD), 'a disabled account, wrong password': await logIn(disabled.email, 'not the one'), 'a second factor, wrong password': await logIn(guarded.email, 'not the one'),
      'a code for it': await holder.service.post('/auth/token', { json: { email: guarded.email, password: 'not the one', totp_code: '000000' } }), 'a code for nobody': await holder.service.post('/auth/token', { json: { email: 'nobody@example.com', password: 'not the one', totp_code: '000000' } }),
      'text that is no address': await logIn('nobody', 'not the one'),
    })) assert.equal(told(answer), expected, what);
    assert.equal((await logIn(known.email, PASSWORD)).status, 200);
    assert.equal((await logIn(guarded.email, PASSWORD)).json().code, 'totp_required', 'with the right password the second factor is asked for');
  });

  test('requests for mails tell nothing', async () => {
    for (const target of ['/auth/password-reset', '/auth/verify-email/resend']) {
      const ask = async (email) => told(await holder.service.post(target, { json: { email } }), email);
      const expected = await ask('nobody@example.com');
      assert.match(expected, /^\[202/);
      for (const { email } of [known, disabled, guarded]) assert.equal(await ask(email), expected, target);
    }
    await mailServer.mailTo(known.email, 2);
    assert.equal(mailServer.to('nobody@example.com').length, 0);
  });

  test('tokens of links, and refresh tokens, tell nothing', async () => {
    for (const [target, json] of [['/auth/password-reset/confirm', { new_password: 'another battery staple' }], ['/auth/verify-email', {}]]) {
      const ask = async (token) => told(await holder.service.post(target, { json: { ...json, token } }));
      const expected = await ask('A'.repeat(43));
      for (const token of ['B'.repeat(43), 'x', known.id]) assert.equal(await ask(token), expected, target);
    }
    const refresh = async (token) => told(await holder.service.post('/auth/refresh', { json: { refresh_token: token } }));
    assert.equal(await refresh('x'), await refresh('A'.repeat(43)));
  });

  test('what is private is as what does not exist, in every operation on it', async () => {
    const { service } = holder;
    const asks = [['GET', ''], ['HEAD', ''], ['GET', '/stream'], ['HEAD', '/stream'], ['PUT', '', { json: { title: 'x' } }], ['PATCH', '', { json: { title: 'x' } }], ['PATCH', '', { json: { title: '' } }], ['DELETE', ''], ['POST', '/playback-session'],
      ['GET', '/playback/x/stream'], ['GET', '/stream', { headers: { Range: 'bytes=0-1' } }], ['GET', '', { headers: { 'If-None-Match': '*' } }], ['GET', '/stream', { headers: { 'If-Match': '"x"' } }]];
    for (const [method, behind, options = {}] of asks) {
      for (const token of [undefined, stranger.token]) {
        const ask = (id) => service.request(method, `/content/${id}${behind}`, { ...options, token });
        const [there, nowhere] = [await ask(content.id), await ask(NOBODY)];
        assert.ok([401, 403, 404, 422].includes(there.status), `${method} ${behind}: ${there.status}`);
        assert.equal(told(there, content.id), told(nowhere, NOBODY), `${method} ${behind}`);
      }
    }
    for (const query of ['', '?sort=-created_at', '?content_type=audio', '?limit=100', '?skip=0']) {
      const answer = await service.get(`/content${query}`, { token: stranger.token });
      assert.ok(!answer.text().includes(content.id) && answer.status < 500, query);
    }
    assert.equal((await service.get(`/content/${content.id}`, { token: victim.token })).status, 200);
  });

  test('accounts, sessions, keys and invites of others are as those that do not exist', async () => {
    for (const target of ['/users', '/auth/sessions', '/auth/keys', '/invites']) {
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        for (const token of [undefined, stranger.token]) {
          const ask = (id) => holder.service.request(method, `${target}/${id}`, { token, ...(method === 'PATCH' ? { json: {} } : {}) });
          assert.equal(told(await ask(victim.id), victim.id), told(await ask(NOBODY), NOBODY), `${method} ${target}`);
        }
      }
    }
  });

  /** Takes turns, so that what slows the machine slows both; one process, so that both meet the same memory. */
  async function compare(first, second, tries = TRIES, pause = 0) {
    const times = [[], []];
    for (let i = 0; i < tries; i += 1) {
      for (const side of i % 2 ? [0, 1] : [1, 0]) {
        const began = process.hrtime.bigint();
        await [first, second][side](i);
        times[side].push(Number(process.hrtime.bigint() - began) / 1e6);
        if (pause) await setTimeout(pause);
      }
    }
    return welch(...times);
  }
  /** A difference that is there shows each time; one of chance does not. */
  async function assertAlike(what, first, second, tries, pause) {
    const found = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      found.push(await compare(first, second, tries, pause));
      if (found.at(-1) < TELLING) return;
    }
    assert.fail(`${what}: Welch's t is ${found.map((t) => t.toFixed(1)).join(', ')}`);
  }

  test('the time of a login that fails tells nothing', { timeout: 120_000 }, async () => {
    const [server] = holder.service.servers;
    const wrong = (email) => server.post('/auth/token', { json: { email, password: 'not the one' }, check: false });
    await wrong(known.email);
    await assertAlike('an unknown address', () => wrong(known.email), () => wrong('nobody@example.com'), 60);
    // The comparison sees a difference where there is one: text that is refused before any password is compared.
    const t = await compare(() => wrong(known.email), () => server.post('/auth/token', { json: { email: known.email }, check: false }), 20);
    assert.ok(t > TELLING, `Welch's t is ${t}`);
  });

  test('the time of a request for a mail tells nothing', { timeout: 120_000 }, async () => {
    const [server] = holder.service.servers;
    const ask = (email) => server.post('/auth/password-reset', { json: { email }, check: false });
    // The mail is made when the answer has been sent; that must not disturb the next request, which is somebody else's.
    await assertAlike('a reset', () => ask(known.email), () => ask('nobody@example.com'), TRIES, 10);
  });

  test('the time of an answer about what is private tells nothing of note', { timeout: 120_000 }, async () => {
    const [server] = holder.service.servers;
    const ask = (id) => server.get(`/content/${id}`, { token: stranger.token, check: false });
    // An id has 74 random bits: nobody gets to ask twice. So this bounds the difference, to half of a millisecond.
    const median = async (id) => {
      const times = [];
      for (let i = 0; i < TRIES; i += 1) {
        const began = process.hrtime.bigint();
        await ask(id);
        times.push(Number(process.hrtime.bigint() - began) / 1e6);
      }
      return times.sort((a, b) => a - b)[TRIES >> 1];
    };
    const [there, nowhere] = [await median(content.id), await median(NOBODY)];
    assert.ok(Math.abs(there - nowhere) < 0.5 + Math.min(there, nowhere), `${there} ms and ${nowhere} ms`);
  });
});
