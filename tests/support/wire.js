// HTTP/1.1 by hand over a plain socket: for requests no client library would send, and for looking at the exact
// bytes of the answers.

import net from 'node:net';

const CRLF = '\r\n';

export class Wire {
  #chunks = []; // what has come, joined only when it is looked at
  #length = 0;
  #wake = [];
  #ended = false;

  /** Opens a connection. `allowHalfOpen`: that the server has finished sending does not make this end do so. */
  static async open({ host, port, readableHighWaterMark }) {
    const socket = net.connect({ host, port, allowHalfOpen: true, readableHighWaterMark });
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Wire(socket);
  }

  constructor(socket) {
    this.socket = socket;
    this.error = null;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      this.#chunks.push(bytes);
      this.#length += bytes.length;
      this.#notify();
    });
    socket.on('end', () => this.#finish());
    socket.on('close', () => this.#finish());
    socket.on('error', (error) => {
      this.error = error;
      this.#finish();
    });
  }

  /** Writes; resolves when the bytes have left this process, or the connection has gone. */
  write(data) {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    return new Promise((resolve) => {
      if (this.socket.destroyed) return resolve();
      this.socket.once('close', resolve);
      this.socket.write(bytes, () => {
        this.socket.off('close', resolve);
        resolve();
      });
    });
  }

  /**
   * Writes in pieces, looking in between whether an answer came, until that or the end of the bytes. A client that
   * pushes on blindly may lose the answer, whatever the server does (RFC 9112 section 9.6).
   */
  async writePolitely(data, step = 64 * 1024) {
    for (let at = 0; at < data.length && this.#length === 0 && !this.#ended; at += step) {
      await this.write(data.subarray(at, at + step));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What has come and was not taken by `answer` yet. */
  get pending() {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  /** Stops and resumes reading, as a client does that cannot keep up. */
  pause() {
    this.socket.pause();
  }
  resume() {
    this.socket.resume();
  }

  /** The next answer; an interim one (1xx) is returned like any other. `method` decides whether it has a body. */
  async answer({ method = 'GET', timeout = 10_000 } = {}) {
    const deadline = Date.now() + timeout;
    const headEnd = await this.#until(() => this.pending.indexOf('\r\n\r\n'), deadline, 'an answer head');
    const [statusLine, ...lines] = this.pending.subarray(0, headEnd).toString('latin1').split(CRLF);
    const match = /^HTTP\/1\.([01]) (\d{3}) ?(.*)$/.exec(statusLine);
    if (!match) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`);
    const rawHeaders = lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) throw new Error(`not a field line: ${JSON.stringify(line)}`);
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const headers = {};
    for (const [name, value] of rawHeaders) {
      const key = name.toLowerCase();
      headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
    }
    this.#drop(headEnd + 4);
    const status = Number(match[2]);
    const answer = { version: `1.${match[1]}`, status, reason: match[3], headers, rawHeaders };
    answer.body = await this.#body(method, status, headers, deadline);
    answer.text = () => answer.body.toString('utf8');
    answer.json = () => JSON.parse(answer.text());
    return answer;
  }

  /** The next answer that is not an interim one. */
  async finalAnswer(options) {
    for (;;) {
      const answer = await this.answer(options);
      if (answer.status >= 200) return answer;
    }
  }

  /** Waits until at least `count` bytes have come and takes them. */
  async take(count, timeout = 10_000) {
    await this.#until(() => (this.#length >= count ? 0 : -1), Date.now() + timeout, `${count} bytes`);
    const bytes = this.pending.subarray(0, count);
    this.#drop(count);
    return bytes;
  }

  /** Whether the server closes its side within that time. */
  async closed(timeout = 5_000) {
    const deadline = Date.now() + timeout;
    while (!this.#ended && Date.now() < deadline) await this.#sleepUntil(deadline);
    return this.#ended;
  }

  /** Whether nothing at all comes within that time and the connection stays open. */
  async quiet(milliseconds) {
    const deadline = Date.now() + milliseconds;
    while (!this.#ended && this.#length === 0 && Date.now() < deadline) await this.#sleepUntil(deadline);
    return !this.#ended && this.#length === 0;
  }

  /** Says that nothing more will be sent. */
  end() {
    this.socket.end();
  }

  /** Vanishes: with a reset when `reset`, as a crashed client does. */
  destroy({ reset = false } = {}) {
    if (reset) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  async #body(method, status, headers, deadline) {
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return Buffer.alloc(0);
    if (/chunked/i.test(headers['transfer-encoding'] ?? '')) return this.#chunked(deadline);
    if (headers['content-length'] !== undefined) {
      if (!/^\d+$/.test(headers['content-length'])) throw new Error(`Content-Length ${headers['content-length']}`);
      return this.take(Number(headers['content-length']), deadline - Date.now());
    }
    while (!this.#ended) {
      if (Date.now() >= deadline) throw new Error('timeout: the answer has no length and the connection stays open');
      await this.#sleepUntil(deadline);
    }
    return this.take(this.#length);
  }

  async #chunked(deadline) {
    const chunks = [];
    for (;;) {
      const lineEnd = await this.#until(() => this.pending.indexOf(CRLF), deadline, 'a chunk size');
      const size = Number.parseInt(this.pending.subarray(0, lineEnd).toString('latin1'), 16);
      if (!(size >= 0)) throw new Error('not a chunk size');
      this.#drop(lineEnd + 2);
      const chunk = await this.take(size + 2, deadline - Date.now());
      if (chunk.subarray(size).toString('latin1') !== CRLF) throw new Error('a chunk does not end with CRLF');
      if (size === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, size));
    }
  }

  #drop(count) {
    this.#chunks = [this.pending.subarray(count)];
    this.#length -= count;
  }

  async #until(find, deadline, what) {
    for (;;) {
      const found = find();
      if (found >= 0) return found;
      const isLate = Date.now() >= deadline;
      if (this.#ended || isLate) {
        // Looked at here only: joining what has come again for each piece takes seconds for a large answer.
        const seen = JSON.stringify(this.pending.subarray(0, 200).toString('latin1'));
        const why = this.#ended ? `the connection ended${this.error ? ` (${this.error.code})` : ''} before` : 'timeout: waited for';
        throw new Error(`${why} ${what}: ${seen}`);
      }
      await this.#sleepUntil(deadline);
    }
  }

  #sleepUntil(deadline) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, deadline - Date.now()));
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #notify() {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #finish() {
    this.#ended = true;
    this.#notify();
  }
}
