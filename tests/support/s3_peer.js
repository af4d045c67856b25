// Stands between the program and a real S3 server, and misbehaves where a test says so.

import http from 'node:http';

/** The address of a source in the bucket, in requests for all of it. */
export const SOURCE = /\/objects\/[0-9a-f-]{36}$/;

/** Starts one in front of `s3`. */
export async function startPeer(s3) {
  const peer = new Peer(new URL(s3.url));
  await peer.start();
  return peer;
}

class Peer {
  #server = http.createServer((request, response) => this.#handle(request, response));
  #agent = new http.Agent({ keepAlive: true });
  #faults = [];

  constructor(target) {
    this.target = target;
    this.seen = []; // "<method> <path and query>" of every request
  }

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
  }

  async stop() {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /**
   * The next `times` requests that `matches` (a method and a pattern of path and query, such as `PUT /partNumber=2/`)
   * are handled by `fault(request, response)` instead of the server behind.
   */
  break(method, pattern, fault, times = Infinity) {
    this.#faults.push({ method, pattern, fault, left: times });
  }

  heal() {
    this.#faults = [];
    this.seen = [];
  }

  #handle(request, response) {
    this.seen.push(`${request.method} ${request.url}`);
    const fault = this.#faults.find(
      (one) => one.left > 0 && one.method === request.method && one.pattern.test(request.url));
    if (!fault) return this.forward(request, response);
    fault.left -= 1;
    return fault.fault(request, response, this);
  }

  /** Passes a request on as it is: what was signed is what arrives. */
  forward(request, response, edit = (_, from, to) => from.pipe(to)) {
    const onward = http.request({
      host: this.target.hostname, port: this.target.port, agent: this.#agent,
      method: request.method, path: request.url, headers: request.headers,
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      edit(request, answer, response);
    });
    onward.on('error', () => response.destroy());
    request.on('error', () => onward.destroy());
    request.pipe(onward);
  }
}

/** Answers with S3's form of an error. */
export const refuse = (status, code) => (request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(status, { 'Content-Type': 'application/xml', 'x-amz-request-id': 'REQ-4711' });
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>secret detail</Message></Error>`;
    response.end(request.method === 'HEAD' ? undefined : body);
  });
};

/** Answers 200 with this body. */
export const answer = (body) => (request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'x-amz-request-id': 'REQ-4711' }).end(body));
};

/** Passes so many bytes of an answer on, and what is behind them when the promise is kept. */
export const inTwo = (bytes, promise) => (request, response, peer) =>
  peer.forward(request, response, async (_, from, to) => {
    const whole = Buffer.concat(await from.toArray());
    to.write(whole.subarray(0, bytes));
    await promise;
    to.end(whole.subarray(bytes));
  });

/** Takes so many bytes of the request and closes the connection. */
export const cutRequest = (bytes) => (request) => {
  let seen = 0;
  request.on('data', (piece) => {
    seen += piece.length;
    if (seen >= bytes) request.socket.destroy();
  });
};

/** Passes the answer on up to so many bytes of its body, and closes the connection. */
export const cutAnswer = (bytes) => (request, response, peer) => peer.forward(request, response, (_, from, to) => {
  let left = bytes;
  from.on('data', (piece) => {
    const some = piece.subarray(0, left);
    left -= some.length;
    to.write(some, () => left === 0 && to.destroy());
  });
});

/** Takes the request and says nothing. */
export const silence = (request) => request.resume();

/** Answers 200 and goes on and on. */
export const endless = (request, response) => {
  request.resume();
  response.writeHead(200);
  const piece = Buffer.alloc(65536, ' ');
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
};

/** Has the server behind do what it is asked, and keeps its answer; `done` is called then. */
export const swallowAnswer = (request, response, peer, done) => peer.forward(request, response, (_, from) => {
  from.resume();
  from.on('end', done);
});

/** Passes the request on when `gate` is settled. */
export const waitFor = (gate) => (request, response, peer) => {
  request.pause();
  gate.then(() => peer.forward(request, response));
};
