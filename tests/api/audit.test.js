// The audit log: every operation that changes something leaves an event, which only administrators read, and which
// nobody changes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { login, newUser, nextLink, PASSWORD, upload, uploadParts } from '../support/client.js';
import { sql } from '../support/database.js';
import { mailSettings, startMailServer, tokenIn } from '../support/mail_server.js';
import { append, begun } from '../support/ietf_upload.js';
import { wav } from '../support/media.js';
import { OpenIdProvider } from '../support/openid_provider.js';
import { runProgram } from '../support/program.js';
import { startServer } from '../support/server.js';
import { APP, SignIn } from '../support/sign_in.js';
import { totp } from '../support/totp.js';

const NEXT = 'another battery staple';
const KEY = {
  name: 'a key',
  scopes: 'content:write'
};

let server, mailServer, provider, admin;

async function makeAdmin(email) {
  const env = { DATA_DIR: server.dataDir };
  const made = await runProgram(['user', 'add', email, '--role', 'admin'], { cwd: server.dataDir, env, input: `${PASSWORD}\n` });
  assert.equal(made.code, 0, made.stderr);
  return { id: made.stdout.split(' ')[0], email, token: await login(server, email) };
}

async function events(query = '', token = admin.token) {
  const answer = await server.get(`/audit${query}`, { token });
  assert.equal(answer.status, 200, answer.text());
  return answer.json();
}

const eventOf = async (answer) => (await events('?limit=100')).filter((event) => event.request_id === answer.headers['x-request-id']);

async function content(me, over) { return upload(server, me.token, wav(2000, 1), over); }

async function invite() { return (await server.post('/invites', { token: admin.token, json: { role: 'editor' } })).json(); }

async function enrol(me) {
  const begun = await server.post('/auth/totp', { token: me.token, json: { password: PASSWORD } });
  return begun.json().secret;
}

/**
 * Every unsafe operation, by its id: the action that it leaves in the log, and a request that succeeds. Where nothing
 * is left, `nothing` says why; `s3` is tested in tests/s3/audit.test.js.
 */
const OPERATIONS = {
  register_user: { action: 'account.registered', run: () => server.post('/auth/register', { json: { email: 'new@example.org', password: PASSWORD } }) },
  create_token: { action: 'login.succeeded', run: (me) => server.post('/auth/token', { json: { email: me.email, password: PASSWORD } }) },
  refresh_token: { nothing: 'the session goes on as it was; its row says when it was last used' },
  change_password:
    { action: 'password.changed', run: (me) => server.put('/auth/password', { token: me.token, json: { current_password: PASSWORD, new_password: NEXT } }) },
  log_out: { action: 'session.ended', run: (me) => server.post('/auth/logout', { token: me.token }) },
  log_out_everywhere: { action: 'sessions.ended', run: (me) => server.post('/auth/logout-all', { token: me.token }) },
  end_session: {
    action: 'session.ended',
    run: async (me) => {
      const [{ id }] = (await server.get('/auth/sessions', { token: me.token })).json();
      return server.delete(`/auth/sessions/${id}`, { token: me.token });
    },
  },
  create_api_key: { action: 'api_key.created', run: (me) => server.post('/auth/keys', { token: me.token, json: KEY }) },
  delete_api_key: {
    action: 'api_key.deleted',
    run: async (me) => {
      const { id } = (await server.post('/auth/keys', { token: me.token, json: KEY })).json();
      return server.delete(`/auth/keys/${id}`, { token: me.token });
    },
  },
  update_user: { action: 'account.role_changed', by: 'admin', run: (me) => server.request('PATCH', `/users/${me.id}`, { token: admin.token, json: { role: 'viewer' } }) },
  delete_user: { action: 'account.removed', by: 'admin', run: (me) => server.delete(`/users/${me.id}`, { token: admin.token }) },
  delete_own_account: { action: 'account.removed', run: (me) => server.delete('/users/me', { token: me.token, json: { password: PASSWORD } }) },
  create_invite: { action: 'invite.created', by: 'admin', run: () => server.post('/invites', { token: admin.token, json: { role: 'editor' } }) },
  delete_invite: { action: 'invite.deleted', by: 'admin', run: async () => server.delete(`/invites/${(await invite()).id}`, { token: admin.token }) },
  request_password_reset: {
    action: 'password.reset_requested',
    by: 'nobody',
    run: async (me) => {
      await mailServer.mailTo(me.email);
      const answer = await server.post('/auth/password-reset', { json: { email: me.email } });
      await mailServer.mailTo(me.email, 2); // the event is written with the mail, behind the answer
      return answer;
    },
  },
  confirm_password_reset: {
    action: 'password.reset',
    run: async (me) => {
      await mailServer.mailTo(me.email);
      await server.post('/auth/password-reset', { json: { email: me.email } });
      const token = tokenIn(await mailServer.mailTo(me.email, 2));
      return server.post('/auth/password-reset/confirm', { json: { token, new_password: NEXT } });
    },
  },
  verify_email: {
    action: 'email.verified',
    run: async (me) => server.post('/auth/verify-email', { json: { token: tokenIn(await mailServer.mailTo(me.email)) } }),
  },
  resend_verification: {
    action: 'email.verification_requested',
    by: 'nobody',
    run: async (me) => {
      await mailServer.mailTo(me.email);
      const answer = await server.post('/auth/verify-email/resend', { json: { email: me.email } });
      await mailServer.mailTo(me.email, 2);
      return answer;
    },
  },
  begin_totp: { action: 'totp.begun', run: (me) => server.post('/auth/totp', { token: me.token, json: { password: PASSWORD } }) },
  confirm_totp: {
    action: 'totp.confirmed',
    run: async (me) => {
      const secret = await enrol(me);
      return server.post('/auth/totp/confirm', { token: me.token, json: { totp_code: totp(secret) } });
    },
  },
  remove_totp: {
    action: 'totp.removed',
    run: async (me) => {
      const secret = await enrol(me);
      const confirmed = await server.post('/auth/totp/confirm', { token: me.token, json: { totp_code: totp(secret) } });
      const [code] = confirmed.json().recovery_codes;
      return server.delete('/auth/totp', { token: me.token, json: { totp_code: code } });
    },
  },
  redeem_sign_in: {
    action: 'login.succeeded',
    by: 'somebody@example.com',
    run: async () => {
      const { signIn, code } = await SignIn.through(server, provider);
      return signIn.redeem(code);
    },
  },
  create_content: { action: 'content.created', run: (me) => server.post('/content', { token: me.token, multipart: uploadParts(wav(2000, 2)) }) },
  update_content: { action: 'content.updated', run: async (me) => server.put(`/content/${(await content(me)).id}`, { token: me.token, json: { title: 'Other' } }) },
  patch_content:
    { action: 'content.updated', run: async (me) => server.request('PATCH', `/content/${(await content(me)).id}`, { token: me.token, json: { title: 'Other' } }) },
  delete_content: { action: 'content.deleted', run: async (me) => server.delete(`/content/${(await content(me)).id}`, { token: me.token }) },
  begin_playback_session:
    { action: 'playback_session.begun', run: async (me) => server.post(`/content/${(await content(me, { visibility: 'private' })).id}/playback-session`, { token: me.token, json: {} }) },
  begin_upload: { s3: true },
  add_upload_parts: { nothing: 'addresses for parts of an upload that has begun; nothing changes' },
  complete_upload: { s3: true },
  abort_upload: { s3: true },
  append_to_upload: {
    action: 'content.created',
    run: async (me) => append(server, await begun(server, me.token), 0, wav(2000, 4), { complete: '?1' }),
  },
};

describe('audit', () => {
  before(async () => {
    [mailServer, provider] = await Promise.all([startMailServer(), new OpenIdProvider().start()]);
    const oidc = { OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: provider.client.id, OIDC_CLIENT_SECRET: provider.client.secret, OIDC_REDIRECT_URLS: APP };
    server = await startServer({ env: mailSettings(mailServer, {...oidc, TRUSTED_PROXIES: '127.0.0.1' }) });
    admin = await makeAdmin('root@example.org');
  });
  after(async () => {
    await server?.stop();
    await mailServer?.stop();
    await provider?.stop();
  });

  describe('every unsafe operation', () => {
    test('stands in the table above', async () => {
      const { paths } = (await server.get('/openapi.json')).json();
      const unsafe =
        Object.values(paths).flatMap((item) => ['post', 'put', 'patch', 'delete'].filter((method) => item[method]).map((method) => item[method].operationId));
      assert.deepEqual(unsafe.sort(), Object.keys(OPERATIONS).sort());
    });

    for (const [id, { action, by, run }] of Object.entries(OPERATIONS)) {
      if (!run) continue;
      test(`${id} leaves ${action}`, async () => {
        const me = await newUser(server);
        const answer = await run(me);
        assert.ok(answer.status < 300, answer.text());
        const found = (await eventOf(answer)).filter((event) => event.action === action);
        assert.equal(found.length, 1, `${id}: ${JSON.stringify(await eventOf(answer))}`);
        const [event] = found;
        assert.equal(event.address, '127.0.0.1');
        if (by === 'nobody') assert.deepEqual([event.actor_kind, event.actor_id, event.actor_email], ['nobody', null, null]);
        else {
          assert.equal(event.actor_kind, 'account');
          const email = by === 'admin' ? admin.email : by ?? (id === 'register_user' ? 'new@example.org' : me.email);
          assert.equal(event.actor_email, email);
        }
        for (const secret of [PASSWORD, NEXT, me.token]) assert.ok(!JSON.stringify(event).includes(secret));
      });
    }
  });

  describe('the audit log', () => {
    test('tells who did what to what, when, and from where', async () => {
      const me = await newUser(server);
      const made = (await server.post('/auth/keys', { token: me.token, json: KEY })).json();
      const { id } = await content(me);
      const before = Date.now();
      const headers = { 'User-Agent': 'a client', 'X-Forwarded-For': '203.0.113.9' };
      const answer = await server.delete(`/content/${id}`, { token: made.key, headers });
      assert.equal(answer.status, 200);
      const [event] = await eventOf(answer);
      const at = new Date(event.at).getTime();
      assert.ok(at >= before - 1 && at <= Date.now() + 1);
      assert.match(event.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      const { id: _, at: __, ...rest } = event;
      assert.deepEqual(rest, {
        action: 'content.deleted',
        actor_kind: 'account',
        actor_id: me.id,
        actor_email: me.email,
        credential_kind: 'api_key',
        credential_id: made.id,
        credential_name: 'a key',
        target_kind: 'content',
        target_id: id,
        address: '203.0.113.9',
        user_agent: 'a client',
        request_id: answer.headers['x-request-id'],
        details: { title: 'A title' },
      });
    });

    test('has logins that failed, whoever has the address, and never what was tried', async () => {
      const me = await newUser(server);
      for (const email of [me.email, 'nobody.at.all@example.org', 'no address']) {
        const wrong = 'a wrong password of somebody';
        const answer = await server.post('/auth/token', { json: { email, password: wrong } });
        assert.equal(answer.status, 401);
        const [event] = await eventOf(answer);
        assert.equal(event.action, 'login.failed');
        assert.deepEqual([event.actor_kind, event.actor_id, event.target_id], ['nobody', null, null]);
        assert.deepEqual(event.details, { email: email === 'no address' ? '' : email, reason: 'credentials', left_out_before: '0' });
        assert.ok(!JSON.stringify(event).includes(wrong));
      }
    });

    test('has a bounded number of them', async () => {
      const clients = Array.from({ length: 8 }, async (_, client) => {
        for (let i = 0; i < 25; ++i) await server.post('/auth/token', { json: { email: `flood${client}@example.org`, password: 'x'.repeat(9) } });
      });
      const start = Date.now();
      await Promise.all(clients);
      const seconds = Math.ceil((Date.now() - start) / 1000);
      const count = Number(await sql(server.dataDir, 'SELECT COUNT(*) FROM audit_events WHERE action = \'login.failed\' AND details LIKE \'%flood%\''));
      assert.ok(count <= 100 + seconds + 1, `${count} events in ${seconds} s`);
      assert.ok(count >= 10, `${count} events`); // others were refused before a password was compared
    });

    test('has a refresh token that somebody copied, and an export of data', async () => {
      const me = await newUser(server);
      const first = (await server.post('/auth/token', { json: { email: me.email, password: PASSWORD } })).json();
      const refresh = (token) => server.post('/auth/refresh', { json: { refresh_token: token } });
      const second = (await refresh(first.refresh_token)).json();
      await refresh(second.refresh_token);
      const replayed = await refresh(first.refresh_token);
      assert.equal(replayed.status, 401);
      assert.equal((await eventOf(replayed))[0].action, 'session.replayed');
      const exported = await server.get('/users/me/export', { token: me.token });
      assert.equal((await eventOf(exported))[0].action, 'account.exported');
    });

    test('keeps the events of an account that is removed, and what became of its contents', async () => {
      const me = await newUser(server);
      const { id } = await content(me);
      const gone = await server.delete(`/users/${me.id}?contents=delete`, { token: admin.token });
      assert.equal(gone.status, 204);
      assert.deepEqual(
        (await events(`?target=${id}`)).map(({ action, actor_kind: who }) => [action, who]), [['content.deleted', 'service'], ['content.created', 'account']]);
      assert.ok((await events(`?actor=${me.id}`)).some(({ action, actor_email: email }) => action === 'content.created' && email === me.email));
    });

    test('has the commands of the operator', async () => {
      const env = { DATA_DIR: server.dataDir };
      const command = (args, input) => runProgram(args, { cwd: server.dataDir, env, input });
      const me = await newUser(server);
      const { id } = await content(me);
      await command(['user', 'passwd', me.email], `${NEXT}\n`);
      for (const args of [['role', me.email, 'admin'], ['disable', me.email], ['enable', me.email]]) await command(['user', ...args]);
      await command(['content', 'assign-owner', admin.email, '--content', id]);
      assert.deepEqual(
        (await events(`?target=${me.id}&actor=operator`)).map(({ action }) => action), ['account.enabled', 'account.disabled', 'account.role_changed', 'password.set']);
      assert.deepEqual((await events(`?target=${id}&actor=operator`)).map(({ action, details }) => [action, details.to]), [['content.assigned', admin.id]]);
    });

    test('is read in pages, by what is asked for', async () => {
      const me = await newUser(server);
      for (let i = 0; i < 5; ++i) await server.post('/auth/keys', { token: me.token, json: KEY });
      const all = await events(`?actor=${me.id}`);
      assert.equal(all.length, 7); // with the registration and the login
      const paged = [];
      for (let target = `/audit?actor=${me.id}&limit=2`; target;) {
        const answer = await server.get(target, { token: admin.token });
        assert.equal(answer.headers['cache-control'], 'no-store');
        assert.ok(answer.json().length <= 2);
        paged.push(...answer.json());
        target = nextLink(answer);
      }
      assert.deepEqual(paged, all);
      assert.deepEqual(await events(`?actor=${me.id}&action=api_key.created&limit=100`), all.filter(({ action }) => action === 'api_key.created'));
      assert.deepEqual(await events(`?actor=${me.id}&since=${all[3].at}&until=${all[0].at}`), all.slice(1, 4));
      const east = encodeURIComponent(new Date(new Date(all[0].at).getTime() + 3_600_000).toISOString().replace('Z', '+01:00'));
      assert.ok((await events(`?actor=${me.id}&since=${east}`)).length >= 1);
      assert.deepEqual(await events('?since=2999-01-01'), []);
    });

    test('refuses what cannot be asked for', async () => {
      for (const query of ['actor=somebody', 'target=x', 'action=content.exploded', 'since=yesterday', 'until=2026-02-30', 'cursor=x', 'limit=0']) {
        const answer = await server.get(`/audit?${query}`, { token: admin.token });
        assert.equal(answer.status, 422, `${query}: ${answer.text()}`);
        assert.equal(answer.json().errors[0].pointer, `#/${query.split('=')[0]}`);
      }
    });

    test('is for administrators, and for their keys with audit:read', async () => {
      const me = await newUser(server);
      assert.equal((await server.get('/audit')).status, 401);
      assert.equal((await server.get('/audit', { token: me.token })).status, 403);
      const refused = await server.post('/auth/keys', { token: me.token, json: { name: 'x', scopes: 'audit:read' } });
      assert.equal(refused.status, 403, refused.text());
      const keyFor = async (scopes) => (await server.post('/auth/keys', { token: admin.token, json: { name: 'x', scopes } })).json().key;
      assert.equal((await server.get('/audit', { token: await keyFor('users:admin') })).status, 403);
      assert.equal((await server.get('/audit', { token: await keyFor('audit:read') })).status, 200);
    });

    test('is printed by a command', async () => {
      const me = await newUser(server);
      await content(me);
      const env = { DATA_DIR: server.dataDir };
      const audit = (...args) => runProgram(['audit', ...args], { cwd: server.dataDir, env });
      const json = await audit('--actor', me.id, '--json');
      assert.equal(json.code, 0, json.stderr);
      assert.deepEqual(json.stdout.trim().split('\n').map(JSON.parse), await events(`?actor=${me.id}`));
      const text = await audit('--actor', me.id, '--action', 'content.created');
      assert.match(text.stdout, new RegExp(`^\\S+Z  content\\.created  ${me.email}  content \\S{36}  127\\.0\\.0\\.1  .*A title.*\n$`));
      assert.equal((await audit('--limit', '3')).stdout.trim().split('\n').length, 3);
      const many = await audit('--json', '--limit', '100000');
      const total = Number(await sql(server.dataDir, 'SELECT COUNT(*) FROM audit_events'));
      assert.equal(many.stdout.trim().split('\n').length, total);
      assert.ok(total > 100);
      assert.equal((await audit('--since', '2999-01-01')).stdout, '');
      for (const wrong of [['--actor', 'x'], ['--action', 'x'], ['--target', 'x'], ['--since', 'x']]) {
        const answer = await audit(...wrong);
        assert.equal(answer.code, 1);
        assert.match(answer.stderr, new RegExp(`${wrong[0]} must be`));
      }
      assert.equal((await audit('--limit', '0')).code, 2);
    });

    test('refuses to be changed, also by who has the database', async () => {
      const count = () => sql(server.dataDir, 'SELECT COUNT(*) FROM audit_events');
      const there = await count();
      for (const statement of ['UPDATE audit_events SET details = \'{}\'', 'DELETE FROM audit_events', 'DELETE FROM audit_events WHERE action = \'login.failed\'']) {
        await assert.rejects(sql(server.dataDir, statement), /audit_events: rows are/, statement);
      }
      assert.equal(await count(), there);
    });
  });
});
