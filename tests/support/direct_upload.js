// A client of uploads past the service, as a page in a browser would be: it PUTs parts to the addresses it was given.

import assert from 'node:assert/strict';

import { sql } from './database.js';

/** Begins an upload of so many bytes; the answer, whatever it is. */
export function begin(server, token, size, over = {}) {
  const json = { title: 'A title', description: 'A description', content_type: 'audio', file_name: 'clip.wav', size, ...over };
  return server.post('/uploads', { token, json });
}

/** As `begin`; fails unless it was begun. */
export async function begun(server, token, bytes, over = {}) {
  const answer = await begin(server, token, bytes.length, over);
  assert.equal(answer.status, 201, answer.text());
  const made = answer.json();
  assert.equal(answer.headers.location, `${server.url}/uploads/${made.id}`);
  return made;
}

/** Sends one part; its number and ETag as `complete` takes them. */
export async function sendPart(upload, part, bytes) {
  const offset = (part.number - 1) * upload.part_size;
  const answer = await fetch(part.url, { method: 'PUT', body: bytes.subarray(offset, offset + part.size) });
  assert.equal(answer.status, 200, await answer.text());
  return { number: part.number, etag: answer.headers.get('etag') };
}

/** Sends all parts that have an address, at the same time. */
export const sendParts = (upload, bytes, parts = upload.parts) => Promise.all(parts.map((part) => sendPart(upload, part, bytes)));

/** Asks for completion; the answer, whatever it is. */
export const complete = (server, token, upload, parts, over = {}) =>
  server.post(`/uploads/${upload.id}/complete`, { token, json: { parts, ...over } });

/** The whole way; the content. */
export async function uploadDirectly(server, token, bytes, over = {}) {
  const upload = await begun(server, token, bytes, over);
  const answer = await complete(server, token, upload, await sendParts(upload, bytes));
  assert.equal(answer.status, 201, answer.text());
  assert.equal(answer.headers.location, `${server.url}/content/${upload.content_id}`);
  return answer.json();
}

/** Where a content's object is in its bucket. */
export const keyOf = (content) => new URL(content.storage_url).pathname.split('/').slice(-2).join('/');

/** Nothing is left but the objects of these contents: their sources, and the packaging indexes of some. */
export async function assertClean(s3, server, contents) {
  const indexes = (await sql(server.dataDir, "SELECT key FROM objects JOIN content_objects ON object_id = id WHERE role = 'index'")).split('\n').filter(Boolean);
  assert.ok(indexes.length <= contents.length, `${indexes.length} indexes of ${contents.length} contents`);
  assert.deepEqual((await s3.keys()).sort(), [...contents.map(keyOf), ...indexes].sort());
  assert.deepEqual(await s3.unfinished(), []);
  assert.equal(await sql(server.dataDir, 'SELECT COUNT(*) FROM uploads'), '0');
}
