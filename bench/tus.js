// A client of tus 1.0.0 that costs little: one connection, chunks written from memory.

import { once } from 'node:events';
import net from 'node:net';

const HOST = '127.0.0.1';
const TIMEOUT = 180_000; // without a byte in either direction
const VERSION = { 'Tus-Resumable': '1.0.0' };

/** Requests on one connection, one after the other. */
class Connection {
  #text = '';
  #waiting;

  constructor(port) {
    this.port = port;
    this.socket = net.connect({ host: HOST, port });
    this.socket.setNoDelay(true);
    this.socket.setTimeout(TIMEOUT, () => this.socket.destroy(new Error('no progress')));
    this.socket.on('data', (bytes) => this.#take(bytes));
    this.socket.on('error', (error) => this.#waiting?.reject(error));
    this.socket.on('close', () => this.#waiting?.reject(new Error(`closed without a whole answer: ${this.#text.slice(0, 200)}`)));
  }

  /** `pieces` are buffers, `length` bytes in all. */
  async request(method, path, headers, { length = 0, pieces = [] } = {}) {
    const answer = new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
    answer.catch(() => {}); // awaited below; a failure before that is not unhandled
    const lines = Object.entries({ Host: `${HOST}:${this.port}`, 'Content-Length': length, ...VERSION, ...headers });
    this.socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    for (const piece of pieces) {
      if (!this.socket.write(piece)) await Promise.race([once(this.socket, 'drain'), answer]);
    }
    return answer;
  }

  close() {
    this.socket.destroy();
  }

  #take(bytes) {
    this.#text += bytes.toString('latin1');
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#text.slice(0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return;
    const headers = Object.fromEntries(head.split('\r\n').slice(1).map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    const answer = { status: Number(head.slice(9, 12)), headers, body: this.#text.slice(end + 4, end + 4 + length) };
    this.#text = this.#text.slice(end + 4 + length);
    this.#waiting.resolve(answer);
  }
}

/** The pieces of each chunk: the first one of `first` bytes, the others of `size`. Nothing is copied. */
function* chunksOf(pieces, { first, size }) {
  let chunk = [];
  let left = first;
  for (let piece of pieces) {
    while (piece.length >= left) {
      yield [...chunk, piece.subarray(0, left)];
      piece = piece.subarray(left);
      [chunk, left] = [[], size];
    }
    if (piece.length > 0) chunk.push(piece);
    left -= piece.length;
  }
  if (chunk.length > 0) yield chunk;
}

const lengthOf = (pieces) => pieces.reduce((sum, { length }) => sum + length, 0);
const base64 = (text) => Buffer.from(text).toString('base64');

/** Begins an upload of so many bytes, on a connection; the path of its address. */
export async function begin(connection, token, size) {
  const fields = { title: 'Measured', description: 'Sent by the bench', content_type: 'video', filename: 'measured.mp4', filetype: 'video/mp4' };
  const metadata = Object.entries(fields).map(([name, value]) => `${name} ${base64(value)}`).join(',');
  const headers = { 'Upload-Length': size, 'Upload-Metadata': metadata, Authorization: `Bearer ${token}` };
  const { status, headers: told, body } = await connection.request('POST', '/uploads', headers);
  if (status !== 201) throw new Error(`POST /uploads: ${status} ${body}`);
  return new URL(told.location, `http://${HOST}`).pathname;
}

/**
 * Uploads a media file in chunks of `size` bytes, the first one of `first`; the path of the upload's address. `hold`, if
 * given, is awaited after the first.
 */
export async function tusUpload(port, token, media, { size, first = size, hold }) {
  const connection = new Connection(port);
  try {
    const path = await begin(connection, token, media.size);
    let offset = 0;
    for (const pieces of chunksOf(media.pieces(), { first, size })) {
      const length = lengthOf(pieces);
      const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': offset };
      const { status, headers: told, body } = await connection.request('PATCH', path, headers, { length, pieces });
      offset += length;
      if (status !== 204 || Number(told['upload-offset']) !== offset) throw new Error(`PATCH ${path}: ${status}, offset ${told['upload-offset']} ${body}`);
      if (offset === length) await hold?.();
    }
    if (offset !== media.size) throw new Error(`${offset} bytes were sent`);
    return path;
  } finally {
    connection.close();
  }
}

/** Begins so many uploads; the paths of their addresses. */
export async function beginMany(port, token, size, count) {
  const connection = new Connection(port);
  const paths = [];
  while (paths.length < count) paths.push(await begin(connection, token, size));
  connection.close();
  return paths;
}

/** The id of an upload, which is that of its content. */
export const idOf = (path) => /^\/uploads\/([0-9a-f-]{36})\.[\w-]{43}$/.exec(path)[1];
