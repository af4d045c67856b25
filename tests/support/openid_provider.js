// A tiny OpenID provider that does what a test wants, also what no provider should do. It shows no pages: the test goes
// straight to the callback with the code that `code()` gives.

import { createHash, createHmac, createPrivateKey, createSign, generateKeyPairSync } from 'node:crypto';
import http from 'node:http';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

export function makeKey(alg, kid) {
  const pair = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { alg, kid, ...pair };
}

/** A signed token. `algorithm` says how it is signed, whatever the header says. */
export function signJws(header, claims, key, algorithm = header.alg) {
  const input = `${encode(header)}.${encode(claims)}`;
  if (algorithm === 'none') return `${input}.`;
  if (algorithm === 'HS256') {
    const secret = key.publicKey.export({ type: 'spki', format: 'pem' });
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  }
  const options = { key: createPrivateKey(key.privateKey.export({ type: 'pkcs8', format: 'pem' })), dsaEncoding: 'ieee-p1363' };
  return `${input}.${createSign('sha256').update(input).sign(options, 'base64url')}`;
}

export class OpenIdProvider {
  client = { id: 'clinikk', secret: 'the & secret' };
  key = makeKey('RS256', 'first');
  person = { sub: 'somebody', email: 'somebody@example.com', email_verified: true };
  requests = []; // paths that were asked for
  metadata = {}; // members that replace those of the configuration
  answers = {}; // by path: takes the place of the answer; a function (request, response) or [status, body]
  claims = {}; // of the ID token: members that replace the right ones
  header = {}; // the same for its header
  algorithm = undefined; // how it is signed, if not as the header says
  inUserinfo = false; // the address is told there only

  #server = http.createServer((request, response) => this.#handle(request, response).catch((error) => response.destroy(error)));

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.issuer = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** All that a test has changed. */
  reset() {
    Object.assign(this, { metadata: {}, answers: {}, claims: {}, header: {}, algorithm: undefined, inUserinfo: false });
    this.person = { sub: 'somebody', email: 'somebody@example.com', email_verified: true };
  }

  /** What the browser would bring back after `location`, the address of the authorization request. */
  code(location) {
    const url = new URL(location);
    this.asked = Object.fromEntries(url.searchParams);
    return 'a-code-of-the-provider';
  }

  count(path) {
    return this.requests.filter((request) => request === path).length;
  }

  idToken() {
    const claims = { iss: this.issuer, aud: this.client.id, sub: this.person.sub, iat: now(), exp: now() + 300, nonce: this.asked.nonce };
    if (!this.inUserinfo) Object.assign(claims, this.person);
    Object.assign(claims, this.claims);
    const header = { alg: this.key.alg, kid: this.key.kid, ...this.header };
    for (const object of [claims, header]) for (const name of Object.keys(object)) if (object[name] === undefined) delete object[name];
    return signJws(header, claims, this.key, this.algorithm);
  }

  async #handle(request, response) {
    const { pathname } = new URL(request.url, this.issuer);
    this.requests.push(pathname);
    let body = '';
    for await (const piece of request) body += piece;
    const instead = this.answers[pathname];
    if (typeof instead === 'function') return instead(request, response);
    const [status, answer] = instead ?? this.#answer(pathname, request, new URLSearchParams(body));
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    return undefined;
  }

  #answer(pathname, request, form) {
    const { issuer } = this;
    if (pathname === '/.well-known/openid-configuration') {
      const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, userinfo_endpoint: `${issuer}/userinfo`, jwks_uri: `${issuer}/jwks` };
      return [200, { issuer, ...endpoints, ...this.metadata }];
    }
    if (pathname === '/jwks') {
      const { alg, kid, publicKey } = this.key;
      return [200, { keys: [{ ...publicKey.export({ format: 'jwk' }), alg, kid, use: 'sig' }] }];
    }
    if (pathname === '/token') return this.#tokens(request, form);
    if (pathname === '/userinfo') {
      return request.headers.authorization === 'Bearer an-access-token' ? [200, this.person] : [401, {}];
    }
    return [404, {}];
  }

  /** RFC 6749 section 4.1.3 and RFC 7636 section 4.6. */
  #tokens(request, form) {
    const { id, secret } = this.client;
    const basic = `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
    const posts = this.metadata.token_endpoint_auth_methods_supported?.includes('client_secret_post');
    const known = posts ? form.get('client_id') === id && form.get('client_secret') === secret : request.headers.authorization === basic;
    if (!known) return [401, { error: 'invalid_client' }];
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    const fits = form.get('grant_type') === 'authorization_code' && form.get('code') === 'a-code-of-the-provider' &&
      form.get('redirect_uri') === this.asked.redirect_uri && challenge === this.asked.code_challenge && this.asked.code_challenge_method === 'S256';
    if (!fits) return [400, { error: 'invalid_grant' }];
    return [200, { id_token: this.idToken(), access_token: 'an-access-token', token_type: 'Bearer', expires_in: 60 }];
  }
}
