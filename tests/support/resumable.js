// A client of resumable uploads that is written by hand, in tus 1.0.0 or in the IETF's protocol, so that a test decides
// at which byte its connection breaks, how, and to which process it turns then.

import assert from 'node:assert/strict';

import { sha256 } from './media.js';
import { eventually, sleep } from './program.js';
import { metadata } from './tus.js';
import { Wire } from './wire.js';

const STEP = 16 * 1024;
/** How long the lock of a process that died may keep others away: its lease of five seconds, what waits for it a little longer, and some air. */
export const LEASE_LASTS = 7_000;
const STANDS_STILL = 30_000;

const FIELDS = { content_type: 'video', description: 'Cut and resumed' };
export const TUS = { 'Tus-Resumable': '1.0.0' };
export const INTEROP = { 'Upload-Draft-Interop-Version': '8' };

/** How the protocols say the same. `end` is where the bytes of a request end, `size` where the file does. */
export const PROTOCOLS = {
  tus: {
    ask: TUS,
    creation: ({ title, size }) => ({
      target: '/uploads',
      headers: { ...TUS, 'Upload-Length': size, 'Upload-Metadata': metadata({ ...FIELDS, title, filename: 'film.mp4', filetype: 'video/mp4' }) },
    }),
    append: ({ offset }) => ({ ...TUS, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': offset }),
    isWhole: (answer, size) => Number(answer.headers['upload-offset']) === size,
    made: 204,
  },
  ietf: {
    ask: INTEROP,
    creation: ({ title, size, end = 0 }) => ({
      target: `/content?${new URLSearchParams({ ...FIELDS, title })}`,
      headers: {
        ...INTEROP, 'Upload-Complete': end === size ? '?1' : '?0', 'Upload-Length': size, 'Content-Type': 'video/mp4',
        'Content-Disposition': 'inline; filename="film.mp4"',
      },
    }),
    append: ({ offset, end, size }) => ({
      ...INTEROP, 'Content-Type': 'application/partial-upload', 'Upload-Offset': offset, 'Upload-Complete': end === size ? '?1' : '?0',
    }),
    isWhole: (answer) => answer.headers['upload-complete'] === '?1',
    made: 201,
  },
};

/**
 * A request that may break off: after `cut` of its bytes, those of its head counted (or `cutInBody`, not counted), by a
 * `reset`, by the `end` of what is sent, or by `silence`. `pace`: milliseconds between its pieces; `patient`: an interim answer is awaited behind the first.
 */
export async function transmit(server, { method, target, headers, body = Buffer.alloc(0), cut, cutInBody = Infinity, how = 'reset', pace = 0, patient = false }) {
  const wire = await server.wire();
  const lines = Object.entries({ Host: `${server.host}:${server.port}`, ...headers, 'Content-Length': body.length });
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`, 'latin1');
  const result = { wire, interim: [], answer: undefined };
  const end = cut ?? head.length + cutInBody;
  const answered = receive(wire, method, result);
  await write(wire, Buffer.concat([head, body]).subarray(0, end), result, { pace, patient });
  if (end >= head.length + body.length || result.answer) {
    await answered;
    wire.destroy();
  } else if (how === 'end') {
    wire.end();
  } else if (how === 'reset') {
    wire.destroy({ reset: true });
  }
  return result;
}

/** Answers as they come, until a final one or the end of the connection. */
async function receive(wire, method, result) {
  try {
    while (!result.answer) {
      const answer = await wire.answer({ method, timeout: 60_000 });
      if (answer.status >= 200) result.answer = answer;
      else result.interim.push(answer);
    }
  } catch (error) {
    result.failure = error;
  }
}

/** In pieces, for an answer may come in between. */
async function write(wire, bytes, result, { pace, patient }) {
  const isOver = () => result.answer || result.failure;
  for (let at = 0; at < bytes.length && !isOver(); at += STEP) {
    await wire.write(bytes.subarray(at, at + STEP));
    if (pace > 0) await sleep(pace);
    if (patient && at === 0) await eventually(() => result.interim.length > 0 || isOver(), 'no interim answer came');
  }
}

/** One upload, by a client that does not give up. `pick` decides which process the next request goes to. */
export class ResumableClient {
  #open = []; // connections on which nothing comes any more

  constructor({ bytes, token, title, protocol = 'tus', pick }) {
    Object.assign(this, { bytes, token, title, pick, size: bytes.length });
    this.protocol = PROTOCOLS[protocol];
    this.offset = 0; // the highest that the service has told: it must not go back
    this.sent = 0; // the highest that can have arrived
    this.longest = 0; // milliseconds until the offset of an upload that goes on was told
    this.latest = 0; // the same of one that is whole: its answer may have examined all of it
  }

  /** Another client of the same upload, which knows no more of it than where it is. */
  another({ protocol = 'tus', pick = this.pick } = {}) {
    const { bytes, token, title, path } = this;
    return Object.assign(new ResumableClient({ bytes, token, title, protocol, pick }), { path });
  }

  get id() {
    return /^\/uploads\/([0-9a-f-]{36})\.[\w-]{43}$/.exec(this.path)[1];
  }

  /** Begins it, without bytes. */
  async begin(server = this.pick()) {
    const { target, headers } = this.protocol.creation(this);
    const answer = await server.request('POST', target, { token: this.token, headers: { ...headers, 'Content-Length': 0 } });
    assert.equal(answer.status, 201, answer.text());
    this.#located(answer);
  }

  /** Begins it with all its bytes in the same request, which may break off. Gives the answer, if there is one. */
  async beginWithBytes({ server = this.pick(), ...transmission } = {}) {
    const { target, headers } = this.protocol.creation({ title: this.title, size: this.size, end: this.size });
    const given = { ...headers, Authorization: `Bearer ${this.token}` };
    this.sent = this.size;
    const result = await transmit(server, { method: 'POST', target, headers: given, body: this.bytes, ...transmission });
    this.#keep(result.wire);
    const located = [...result.interim, result.answer].find((answer) => answer?.headers.location?.includes('/uploads/'));
    if (located) this.#located(located);
    return result.answer;
  }

  /** Sends what is missing up to `end`; gives the answer, if there is one. */
  async append({ end = this.size, server = this.pick(), ...transmission } = {}) {
    const { offset, size } = this;
    const headers = this.protocol.append({ offset, end, size });
    this.sent = Math.max(this.sent, end);
    const result = await transmit(server, { method: 'PATCH', target: this.path, headers, body: this.bytes.subarray(offset, end), ...transmission });
    this.#keep(result.wire);
    return result.answer;
  }

  /**
   * Asks how far it has come until somebody answers, at most for as long as a dead process may hold it: the one that
   * received, or one that was asked, had taken the upload, and died as well. Whether it is whole.
   */
  async find() {
    let began = Date.now();
    for (;;) {
      const answer = await this.pick().request('HEAD', this.path, { headers: this.protocol.ask }).catch(() => undefined);
      const waited = Date.now() - began;
      if (answer && answer.status !== 423) {
        const isWhole = this.#found(answer);
        const which = isWhole ? 'latest' : 'longest';
        this[which] = Math.max(this[which], waited);
        return isWhole;
      }
      if (answer) assert.ok(waited < LEASE_LASTS, `${waited} ms after its request broke off the upload is locked`);
      else began = Date.now();
      await sleep(50);
    }
  }

  #found(answer) {
    assert.ok(answer.status === 200 || answer.status === 204, `HEAD: ${answer.status}`);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const offset = Number(answer.headers['upload-offset']);
    assert.ok(offset >= this.offset, `the offset went back from ${this.offset} to ${offset}`);
    assert.ok(offset <= this.sent, `the offset is ${offset}, and ${this.sent} bytes were sent`);
    this.offset = offset;
    return this.protocol.isWhole(answer, this.size);
  }

  /** Goes on until it is whole, with requests that break off nowhere. Fails if nothing is taken for a while. */
  async complete() {
    for (let known = -1, since = Date.now(); !(await this.find());) {
      if (this.offset > known) [known, since] = [this.offset, Date.now()];
      assert.ok(Date.now() - since < STANDS_STILL, `it stays at ${known} of ${this.size} bytes`);
      const answer = await this.append().catch(() => undefined);
      if (!answer || answer.status === 409 || answer.status === 423) continue; // it broke off all the same: ask again
      assert.equal(answer.status, this.protocol.made, answer.text());
    }
  }

  /** The content is there, with all the bytes and under the id that was told at the beginning. */
  async assertWhole(server = this.pick()) {
    const answer = await server.get(`/content/${this.id}`, { token: this.token });
    assert.equal(answer.status, 200, `${this.title}: ${answer.text()}`);
    const content = answer.json();
    assert.equal(content.title, this.title);
    assert.equal(content.size, this.size);
    assert.equal(content.sha256, sha256(this.bytes));
    const stream = await server.get(`/content/${this.id}/stream`, { token: this.token });
    assert.equal(sha256(await bodyOf(stream)), content.sha256);
    return content;
  }

  /** Lets go of the connections on which nothing comes any more. */
  close() {
    for (const wire of this.#open) wire.destroy();
  }

  #located(answer) {
    this.path = new URL(answer.headers.location).pathname;
    assert.match(this.path, /^\/uploads\/[0-9a-f-]{36}\.[\w-]{43}$/);
  }

  #keep(wire) {
    this.#open.push(wire);
  }
}

/** What `GET /content/{id}/stream` gives, from wherever it sends its client. */
async function bodyOf(answer) {
  if (answer.status === 200) return answer.body;
  assert.equal(answer.status, 307);
  const fetched = await fetch(answer.headers.location);
  assert.equal(fetched.status, 200);
  return Buffer.from(await fetched.arrayBuffer());
}

/** Numbers from 0 to 1 that follow from a seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}
