// What hashing passwords does to everybody else.

import assert from 'node:assert/strict';

import { get } from '../client.js';
import { logIn } from '../library.js';
import { startServer } from '../processes.js';
import { load, requestList } from '../wrk.js';

const AT_ONCE = 4;

export const logins = {
  needsLibrary: true,
  rows: [
    { id: 'logins', work: 'p99 of `GET /content/{id}`, 4 logins under way', reference: 'the same without logins', ours: 'busy', theirs: 'quiet', metric: 'p99', unit: 'milliseconds', below: 10 },
  ],

  async open(context) {
    const { library } = context;
    const server = await startServer(context, library.dataDir);
    const sample = await get(server.port, `/content/${library.ids[1]}`);
    assert.equal(sample.status, 200);
    const list = requestList(context, library.ids.map((id) => `/content/${id}`));
    const quiet = (seconds) => load(context, server, list, sample.bytes.length, seconds);
    await quiet(1);
    const busy = async () => {
      let count = 0;
      let stopping = false;
      const client = async () => {
        for (; !stopping; ++count) await logIn(server);
      };
      const clients = Promise.all(Array.from({ length: AT_ONCE }, client));
      const measured = await Promise.race([quiet(), clients]).finally(() => (stopping = true));
      await clients;
      assert.ok(count >= AT_ONCE, 'there were no logins');
      return { ...measured, note: `${(count / measured.seconds).toFixed(1)} logins/s` };
    };
    return { sides: { quiet: () => quiet(), busy }, close: () => server.stop() };
  },
};
