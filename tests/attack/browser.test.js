// What a page of somebody else can make a browser do: send cookies and forms (CSRF), follow redirects, read answers.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { assertRefused, attack } from '../support/attack.js';
import { newUser, PASSWORD, upload } from '../support/client.js';
import { wav } from '../support/media.js';
import { OpenIdProvider } from '../support/openid_provider.js';
import { APP, SignIn } from '../support/sign_in.js';

const EVIL = 'https://evil.example';
const ALLOWED = 'https://app.example.com';

let provider;
const settings = async () => {
  provider ??= await new OpenIdProvider().start();
  return { OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: 'clinikk', OIDC_CLIENT_SECRET: 'the & secret', OIDC_REDIRECT_URLS: APP, CORS_ORIGINS: ALLOWED, PUBLIC_URL: 'https://media.example' };
};
after(() => provider?.stop());

attack('browsers', { env: settings }, (holder) => {
  let me, content;
  before(async () => {
    me = await newUser(holder.service);
    content = await upload(holder.service, me.token, wav(500), { visibility: 'private' });
  });
  beforeEach(() => provider.reset());
  const request = (method, target, options) => holder.service.request(method, target, { publicUrl: 'https://media.example', ...options });
  const signIn = () => new SignIn({ get: (target, options) => request('GET', target, options), post: (target, options) => request('POST', target, options) });

  test('no cookie is a credential, whatever it is called', async () => {
    const { key } = (await request('POST', '/auth/keys', { token: me.token, json: { name: 'x', scopes: 'content:read content:write' } })).json();
    const contract = await holder.service.contract();
    const names = ['Authorization', 'access_token', 'token', 'session', 'sid', 'sign_in', '__Host-sign_in', 'refresh_token', 'jwt', 'Bearer'];
    const Cookie = names.flatMap((name) => [`${name}=${me.token}`, `${name}=${key}`]).join('; ');
    let tried = 0;
    for (const { method, template, operation } of contract.operations()) {
      if (!operation.security?.length || operation.security.some((each) => Object.keys(each).length === 0)) continue;
      const target = template.replace(/\{\w+\}/g, content.id);
      const answer = await request(method, target, { headers: { Cookie, Origin: EVIL } });
      assertRefused(answer, 401, 'not_authenticated');
      tried += 1;
    }
    assert.ok(tried >= 20, `${tried} operations`);
    assert.equal((await request('GET', '/auth/me', { headers: { Cookie, Authorization: `Bearer ${me.token}` } })).status, 200);
  });

  test('forms of other sites change nothing', async () => {
    const { refresh_token: token } = (await request('POST', '/auth/token', { json: { email: me.email, password: PASSWORD } })).json();
    const headers = { Origin: EVIL, Cookie: `refresh_token=${token}; access_token=${me.token}`, 'Sec-Fetch-Site': 'cross-site' };
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const send = (method, target, body) => request(method, target, { headers: { ...headers, 'Content-Type': type }, body });
      for (const [method, target] of [['POST', '/auth/logout-all'], ['POST', '/auth/keys'], ['POST', `/content/${content.id}/playback-session`], ['PATCH', `/content/${content.id}`], ['DELETE', `/content/${content.id}`], ['DELETE', '/users/me']]) {
        assertRefused(await send(method, target, 'title=x'), 401, 'not_authenticated');
      }
      assert.equal((await send('POST', '/auth/register', '{"email":"csrf@example.com","password":"a long password"}')).status, 415);
    }
    assert.equal((await request('GET', `/content/${content.id}`, { token: me.token })).status, 200);
    assert.equal((await request('POST', '/auth/refresh', { json: { refresh_token: token } })).status, 200, 'in the body it is one');
  });

  test('a page of another site may not read answers, nor send credentials', async () => {
    const preflight = (origin, headers = {}) => request('OPTIONS', '/content', { headers: { Origin: origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization', ...headers } });
    for (const origin of [EVIL, 'null', `${ALLOWED}.evil.example`, `${ALLOWED}:8443`, 'http://app.example.com', 'https://xapp.example.com', `${ALLOWED}/`, ALLOWED.toUpperCase()]) {
      const answer = await preflight(origin);
      assert.equal(answer.headers['access-control-allow-origin'], undefined, origin);
      const read = await request('GET', '/auth/me', { token: me.token, headers: { Origin: origin } });
      assert.equal(read.headers['access-control-allow-origin'], undefined, origin);
      for (const each of [answer, read]) assert.equal(each.headers['access-control-allow-credentials'], undefined);
    }
    const allowed = await preflight(ALLOWED);
    assert.equal(allowed.headers['access-control-allow-origin'], ALLOWED);
    assert.equal((await request('GET', '/auth/me', { token: me.token, headers: { Origin: ALLOWED } })).headers['access-control-allow-origin'], ALLOWED);
  });

  test('a browser is not signed in to the account of an attacker (login CSRF)', async () => {
    const [attacker, victim] = [signIn(), signIn()];
    await attacker.begin();
    await victim.begin();
    const code = provider.code(attacker.location);
    for (const cookie of ['', victim.cookie, '__Host-sign_in=', `${victim.cookie}; ${attacker.cookie}`]) {
      assertRefused(await attacker.finish({ code, cookie }), 400, 'sign_in_expired');
    }
    assertRefused(await victim.finish({ code, state: attacker.state }), 400, 'sign_in_expired');
    const told = SignIn.told(await attacker.finish({ code }));
    assert.ok(told.code, 'its own browser is');
    assertRefused(await victim.redeem(told.code), 401, 'sign_in_code_invalid');
    assert.equal((await attacker.redeem(told.code)).status, 200);
  });

  test('the cookie of a sign-in is for this host, for TLS, and for no script', async () => {
    const begun = signIn();
    await begun.begin();
    assert.match(begun.setCookie, /^__Host-sign_in=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/);
    assertRefused(await request('GET', '/auth/me', { headers: { Cookie: begun.cookie } }), 401);
  });

  for (const redirect of ['https://app.example.com/signed-in', `${APP}&x=1`, `${APP}/`, `${APP}#x`, 'https://APP.example.com/signed-in?from=oidc', 'https://app.example.com@evil.example/signed-in?from=oidc', 'https://app.example.com.evil.example/signed-in?from=oidc',
    'https://app.example.com/signed-in/../evil?from=oidc', 'https://app.example.com\\@evil.example/', '//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', 'data:text/html,x', `${APP}\r\nX: y`, `${APP}%0d%0aX:%20y`]) {
    test(`a sign-in returns to no address that is not listed: ${JSON.stringify(redirect)}`, async () => {
      const answer = await signIn().begin({ redirect });
      assertRefused(answer, 422, 'validation_failed');
      assert.equal(answer.json().errors[0].pointer, '#/redirect_uri');
      assert.equal(answer.headers.location, undefined);
    });
  }

  test('a sign-in returns to the one that is', async () => {
    const begun = signIn();
    assert.equal((await begun.begin()).status, 302);
    const hostile = `x"\r\nSet-Cookie: a=b&code=stolen#${EVIL}`;
    const again = signIn();
    const answer = await again.begin({ state: hostile });
    if (answer.status === 302) {
      const back = await again.finish({ code: provider.code(again.location) });
      assert.equal(SignIn.told(back).state, hostile);
      assert.doesNotMatch(String(back.headers['set-cookie']), /a=b/);
    } else {
      assertRefused(answer, 422, 'validation_failed');
    }
  });

  test('no path, no host and no field leads elsewhere', async () => {
    for (const target of ['//evil.example/', '//evil.example/%2e%2e', '/\\evil.example', '/%5cevil.example', '/.evil.example', '/auth//evil.example', '/docs//evil.example', '/redoc/..//evil.example', '/?url=https://evil.example', '/content?next=https://evil.example']) {
      const answer = await request('GET', target, { check: false });
      assert.doesNotMatch(answer.headers.location ?? '', /evil/, target);
      assert.ok(answer.status < 500);
    }
    const headers = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example;proto=http', 'X-Original-URL': '/users', 'X-Rewrite-URL': '/users', 'X-HTTP-Method-Override': 'DELETE' };
    for (const target of ['/content', `/content/${content.id}`, '/auth/me', '/openapi.json', '/nothing']) {
      const answer = await request('GET', target, { token: me.token, headers, check: false });
      assert.doesNotMatch(answer.text() + JSON.stringify(answer.headers), /evil/, target);
    }
    const read = (await request('GET', `/content/${content.id}`, { token: me.token })).json();
    assert.ok(read.storage_url.startsWith('https://media.example/'));
  });

  test('a page plays what it was given, and gets nothing more of it', async () => {
    const { url } = (await request('POST', `/content/${content.id}/playback-session`, { token: me.token })).json();
    const target = new URL(url, 'https://media.example').pathname;
    const played = await request('GET', target);
    assert.equal(played.status, 200);
    assert.equal(played.headers['set-cookie'], undefined, 'no cookie goes with it');
    assert.match(played.headers['cache-control'], /private|no-store/);
    assert.equal(played.headers['referrer-policy'], 'no-referrer', 'the grant is not told to other sites');
    for (const method of ['PUT', 'PATCH', 'DELETE', 'POST']) assert.ok([404, 405].includes((await request(method, target, { check: false })).status), method);
    assert.ok([403, 404].includes((await request('GET', target.replace(/playback\/(.)/, (all, first) => `playback/${first === 'A' ? 'B' : 'A'}`))).status));
  });
});
