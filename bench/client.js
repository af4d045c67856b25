// The clients that wrk cannot be: small calls, whole files read into one buffer, bodies written from memory.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

const HOST = '127.0.0.1';
const TIMEOUT = 180_000; // without a byte in either direction
const READ_BUFFER = 1024 * 1024;

/** One small exchange: `{status, headers, body}` with the body as text. */
export function call(port, method, path, { headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: HOST, port, method, path, headers, agent: false, timeout: 30_000 }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode, headers: response.headers, bytes, body: bytes.toString() });
      });
    });
    request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer`)));
    request.on('error', reject);
    request.end(body);
  });
}

export const get = (port, path, headers) => call(port, 'GET', path, { headers });

export const postJson = (port, path, value) =>
  call(port, 'POST', path, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });

/** Reads `path` whole. Returns its length and, if asked for, its SHA-256; any answer but 200 is an error. */
export function download(port, path, { hashed = false } = {}) {
  return new Promise((resolve, reject) => {
    const hash = hashed ? createHash('sha256') : undefined;
    let head = '';
    let expected;
    let length = 0;
    const take = (bytes) => {
      length += bytes.length;
      hash?.update(bytes);
      if (length < expected) return;
      socket.destroy();
      if (length > expected) reject(new Error(`${path}: more bytes than announced`));
      else resolve({ length, sha256: hash?.digest('hex') });
    };
    const callback = (count, buffer) => {
      let bytes = buffer.subarray(0, count);
      if (expected === undefined) {
        const before = head.length;
        head += bytes.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return true;
        if (!head.startsWith('HTTP/1.1 200 ')) return void socket.destroy(new Error(`${path}: ${head.slice(0, 40)}`));
        expected = Number(/\r\ncontent-length: *(\d+)/i.exec(head)[1]);
        bytes = bytes.subarray(end + 4 - before);
      }
      take(bytes);
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafe(READ_BUFFER), callback };
    const socket = net.connect({ host: HOST, port, onread });
    socket.setTimeout(TIMEOUT, () => socket.destroy(new Error(`${path}: nothing came`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${path}: closed after ${length} bytes`)));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`);
  });
}

/**
 * Reads one range of `path`. `hold`, if given, is awaited in the middle of it, while nothing is read. Returns the SHA-256
 * of what came.
 */
export async function readRange(port, path, start, end, hold) {
  const headers = { Range: `bytes=${start}-${end - 1}` };
  const response = await new Promise((resolve, reject) => {
    const request = http.get({ host: HOST, port, path, headers, agent: false, timeout: TIMEOUT }, resolve);
    request.on('timeout', () => request.destroy(new Error(`${path}: nothing came`)));
    request.on('error', reject);
  });
  if (response.statusCode !== 206) throw new Error(`${path}: ${response.statusCode}`);
  const hash = createHash('sha256');
  let length = 0;
  let held = hold === undefined;
  for await (const bytes of response) {
    hash.update(bytes);
    length += bytes.length;
    if (held || length < (end - start) / 2) continue;
    held = true;
    await hold();
  }
  if (length !== end - start) throw new Error(`${path}: ${length} bytes instead of ${end - start}`);
  return hash.digest('hex');
}

/**
 * Sends one request whose body is `pieces` (an iterable or async iterable of buffers, `length` bytes in all) and
 * returns the answer's status and body.
 */
export async function send(port, method, path, headers, length, pieces) {
  const socket = net.connect({ host: HOST, port });
  socket.setTimeout(TIMEOUT, () => socket.destroy(new Error(`${method} ${path}: no progress`)));
  const answer = readAnswer(socket);
  answer.catch(() => {}); // awaited below; a failure before that is not unhandled
  try {
    const lines = Object.entries({ Host: HOST, Connection: 'close', 'Content-Length': length, ...headers });
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`);
    for await (const piece of pieces) {
      if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), answer]);
    }
    return await answer;
  } finally {
    socket.destroy();
  }
}

function readAnswer(socket) {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      resolve({ status: Number(text.slice(9, 12)), body: Buffer.from(text.slice(end + 4), 'latin1').toString() });
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed without a whole answer: ${text.slice(0, 200)}`)));
  });
}

const BOUNDARY = 'clinikk-tv-bench-boundary';

/** Uploads a media file by multipart; `hold`, if given, is awaited in the middle of the file. */
export async function upload(port, token, media, hold) {
  const field = (name, value) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const before = Buffer.from(
    field('title', 'Measured') + field('description', 'Sent by the bench') + field('content_type', 'video') +
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="measured.mp4"\r\n` +
      'Content-Type: video/mp4\r\n\r\n');
  const after = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
  async function* pieces() {
    yield before;
    let sent = 0;
    let held = hold === undefined;
    for (const piece of media.pieces()) {
      if (!held && sent >= media.size / 2) {
        held = true;
        await hold();
      }
      yield piece;
      sent += piece.length;
    }
    yield after;
  }
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };
  const length = before.length + media.size + after.length;
  const answer = await send(port, 'POST', '/content', headers, length, pieces());
  if (answer.status !== 201) throw new Error(`POST /content: ${answer.status} ${answer.body}`);
  const content = JSON.parse(answer.body);
  if (content.size !== media.size || content.sha256 !== media.sha256) throw new Error('the upload was stored differently');
  return content;
}
