// A TCP connection's middleman on loopback: passes bytes on, until it is told to cut, to refuse, or to keep silent.
// Where it passes them to may be decided for each connection.

import net from 'node:net';

export class TcpProxy {
  #server;
  #pairs = new Set();
  #silent = false;
  #left = Infinity;

  /** `target` is `{host, port}`, or a function that is asked for it at each connection. */
  constructor(target) {
    this.target = target;
  }

  /** Listens; on the port it had before, if it had one. */
  async open() {
    this.#server = net.createServer((near) => this.#join(near));
    await new Promise((resolve) => this.#server.listen(this.port ?? 0, '127.0.0.1', resolve));
    this.port = this.#server.address().port;
  }

  #join(near) {
    const far = net.connect(typeof this.target === 'function' ? this.target() : this.target);
    const pair = [near, far];
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [far, near]]) {
      from.on('data', (bytes) => this.#silent || this.#pass(bytes, to, from === near));
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  #pass(bytes, to, isForward) {
    const some = isForward ? bytes.subarray(0, this.#left) : bytes;
    to.write(some);
    if (isForward) this.#left -= some.length;
    if (this.#left > 0) return;
    this.#left = Infinity;
    this.cut();
  }

  /** Ends all connections when so many bytes more have been passed on from clients. */
  cutAfter(bytes) {
    this.#left = bytes;
  }

  /** Ends all connections; new ones are taken. */
  cut() {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** From now on connections stay open and nothing passes. */
  set silent(silent) {
    this.#silent = silent;
    if (!silent) this.cut(); // what was swallowed is lost
  }

  /** Ends all connections and refuses new ones. */
  async close() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }
}
