// A TCP connection's middleman on loopback: passes bytes on, until it is told to cut, to refuse, or to keep silent.

import net from 'node:net';

export class TcpProxy {
  #server;
  #pairs = new Set();
  #silent = false;

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
    const far = net.connect(this.target);
    const pair = [near, far];
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [far, near]]) {
      from.on('data', (bytes) => this.#silent || to.write(bytes));
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
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
