// An app that signs people in by an identity provider, and the browser between them.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

export const APP = 'https://app.example.com/signed-in?from=oidc';

/** One sign-in of an app, in a browser of its own. */
export class SignIn {
  verifier = randomBytes(32).toString('base64url');
  challenge = createHash('sha256').update(this.verifier).digest('base64url');

  constructor(server) {
    this.server = server;
  }

  /** Opens the first address in the browser; the cookie is kept. */
  async begin({ redirect = APP, state = 'the app’s state', challenge = this.challenge, headers } = {}) {
    const query = new URLSearchParams({ redirect_uri: redirect, code_challenge: challenge, state });
    const answer = await this.server.get(`/auth/oidc/authorize?${query}`, { headers });
    if (answer.status !== 302) return answer;
    this.location = answer.headers.location;
    this.setCookie = [answer.headers['set-cookie']].flat()[0];
    [this.cookie] = this.setCookie.split(';');
    this.state = new URL(this.location).searchParams.get('state');
    return answer;
  }

  /** Comes back from the provider. */
  finish({ code, state = this.state, cookie = this.cookie, server = this.server, ...more } = {}) {
    const query = new URLSearchParams({ state, ...(code === undefined ? {} : { code }), ...more });
    return server.get(`/auth/oidc/callback?${query}`, { headers: cookie === undefined ? {} : { Cookie: cookie } });
  }

  /** The app exchanges its code. */
  redeem(code, { verifier = this.verifier, server = this.server, ...more } = {}) {
    return server.post('/auth/oidc/token', { json: { code, code_verifier: verifier, ...more } });
  }

  /** What the app is told at its address: `{code, error, state}`. */
  static told(answer) {
    assert.equal(answer.status, 302, answer.text());
    const url = new URL(answer.headers.location);
    assert.equal(`${url.origin}${url.pathname}`, 'https://app.example.com/signed-in');
    assert.equal(url.searchParams.get('from'), 'oidc');
    return Object.fromEntries(url.searchParams);
  }

  /** The whole way, by way of a provider without pages. Returns what the app is told. */
  static async through(server, provider, more = {}) {
    const signIn = new SignIn(server);
    const begun = await signIn.begin();
    assert.equal(begun.status, 302, begun.text());
    const told = SignIn.told(await signIn.finish({ code: provider.code(signIn.location), ...more }));
    return { signIn, ...told };
  }

  /** The whole way to a session. */
  static async session(server, provider) {
    const { signIn, code, error } = await SignIn.through(server, provider);
    assert.ok(code, `the app is told ${error}`);
    const answer = await signIn.redeem(code);
    assert.equal(answer.status, 200, answer.text());
    return answer.json();
  }
}
