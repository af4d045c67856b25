// A client of tus 1.0.0, request by request: each answer is held against the document and must say that it speaks tus.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

export const VERSION = '1.0.0';
export const CHUNK = 'application/offset+octet-stream';

/** What a content of these tests is, as Upload-Metadata says it. */
export const DESCRIPTION = { title: 'A title', description: 'A description', content_type: 'audio', filename: 'clip.wav' };

/** Upload-Metadata of an object; a value of null is a key alone. */
export const metadata = (fields) =>
  Object.entries(fields).map(([key, value]) => (value === null ? key : `${key} ${Buffer.from(value).toString('base64')}`)).join(',');

/** Upload-Checksum of these bytes. */
export const checksum = (bytes, algorithm = 'sha1') => `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`;

/** One request of tus; `headers` come after those of the protocol, and null takes one away. */
export async function tus(server, method, path, { headers = {}, ...options } = {}) {
  const sent = Object.entries({ 'Tus-Resumable': VERSION, ...headers }).filter(([, value]) => value !== null && value !== undefined);
  const answer = await server.request(method, path, { headers: Object.fromEntries(sent), ...options });
  assert.equal(answer.headers['tus-resumable'], VERSION, `${method} ${path}: Tus-Resumable of ${answer.status}`);
  return answer;
}

/** Asks for an upload of `length` bytes; without one, its length is deferred, unless `headers` say otherwise. */
export function create(server, token, { length, fields = DESCRIPTION, headers = {}, body } = {}) {
  const stated = {
    ...(length === undefined ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': String(length) }),
    ...(fields ? { 'Upload-Metadata': metadata(fields) } : {}),
    ...(body ? { 'Content-Type': CHUNK } : {}),
  };
  return tus(server, 'POST', '/uploads', { token, headers: { ...stated, ...headers }, body });
}

/** As `create`; fails unless it was created. `{id, path, location, …}` with the members of the body. */
export async function created(server, token, options) {
  const answer = await create(server, token, options);
  assert.equal(answer.status, 201, answer.text());
  const { location } = answer.headers;
  return { ...answer.json(), location, path: new URL(location).pathname, answer };
}

/** Begins an upload of these bytes without sending any. */
export const begun = (server, token, bytes, options) => created(server, token, { length: bytes.length, ...options });

export const head = (server, upload, options) => tus(server, 'HEAD', upload.path, options);

/** The offset that the service tells. */
export async function offsetOf(server, upload) {
  const answer = await head(server, upload);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['cache-control'], 'no-store');
  return Number(answer.headers['upload-offset']);
}

export const patch = (server, upload, offset, body, { headers = {}, ...options } = {}) =>
  tus(server, 'PATCH', upload.path, { headers: { 'Content-Type': CHUNK, 'Upload-Offset': String(offset), ...headers }, body, ...options });

/** Appends; fails unless all of the bytes were taken. */
export async function append(server, upload, offset, bytes, options) {
  const answer = await patch(server, upload, offset, bytes, options);
  assert.equal(answer.status, 204, answer.text());
  assert.equal(answer.headers['upload-offset'], String(offset + bytes.length));
  return answer;
}

export const remove = (server, upload, options) => tus(server, 'DELETE', upload.path, options);

/** The whole way in chunks of that size; the last answer. */
export async function send(server, upload, bytes, size = bytes.length) {
  let answer;
  for (let at = 0; at < bytes.length; at += size) answer = await append(server, upload, at, bytes.subarray(at, at + size));
  return answer;
}

/** A partial upload of these bytes, complete. */
export async function part(server, token, bytes) {
  const upload = await begun(server, token, bytes, { fields: null, headers: { 'Upload-Concat': 'partial' } });
  if (bytes.length > 0) await send(server, upload, bytes);
  return upload;
}

/** Asks for the concatenation of these addresses. */
export const join = (server, token, addresses, { fields = DESCRIPTION, headers = {} } = {}) =>
  create(server, token, { fields, headers: { 'Upload-Defer-Length': null, 'Upload-Concat': `final;${addresses.join(' ')}`, ...headers } });

/** A refusal with that code. */
export function refused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  if (answer.body.length > 0) assert.equal(answer.json().code, code);
  return answer;
}

/** The head of a request of tus, for a plain connection. */
export const requestHead = (server, method, path, fields = {}) =>
  [`${method} ${path} HTTP/1.1`, `Host: ${server.host}:${server.port}`,
    ...Object.entries({ 'Tus-Resumable': VERSION, ...fields }).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');

/** A chunked body in chunks of that size, with trailer fields. */
export function chunked(bytes, { size = bytes.length, trailers = {} } = {}) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  const fields = Object.entries(trailers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([...pieces, Buffer.from(`0\r\n${fields}\r\n`)]);
}
