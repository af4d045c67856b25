// What clients do all the time, in one call each: accounts, uploads, listings.

import assert from 'node:assert/strict';

import { field, file } from './multipart.js';

export const PASSWORD = 'correct horse battery staple';

let people = 0;

/** Registers somebody new and logs in: `{id, email, password, token, user}`. */
export async function newUser(server, { email, password = PASSWORD } = {}) {
  const address = email ?? `person${++people}.${process.pid}@example.com`;
  const registered = await server.post('/auth/register', { json: { email: address, password } });
  assert.equal(registered.status, 201, registered.text());
  const token = await login(server, address, password);
  const user = registered.json();
  return { id: user.id, email: address, password, token, user };
}

export async function login(server, email, password = PASSWORD) {
  const answer = await server.post('/auth/token', { json: { email, password } });
  assert.equal(answer.status, 200, answer.text());
  return answer.json().access_token;
}

/** The parts of an upload form around these bytes; `over` replaces or, as null, removes fields. */
export function uploadParts(bytes, { filename = 'clip.wav', type, ...over } = {}) {
  const fields = { title: 'A title', description: 'A description', content_type: 'audio', ...over };
  const texts = Object.entries(fields).filter(([, value]) => value !== null).map(([name, value]) => field(name, value));
  return [...texts, file('file', filename, bytes, type)];
}

/** Uploads and returns the content; fails unless it was created. */
export async function upload(server, token, bytes, over = {}) {
  const answer = await server.post('/content', { token, multipart: uploadParts(bytes, over) });
  assert.equal(answer.status, 201, answer.text());
  return answer.json();
}

/** Uploads a file of support/media.js under its name and kind. */
export function uploadMedia(server, token, item, over = {}) {
  return upload(server, token, item.bytes, { filename: item.name, content_type: item.kind, ...over });
}

/** Every content that the listing shows to whoever has the token, by following its links. */
export async function listAll(server, query = '', { token } = {}) {
  const all = [];
  let target = `/content${query}`;
  while (target) {
    const answer = await server.get(target, { token });
    assert.equal(answer.status, 200, answer.text());
    all.push(...answer.json());
    target = nextLink(answer);
  }
  return all;
}

/** The path and query of `Link: <…>; rel="next"` (RFC 8288), or null. */
export function nextLink(answer) {
  const match = /<([^>]*)>\s*;\s*rel="?next"?/.exec(answer.headers.link ?? '');
  if (!match) return null;
  const url = new URL(match[1], 'http://host/content');
  return url.pathname + url.search;
}

/** A 422 that names just these members as wrong, by their JSON pointers. */
export function assertInvalid(answer, pointers) {
  assert.equal(answer.status, 422, answer.text());
  assert.equal(answer.json().code, 'validation_failed');
  assert.deepEqual(answer.json().errors.map(({ pointer }) => pointer).sort(), [...pointers].sort());
}

/** A 422 with one of these codes: the media of an upload was refused. */
export function assertMediaRefused(answer, ...codes) {
  assert.equal(answer.status, 422, answer.text());
  assert.ok(codes.includes(answer.json().code), answer.text());
}
