// Sign-in by an identity provider: a real one, and one that does what none should.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';

import Provider from 'oidc-provider';

import { login, newUser, PASSWORD } from '../support/client.js';
import { sql } from '../support/database.js';
import { mailSettings, startMailServer, tokenIn } from '../support/mail_server.js';
import { makeKey, OpenIdProvider } from '../support/openid_provider.js';
import { postgresUrl, refused, runProgram } from '../support/program.js';
import { startServer } from '../support/server.js';
import { APP, SignIn } from '../support/sign_in.js';
import { totp } from '../support/totp.js';

const settingsFor = (issuer, more = {}) => ({
  OIDC_ISSUER: issuer, OIDC_CLIENT_ID: 'clinikk', OIDC_CLIENT_SECRET: 'the & secret', OIDC_REDIRECT_URLS: `${APP},app:/signed-in`, LOG_FORMAT: 'json', ...more,
});

function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  assert.equal(answer.json().code, code);
}

const me = async (server, token) => (await server.get('/auth/me', { token })).json();

describe('a real provider', () => {
  let server, listener, issuer;
  const jar = new Map();

  /** What a browser does at the provider: keeps cookies, follows links there, and stops where the way leads elsewhere. */
  async function browse(url, form) {
    const headers = { Cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
    const answer = await fetch(url, { redirect: 'manual', headers, ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      jar.set(name, value);
    }
    const location = answer.headers.get('location');
    if (!location) return { url, page: await answer.text() };
    const next = new URL(location, url).href;
    return next.startsWith(issuer) ? browse(next) : { url: next };
  }

  before(async () => {
    listener = http.createServer();
    await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${listener.address().port}`;
    server = await startServer({ env: settingsFor(issuer) });
    const provider = new Provider(issuer, {
      clients: [{ client_id: 'clinikk', client_secret: 'the & secret', redirect_uris: [`${server.url}/auth/oidc/callback`] }],
      claims: { email: ['email', 'email_verified'] },
      cookies: { keys: ['a key of the cookies'] },
      findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true }) }),
    });
    listener.on('request', provider.callback());
  });
  after(async () => {
    listener.closeAllConnections();
    listener.close();
    await server?.stop();
  });

  test('signs somebody in, who has an account from then on', async () => {
    const signIn = new SignIn(server);
    await signIn.begin();
    const login = await browse(signIn.location);
    const action = (page) => new URL(/action="([^"]+)"/.exec(page)[1], issuer).href;
    const consent = await browse(action(login.page), { prompt: 'login', login: 'ada', password: 'x' });
    const back = await browse(action(consent.page), { prompt: 'consent' });
    assert.ok(back.url.startsWith(`${server.url}/auth/oidc/callback?`), back.url);
    const target = back.url.slice(server.url.length);
    const told = SignIn.told(await server.get(target, { headers: { Cookie: signIn.cookie } }));
    assert.equal(told.state, 'the app’s state');
    assert.ok(told.code, `the app is told ${told.error}: ${server.tail()}`);
    const answer = await signIn.redeem(told.code);
    assert.equal(answer.status, 200, answer.text());
    assert.equal(answer.headers['cache-control'], 'no-store');
    const { access_token: token, refresh_token: refresh } = answer.json();
    const account = await me(server, token);
    assert.equal(account.email, 'ada@example.com');
    assert.equal(account.role, 'editor');
    assert.equal((await server.post('/auth/refresh', { json: { refresh_token: refresh } })).status, 200);
    assert.ok(!server.log.includes('the & secret'));
  });

  test('who cancels there is told as that', async () => {
    jar.clear();
    const signIn = new SignIn(server);
    await signIn.begin();
    const { page } = await browse(signIn.location);
    const back = await browse(new URL(/href="([^"]*abort)"/.exec(page)[1], issuer).href);
    const told = SignIn.told(await server.get(back.url.slice(server.url.length), { headers: { Cookie: signIn.cookie } }));
    assert.equal(told.error, 'sign_in_denied');
    assert.equal(told.code, undefined);
  });
});

describe('sign-ins', () => {
  let provider, server;
  before(async () => {
    provider = await new OpenIdProvider().start();
    server = await startServer({ env: settingsFor(provider.issuer) });
  });
  after(async () => {
    await server?.stop();
    await provider.stop();
  });
  beforeEach(() => provider.reset());

  test('an account without a password confirms what cannot be undone by a fresh sign-in', async () => {
    provider.person = { sub: 'fresh', email: 'fresh@example.com', email_verified: true };
    const { access_token: token } = await SignIn.session(server, provider);
    await sql(server.dataDir, `UPDATE sessions SET created_at = created_at - ${postgresUrl(server.dataDir) ? "interval '301 seconds'" : '301000000'}`);
    const beginTotp = (json, token) => server.post('/auth/totp', { token, json });
    const remove = (json, token) => server.delete('/users/me', { token, json });
    for (const json of [{}, { password: '' }, { password: PASSWORD }]) {
      const expected = json.password === '' ? [422, 'validation_failed'] : [403, 'fresh_sign_in_required'];
      assertRefused(await beginTotp(json, token), ...expected);
      assertRefused(await remove(json, token), ...expected);
    }
    const again = (await SignIn.session(server, provider)).access_token;
    assertRefused(await remove({}, token), 403, 'fresh_sign_in_required'); // another session is not this one
    const begun = await beginTotp({}, again);
    assert.equal(begun.status, 200, begun.text());
    assert.equal((await server.post('/auth/totp/confirm', { token: again, json: { totp_code: totp(begun.json().secret) } })).status, 200);
    const { signIn, code } = await SignIn.through(server, provider);
    assertRefused(await signIn.redeem(code), 403, 'totp_required');
    assert.equal((await remove({}, again)).status, 204);
    assertRefused(await server.get('/auth/me', { token: again }), 401, 'not_authenticated');
  });

  test('HEAD is not offered where GET has effects, and has none', async () => {
    const signIn = new SignIn(server);
    const target = `/auth/oidc/authorize?${new URLSearchParams({ redirect_uri: APP, code_challenge: signIn.challenge })}`;
    const count = () => sql(server.dataDir, 'SELECT COUNT(*) FROM sign_ins');
    const before = await count();
    const head = await server.head(target);
    assert.equal(head.status, 405);
    assert.equal(head.headers.allow, 'GET, OPTIONS');
    assert.equal(await count(), before);
    await signIn.begin();
    assert.notEqual(await count(), before, 'GET begins one');
    const code = provider.code(signIn.location);
    const callback = `/auth/oidc/callback?${new URLSearchParams({ state: signIn.state, code })}`;
    assert.equal((await server.head(callback, { headers: { Cookie: signIn.cookie } })).status, 405);
    assert.ok(SignIn.told(await signIn.finish({ code })).code, 'the state is not used up');
  });

  test('ask for what they should, and bind the browser', async () => {
    const signIn = new SignIn(server);
    await signIn.begin();
    const url = new URL(signIn.location);
    assert.equal(`${url.origin}${url.pathname}`, `${provider.issuer}/authorize`);
    const asked = Object.fromEntries(url.searchParams);
    assert.equal(asked.response_type, 'code');
    assert.equal(asked.client_id, 'clinikk');
    assert.equal(asked.scope, 'openid email profile');
    assert.equal(asked.redirect_uri, `${server.url}/auth/oidc/callback`);
    for (const name of ['state', 'nonce', 'code_challenge']) assert.match(asked[name], /^[\w-]{43}$/);
    assert.match(signIn.setCookie, /^sign_in=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/);
    const rows = await sql(server.dataDir, 'SELECT * FROM sign_ins');
    assert.ok(!rows.includes(asked.state) && !rows.includes(signIn.cookie.split('=')[1]));
  });

  for (const alg of ['RS256', 'ES256']) {
    test(`succeed with ${alg}`, async () => {
      const before = provider.key;
      provider.key = makeKey(alg, `of ${alg}`);
      const fresh = await startServer({ env: settingsFor(provider.issuer) });
      try {
        const { access_token: token } = await SignIn.session(fresh, provider);
        assert.equal((await me(fresh, token)).email, 'somebody@example.com');
      } finally {
        provider.key = before;
        await fresh.stop();
      }
    });
  }

  test('succeed where the address is told by userinfo only', async () => {
    provider.person = { sub: 'shy', email: 'shy@example.com', email_verified: true };
    provider.inUserinfo = true;
    const { access_token: token } = await SignIn.session(server, provider);
    assert.equal((await me(server, token)).email, 'shy@example.com');
  });

  test('fail where userinfo is about somebody else', async () => {
    provider.inUserinfo = true;
    provider.answers['/userinfo'] = [200, { sub: 'another', email: 'somebody@example.com', email_verified: true }];
    assert.equal((await SignIn.through(server, provider)).error, 'identity_provider_failed');
  });

  test('succeed with several audiences when the token was made for us', async () => {
    provider.claims = { aud: ['another', 'clinikk'], azp: 'clinikk' };
    await SignIn.session(server, provider);
  });

  const at = () => Math.floor(Date.now() / 1000);
  const hostile = {
    'the nonce of another sign-in': () => ({ claims: { nonce: 'A'.repeat(43) } }),
    'no nonce': () => ({ claims: { nonce: undefined } }),
    'another audience': () => ({ claims: { aud: 'another' } }),
    'an audience that is longer': () => ({ claims: { aud: 'clinikk2' } }),
    'no audience': () => ({ claims: { aud: undefined } }),
    'several audiences and no authorized party': () => ({ claims: { aud: ['clinikk', 'another'] } }),
    'another authorized party': () => ({ claims: { azp: 'another' } }),
    'another issuer': () => ({ claims: { iss: 'https://evil.example.com' } }),
    'an issuer with a slash more': () => ({ claims: { iss: `${provider.issuer}/` } }),
    'an expiry in the past': () => ({ claims: { exp: at() - 120 } }),
    'no expiry': () => ({ claims: { exp: undefined } }),
    'an expiry that is text': () => ({ claims: { exp: String(at() + 300) } }),
    'an issue in the future': () => ({ claims: { iat: at() + 300, exp: at() + 600 } }),
    'an issue an hour ago': () => ({ claims: { iat: at() - 3600 } }),
    'no issue': () => ({ claims: { iat: undefined } }),
    'no subject': () => ({ claims: { sub: undefined } }),
    'an empty subject': () => ({ claims: { sub: '' } }),
    'a subject of 256 characters': () => ({ claims: { sub: 'x'.repeat(256) } }),
    'alg none': () => ({ header: { alg: 'none' }, algorithm: 'none' }),
    'alg nOnE': () => ({ header: { alg: 'nOnE' }, algorithm: 'none' }),
    'RS256 without a signature': () => ({ algorithm: 'none' }),
    'HS256 with the public key': () => ({ header: { alg: 'HS256' }, algorithm: 'HS256' }),
    'HS256 under the name RS256': () => ({ algorithm: 'HS256' }),
    'RS512 in its header': () => ({ header: { alg: 'RS512' }, algorithm: 'RS256' }),
    'ES256 in its header': () => ({ header: { alg: 'ES256' }, algorithm: 'RS256' }),
    'a key of its own': () => ({ key: makeKey('RS256', provider.key.kid), pinned: true }),
    'a critical extension': () => ({ header: { crit: ['x'], x: 1 } }),
  };
  for (const [what, variant] of Object.entries(hostile)) {
    test(`refuse an ID token with ${what}`, async () => {
      const { key, pinned, ...changes } = variant();
      const genuine = provider.key;
      if (pinned) provider.answers['/jwks'] = [200, { keys: [{ ...genuine.publicKey.export({ format: 'jwk' }), alg: 'RS256', kid: genuine.kid }] }];
      Object.assign(provider, changes, key ? { key } : {});
      try {
        const { error, code, state } = await SignIn.through(server, provider);
        assert.equal(code, undefined);
        assert.equal(error, 'identity_provider_failed');
        assert.equal(state, 'the app’s state');
      } finally {
        provider.key = genuine;
        provider.reset();
      }
      await SignIn.session(server, provider); // the same without the fault
    });
  }

  for (const [what, token] of [['an empty text', ''], ['one segment', 'abc'], ['four segments', 'a.b.c.d'], ['200 kB', `${'a'.repeat(200_000)}.b.c`], ['a number', 7]]) {
    test(`refuse an ID token that is ${what}`, async () => {
      provider.answers['/token'] = [200, { id_token: token, access_token: 'x' }];
      assert.equal((await SignIn.through(server, provider)).error, 'identity_provider_failed');
    });
  }

  test('take the authorization answer of this issuer only (RFC 9207)', async () => {
    assert.equal((await SignIn.through(server, provider, { iss: 'https://evil.example.com' })).error, 'identity_provider_failed');
    assert.ok((await SignIn.through(server, provider, { iss: provider.issuer })).code);
  });

  test('are finished once, and by the browser that began them', async () => {
    const signIn = new SignIn(server);
    await signIn.begin();
    const other = new SignIn(server);
    await other.begin();
    const code = provider.code(signIn.location);
    assertRefused(await signIn.finish({ code, cookie: other.cookie }), 400, 'sign_in_expired');
    assertRefused(await server.get(`/auth/oidc/callback?state=${signIn.state}&code=${code}`), 400, 'sign_in_expired');
    assertRefused(await signIn.finish({ code, cookie: `${signIn.cookie}; ${other.cookie}` }), 400, 'sign_in_expired');
    assertRefused(await signIn.finish({ code, state: 'A'.repeat(43) }), 400, 'sign_in_expired');
    const answer = await signIn.finish({ code });
    assert.ok(SignIn.told(answer).code, 'what others have tried does it no harm');
    assert.match([answer.headers['set-cookie']].flat()[0], /^sign_in=; .*Max-Age=0/);
    assertRefused(await signIn.finish({ code }), 400, 'sign_in_expired');
  });

  test('are finished once, of many returns at the same moment', async () => {
    const signIn = new SignIn(server);
    await signIn.begin();
    const code = provider.code(signIn.location);
    const answers = await Promise.all(Array.from({ length: 8 }, () => signIn.finish({ code })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [302, ...Array(7).fill(400)]);
  });

  test('expire, and so do their codes', async () => {
    const past = postgresUrl(server.dataDir) ? 'to_timestamp(0)' : '0';
    const signIn = new SignIn(server);
    await signIn.begin();
    await sql(server.dataDir, `UPDATE sign_ins SET expires_at = ${past}`);
    assertRefused(await signIn.finish({ code: provider.code(signIn.location) }), 400, 'sign_in_expired');
    const { signIn: next, code } = await SignIn.through(server, provider);
    await sql(server.dataDir, `UPDATE sign_in_codes SET expires_at = ${past}`);
    assertRefused(await next.redeem(code), 401, 'sign_in_code_invalid');
  });

  test('give the app a code that works once, and for the app that began', async () => {
    const { signIn, code } = await SignIn.through(server, provider);
    const rows = await sql(server.dataDir, 'SELECT * FROM sign_in_codes');
    assert.ok(!rows.includes(code));
    assertRefused(await signIn.redeem(code, { verifier: 'A'.repeat(43) }), 401, 'sign_in_code_invalid');
    assertRefused(await signIn.redeem('A'.repeat(43)), 401, 'sign_in_code_invalid');
    const answers = await Promise.all(Array.from({ length: 8 }, () => signIn.redeem(code)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(401)]);
    assertRefused(await signIn.redeem(code), 401, 'sign_in_code_invalid');
  });

  for (const challenge of ['', 'x', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, `${'A'.repeat(42)}+`]) {
    test(`need the challenge of the app: ${JSON.stringify(challenge)}`, async () => {
      assertRefused(await new SignIn(server).begin({ challenge }), 422, 'validation_failed');
    });
  }

  test('go to apps with a scheme of their own', async () => {
    const signIn = new SignIn(server);
    await signIn.begin({ redirect: 'app:/signed-in' });
    const answer = await signIn.finish({ code: provider.code(signIn.location) });
    assert.match(answer.headers.location, /^app:\/signed-in\?code=[\w-]{43}&state=the%20app%E2%80%99s%20state$/);
  });

  test('end with the error of the provider, without a word of its text', async () => {
    const signIn = new SignIn(server);
    await signIn.begin();
    const told = SignIn.told(await signIn.finish({ error: 'access_denied', error_description: '<script>' }));
    assert.deepEqual(told, { from: 'oidc', error: 'sign_in_denied', state: 'the app’s state' });
  });

  test('lead to the account of the identity, whatever its address becomes', async () => {
    provider.person = { sub: 'mover', email: 'mover@example.com', email_verified: true };
    const first = await me(server, (await SignIn.session(server, provider)).access_token);
    provider.person = { sub: 'mover', email: 'somebody@example.com', email_verified: false };
    const second = await me(server, (await SignIn.session(server, provider)).access_token);
    assert.equal(second.id, first.id);
    assert.equal(second.email, 'mover@example.com');
  });

  for (const [what, person] of [
    ['is not verified', { email_verified: false }], ['is verified by a text', { email_verified: 'true' }], ['says nothing of that', { email_verified: undefined }],
    ['is missing', { email: undefined }], ['is no address', { email: 'nobody' }], ['is a list', { email: ['a@example.com'] }],
  ]) {
    test(`make and link no account where the address ${what}`, async () => {
      const { email } = await newUser(server);
      provider.person = { sub: 'impostor', email, email_verified: true, ...person };
      assert.equal((await SignIn.through(server, provider)).error, 'identity_email_unverified');
      await login(server, email);
    });
  }

  test('link the account of the verified address, and end what others may have there', async () => {
    const there = await newUser(server);
    provider.person = { sub: 'owner', email: there.email.toUpperCase(), email_verified: true };
    const { access_token: token } = await SignIn.session(server, provider);
    assert.equal((await me(server, token)).id, there.id);
    assertRefused(await server.get('/auth/me', { token: there.token }), 401, 'not_authenticated');
    assertRefused(await server.post('/auth/token', { json: { email: there.email, password: PASSWORD } }), 401, 'credentials_invalid');
    await SignIn.session(server, provider);
    assert.equal((await server.get('/auth/me', { token })).status, 200, 'later sign-ins end nothing');
  });

  test('leave what its owner has in an account whose address was proven by mail', async () => {
    const mailServer = await startMailServer();
    const mailing = await startServer({ env: settingsFor(provider.issuer, mailSettings(mailServer)) });
    try {
      // Proven by the mailed link; and on nobody's word: as accounts count that an operator, or the predecessor, made.
      const there = await newUser(mailing, { email: 'proven@example.com' });
      const token = tokenIn(await mailServer.mailTo(there.email));
      assert.equal((await mailing.post('/auth/verify-email', { json: { token } })).status, 204);
      const claimed = await newUser(mailing, { email: 'claimed@example.com' });
      await sql(mailing.dataDir, `UPDATE users SET email_verified_at = created_at WHERE email = '${claimed.email}'`);
      for (const [who, stays] of [[there, true], [claimed, false]]) {
        provider.person = { sub: `of ${who.email}`, email: who.email, email_verified: true };
        const session = await SignIn.session(mailing, provider);
        assert.equal((await me(mailing, session.access_token)).id, who.id);
        assert.equal((await mailing.get('/auth/me', { token: who.token })).status, stays ? 200 : 401, who.email);
        const answer = await mailing.post('/auth/token', { json: { email: who.email, password: PASSWORD } });
        assert.equal(answer.status, stays ? 200 : 401, who.email);
      }
    } finally {
      await mailing.stop();
      await mailServer.stop();
    }
  });

  test('give no account to who has got the address of its owner later', async () => {
    provider.person = { sub: 'first owner', email: 'desk@example.com', email_verified: true };
    const { access_token: token } = await SignIn.session(server, provider);
    provider.person = { sub: 'second owner', email: 'desk@example.com', email_verified: true };
    assert.equal((await SignIn.through(server, provider)).error, 'identity_unknown');
    assert.equal((await server.get('/auth/me', { token })).status, 200);
  });

  test('refuse an account that is disabled: before, and between sign-in and session', async () => {
    provider.person = { sub: 'leaver', email: 'leaver@example.com', email_verified: true };
    const { signIn, code } = await SignIn.through(server, provider);
    const env = { DATA_DIR: server.dataDir };
    const made = await runProgram(['user', 'disable', 'leaver@example.com'], { cwd: server.dataDir, env });
    assert.equal(made.code, 0, made.stderr);
    // What ends sessions ends sign-ins under way too.
    assertRefused(await signIn.redeem(code), 401, 'sign_in_code_invalid');
    assert.equal((await SignIn.through(server, provider)).error, 'account_disabled');
  });

  test('need the second factor of the account, which uses the code up only when it is right', async () => {
    provider.person = { sub: 'careful', email: 'careful@example.com', email_verified: true };
    const careful = await newUser(server, { email: 'careful@example.com' });
    const { secret } = (await server.post('/auth/totp', { token: careful.token, json: { password: PASSWORD } })).json();
    const confirmed = await server.post('/auth/totp/confirm', { token: careful.token, json: { totp_code: totp(secret) } });
    assert.equal(confirmed.status, 200, confirmed.text());
    await sql(server.dataDir, "UPDATE users SET email_verified_at = created_at WHERE email = 'careful@example.com'");
    const { signIn, code } = await SignIn.through(server, provider);
    assertRefused(await signIn.redeem(code), 403, 'totp_required');
    assertRefused(await signIn.redeem(code, { totp_code: '000000' }), 403, 'totp_wrong');
    assert.equal((await signIn.redeem(code, { totp_code: totp(secret, 1) })).status, 200);
    assertRefused(await signIn.redeem(code, { totp_code: confirmed.json().recovery_codes[0] }), 401, 'sign_in_code_invalid');
  });

  test('leave no second factor to who registered the address before its owner came', async () => {
    provider.person = { sub: 'awaited', email: 'awaited@example.com', email_verified: true };
    const squatter = await newUser(server, { email: 'awaited@example.com' });
    const { secret } = (await server.post('/auth/totp', { token: squatter.token, json: { password: PASSWORD } })).json();
    assert.equal((await server.post('/auth/totp/confirm', { token: squatter.token, json: { totp_code: totp(secret) } })).status, 200);
    const key = await server.post('/auth/keys', { token: squatter.token, json: { name: 'mine', scopes: 'content:read' } });
    const { signIn, code } = await SignIn.through(server, provider);
    assert.equal((await signIn.redeem(code)).status, 200);
    assert.equal((await server.get('/auth/me', { token: squatter.token })).status, 401);
    const refused = await server.get(`/content/${'01890000-0000-7000-8000-000000000000'}`, { token: key.json().key });
    assert.equal(refused.status, 401, 'its key is gone');
  });

  test('work over two processes', async () => {
    const other = await startServer({ dataDir: server.dataDir, env: settingsFor(provider.issuer) });
    try {
      const signIn = new SignIn(server);
      await signIn.begin();
      const { code } = SignIn.told(await signIn.finish({ code: provider.code(signIn.location), server: other }));
      assert.equal((await signIn.redeem(code)).status, 200);
    } finally {
      await other.stop();
    }
  });
});

describe('a provider that changes or fails', () => {
  let provider;
  const servers = [];
  const start = async (more = {}) => {
    const server = await startServer({ env: settingsFor(provider.issuer, more) });
    servers.push(server);
    return server;
  };
  beforeEach(async () => {
    provider = await new OpenIdProvider().start();
  });
  const clean = async () => {
    for (const server of servers.splice(0)) await server.stop();
    await provider.stop();
  };

  test('is asked for its documents at the first sign-in, and seldom again; for an unknown key once a minute', async () => {
    try {
      const server = await start();
      assert.equal(provider.requests.length, 0);
      for (let i = 0; i < 3; i += 1) await SignIn.session(server, provider);
      assert.equal(provider.count('/.well-known/openid-configuration'), 1);
      assert.equal(provider.count('/jwks'), 1);
      provider.key = makeKey('RS256', 'second');
      await SignIn.session(server, provider);
      assert.equal(provider.count('/jwks'), 2);
      provider.key = makeKey('RS256', 'third');
      for (let i = 0; i < 3; i += 1) assert.equal((await SignIn.through(server, provider)).error, 'identity_provider_failed');
      assert.equal(provider.count('/jwks'), 2);
    } finally {
      await clean();
    }
  });

  for (const [what, change] of Object.entries({
    'names another issuer': { metadata: { issuer: 'https://evil.example.com' } },
    'names its issuer with a slash': (issuer) => ({ metadata: { issuer: `${issuer}/` } }),
    'has an endpoint without TLS elsewhere': { metadata: { token_endpoint: 'http://192.0.2.1/token' } },
    'has a login page that is a script': { metadata: { authorization_endpoint: 'javascript:alert(1)' } },
    'has an endpoint with a password': { metadata: { jwks_uri: 'https://user:password@example.com/jwks' } },
    'lacks an endpoint': { metadata: { jwks_uri: undefined } },
    'answers 500': { answers: { '/.well-known/openid-configuration': [500, {}] } },
    'answers no JSON': { answers: { '/.well-known/openid-configuration': [200, '<html>'] } },
    'answers a list': { answers: { '/.well-known/openid-configuration': [200, []] } },
    'answers a megabyte': { answers: { '/.well-known/openid-configuration': [200, `{"x":"${'x'.repeat(1_000_000)}"}`] } },
    'redirects': { answers: { '/.well-known/openid-configuration': (request, response) => response.writeHead(302, { Location: '/jwks' }).end() } },
    'hangs up': { answers: { '/.well-known/openid-configuration': (request) => request.destroy() } },
  })) {
    test(`nobody is sent to one that ${what}`, async () => {
      try {
        const server = await start();
        Object.assign(provider, typeof change === 'function' ? change(provider.issuer) : change);
        assertRefused(await new SignIn(server).begin(), 502, 'identity_provider_failed');
        await server.logs('identity_provider.failed');
      } finally {
        await clean();
      }
    });
  }

  test('that is down answers 502, also at once, and does no harm to others', async () => {
    await provider.stop();
    const server = await startServer({ env: settingsFor(provider.issuer) });
    try {
      const answers = await Promise.all(Array.from({ length: 10 }, () => new SignIn(server).begin()));
      for (const answer of answers) assertRefused(answer, 502, 'identity_provider_failed');
      assert.equal((await server.get('/health')).status, 200);
    } finally {
      await server.stop();
    }
  });

  test('that is silent is given up, while others are served', async () => {
    try {
      const server = await start();
      provider.answers['/.well-known/openid-configuration'] = () => {};
      const waiting = new SignIn(server).begin();
      assert.equal((await server.get('/health')).status, 200);
      assertRefused(await waiting, 502, 'identity_provider_failed');
    } finally {
      await clean();
    }
  });

  for (const [what, answers] of Object.entries({
    'keys of a megabyte': { '/jwks': [200, { keys: [], x: 'x'.repeat(1_000_000) }] },
    'keys that are none': { '/jwks': [200, { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }, { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, { kty: 'oct', k: 'AAAA' }, 7, null] }] },
    'a thousand keys': { '/jwks': [200, { keys: Array(1000).fill({ kty: 'oct' }) }] },
    'no keys': { '/jwks': [404, {}] },
    'an error for tokens': { '/token': [400, { error: 'invalid_grant' }] },
    'no ID token': { '/token': [200, { access_token: 'x' }] },
    'two ID tokens': { '/token': [200, '{"id_token":"a.b.c","id_token":"a.b.c"}'] },
    'tokens of a megabyte': { '/token': [200, { id_token: 'x'.repeat(1_000_000) }] },
  })) {
    test(`that has ${what} signs nobody in`, async () => {
      try {
        const server = await start();
        provider.answers = answers;
        assert.equal((await SignIn.through(server, provider)).error, 'identity_provider_failed');
        provider.answers = {};
      } finally {
        await clean();
      }
    });
  }

  test('that wants the secret in the form gets it there', async () => {
    try {
      const server = await start();
      provider.metadata.token_endpoint_auth_methods_supported = ['client_secret_post'];
      await SignIn.session(server, provider);
    } finally {
      await clean();
    }
  });

  test('makes accounts only where it may, with the role of registrations', async () => {
    try {
      const closed = await start({ OIDC_REGISTRATION: 'off' });
      assert.equal((await SignIn.through(closed, provider)).error, 'identity_unknown');
      await newUser(closed, { email: provider.person.email });
      await SignIn.session(closed, provider);
      const viewers = await start({ REGISTRATION_ROLE: 'viewer' });
      assert.equal((await me(viewers, (await SignIn.session(viewers, provider)).access_token)).role, 'viewer');
    } finally {
      await clean();
    }
  });

  test('is told the public address, and the cookie is of that host only', async () => {
    try {
      const server = await startServer({ env: settingsFor(provider.issuer, { PUBLIC_URL: 'https://tv.example.com' }), contract: false });
      servers.push(server);
      const signIn = new SignIn(server);
      await signIn.begin();
      assert.equal(new URL(signIn.location).searchParams.get('redirect_uri'), 'https://tv.example.com/auth/oidc/callback');
      assert.match(signIn.setCookie, /^__Host-sign_in=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/);
      const code = provider.code(signIn.location);
      assertRefused(await signIn.finish({ code, cookie: signIn.cookie.replace('__Host-', '') }), 400, 'sign_in_expired');
      assert.ok(SignIn.told(await signIn.finish({ code })).code);
    } finally {
      await clean();
    }
  });
});

describe('without a provider', () => {
  test('all of it is 404', async () => {
    const server = await startServer();
    try {
      const signIn = new SignIn(server);
      assertRefused(await signIn.begin(), 404, 'sign_in_not_offered');
      assertRefused(await signIn.finish({ state: 'x', cookie: 'sign_in=x' }), 404, 'sign_in_not_offered');
      assertRefused(await signIn.redeem('x'), 404, 'sign_in_not_offered');
    } finally {
      await server.stop();
    }
  });

  for (const [what, env] of Object.entries({
    'an issuer without TLS': { OIDC_ISSUER: 'http://issuer.example.com' },
    'an issuer with a query': { OIDC_ISSUER: 'https://issuer.example.com/?x' },
    'no client': { OIDC_CLIENT_ID: '' },
    'no app': { OIDC_REDIRECT_URLS: '' },
    'an app that is a script': { OIDC_REDIRECT_URLS: 'javascript:alert(1)' },
    'an app with a fragment': { OIDC_REDIRECT_URLS: 'https://app.example.com/#x' },
    'scopes without openid': { OIDC_SCOPES: 'email' },
    'two secrets': { OIDC_CLIENT_SECRET_FILE: '/dev/null' },
  })) {
    test(`the program does not start with ${what}`, async () => {
      const message = await refused(settingsFor('https://issuer.example.com', env));
      assert.match(message, new RegExp(Object.keys(env)[0].replace('_FILE', '')));
    });
  }
});
