// A client of draft-ietf-httpbis-resumable-upload, interop version 8, request by request. Node's client tells of interim
// answers, and a plain connection shows their bytes.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http from 'node:http';

import { Answer } from './server.js';

export const INTEROP = { 'Upload-Draft-Interop-Version': '8' };
export const PARTIAL = 'application/partial-upload';
export const MISMATCHING_OFFSET = 'https://iana.org/assignments/http-problem-types#mismatching-upload-offset';
export const INCONSISTENT_LENGTH = 'https://iana.org/assignments/http-problem-types#inconsistent-upload-length';

/** What a content of these tests is, in the query. */
const FIELDS = { title: 'A title', description: 'A description', content_type: 'audio' };

/** Where an upload is begun; `fields` replace or, as null, remove those of the content. */
export function target(fields = {}, path = '/content') {
  const stated = Object.entries({ ...FIELDS, ...fields }).filter(([, value]) => value !== null);
  return `${path}?${new URLSearchParams(stated)}`;
}

/** Content-Digest or Repr-Digest of these bytes. */
export const digest = (bytes) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

const withoutNulls = (headers) => Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null && value !== undefined));

/** One request: the final answer, held against the document, with the interim ones as `interims`. */
export function exchange(server, method, path, { token, headers = {}, body, check = true } = {}) {
  const sent = withoutNulls({ ...(token ? { Authorization: `Bearer ${token}` } : {}), ...headers });
  if (body !== undefined) sent['Content-Length'] ??= body.length;
  const interims = [];
  return new Promise((resolve, reject) => {
    const request = http.request({ host: server.host, port: server.port, method, path, headers: sent });
    request.on('error', reject);
    request.on('information', ({ statusCode, statusMessage, headers: fields }) => interims.push({ status: statusCode, reason: statusMessage, headers: fields }));
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(Object.assign(new Answer(response, Buffer.concat(chunks)), { interims })));
    });
    request.end(body);
  }).then(async (answer) => {
    assert.notEqual(answer.status, 500, `${method} ${path}: ${answer.text()}\n${server.tail()}`);
    if (check) (await server.contract()).check({ method, path, answer, publicUrl: server.url });
    return answer;
  });
}

/** Begins an upload with these bytes; the answer, whatever it is. */
export function create(server, token, { body, complete = '?1', fields, path, headers = {} } = {}) {
  const stated = { 'Upload-Complete': complete, 'Content-Type': 'audio/wav', ...INTEROP, ...headers };
  return exchange(server, 'POST', target(fields, path), { token, headers: stated, body });
}

/** `{id, path, location}` of the upload at an address. */
export function uploadAt(location) {
  const { pathname } = new URL(location);
  const match = /^\/uploads\/([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/.exec(pathname);
  assert.ok(match, `not the address of an upload: ${location}`);
  return { id: match[1], right: match[2], path: pathname, location };
}

/** Begins an upload that is to be continued, with its first bytes; fails unless it was begun. */
export async function begun(server, token, { body = Buffer.alloc(0), length, ...rest } = {}) {
  const headers = { ...(length === undefined ? {} : { 'Upload-Length': String(length) }), ...rest.headers };
  const answer = await create(server, token, { body, complete: '?0', ...rest, headers });
  assert.equal(answer.status, 201, answer.text());
  assert.equal(answer.headers['upload-complete'], '?0');
  assert.equal(answer.headers['upload-offset'], String(body.length));
  assert.equal(answer.body.length, 0);
  return uploadAt(answer.headers.location);
}

/** Asks for the offset; the answer, whatever it is. */
export const head = (server, upload, options) => exchange(server, 'HEAD', upload.path, options);

/** The offset that the service tells; fails unless the upload is not complete. */
export async function offsetOf(server, upload, options) {
  const answer = await head(server, upload, options);
  assert.equal(answer.status, 204);
  assert.equal(answer.headers['upload-complete'], '?0');
  assert.equal(answer.headers['cache-control'], 'no-store');
  return Number(answer.headers['upload-offset']);
}

/** Appends; the answer, whatever it is. */
export function append(server, upload, offset, body, { complete = '?0', headers = {}, ...options } = {}) {
  const stated = { 'Content-Type': PARTIAL, 'Upload-Offset': String(offset), 'Upload-Complete': complete, ...headers };
  return exchange(server, 'PATCH', upload.path, { headers: stated, body, ...options });
}

/** The rest of the file; the content that it became. */
export async function finish(server, upload, bytes, offset, options) {
  const answer = await append(server, upload, offset, bytes.subarray(offset), { complete: '?1', ...options });
  return assertCreated(server, answer, bytes);
}

/** The answer of `POST /content` to these bytes; the content. */
export function assertCreated(server, answer, bytes) {
  assert.equal(answer.status, 201, answer.text());
  assert.equal(answer.headers['upload-complete'], '?1');
  const content = answer.json();
  assert.equal(answer.headers.location, `${server.url}/content/${content.id}`);
  assert.equal(content.size, bytes.length);
  assert.equal(content.sha256, createHash('sha256').update(bytes).digest('hex'));
  return content;
}

/** A refusal with that code; the problem document. */
export function assertRefused(answer, status, code, complete) {
  assert.equal(answer.status, status, answer.text());
  const problem = answer.json();
  assert.equal(problem.code, code);
  if (complete !== undefined) assert.equal(answer.headers['upload-complete'], complete);
  return problem;
}

/** The head of a request, for a plain connection. */
export const requestHead = (server, method, path, fields = {}, version = '1.1') =>
  [`${method} ${path} HTTP/${version}`, `Host: ${server.host}:${server.port}`,
    ...Object.entries(withoutNulls(fields)).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');

/** Begins a creation over a plain connection and waits for its announcement: `{wire, announced, upload}`. */
export async function announcedCreation(server, token, length, { complete = '?1', headers = {} } = {}) {
  const wire = await server.wire();
  await wire.write(requestHead(server, 'POST', target(), {
    Authorization: `Bearer ${token}`, 'Content-Type': 'audio/wav', 'Content-Length': length, 'Upload-Complete': complete, ...INTEROP, ...headers,
  }));
  const announced = await wire.answer();
  assert.equal(announced.status, 104, announced.text());
  return { wire, announced, upload: uploadAt(announced.headers.location) };
}

/** Begins an append over a plain connection. */
export async function openAppend(server, upload, offset, length, { complete = '?1', headers = {} } = {}) {
  const wire = await server.wire();
  await wire.write(requestHead(server, 'PATCH', upload.path, {
    'Content-Type': PARTIAL, 'Content-Length': length, 'Upload-Offset': offset, 'Upload-Complete': complete, ...headers,
  }));
  return wire;
}
