// Small requests: nginx `return 200` is the reference of all three.

import assert from 'node:assert/strict';

import { get } from '../client.js';
import { startNginx, startServer } from '../processes.js';
import { load, requestList } from '../wrk.js';

export const requests = {
  needsLibrary: true,
  rows: [
    { id: 'health', work: '`GET /health`', reference: 'nginx `return 200`', ours: 'health', theirs: 'nginx', metric: 'rate', unit: 'requests', atLeast: 0.7 },
    { id: 'content', work: '`GET /content/{id}`, 10 000 rows, SQLite', reference: 'nginx `return 200`', ours: 'content', theirs: 'nginx', metric: 'rate', unit: 'requests', atLeast: 0.4 },
    { id: 'list', work: '`GET /content?limit=100`, SQLite', reference: 'nginx `return 200`', ours: 'list', theirs: 'nginx', metric: 'rate', unit: 'requests', atLeast: 0.06 },
  ],

  async open(context) {
    const { library } = context;
    const server = await startServer(context, library.dataDir);
    const nginx = await startNginx(context, { files: library.files, uploads: context.directory });
    const sides = {
      nginx: await side(context, nginx, ['/return'], (answer) => assert.equal(answer.body, '{"status":"healthy"}')),
      health: await side(context, server, ['/health'], (answer) => assert.deepEqual(JSON.parse(answer.body), { status: 'healthy' })),
      content: await side(context, server, library.ids.map((id) => `/content/${id}`), (answer, path) => {
        const content = JSON.parse(answer.body);
        assert.equal(content.id, path.slice('/content/'.length));
        assert.equal(content.sha256, library.content.sha256);
      }),
      list: await side(context, server, ['/content?limit=100'], (answer) => {
        const contents = JSON.parse(answer.body);
        assert.equal(contents.length, 100);
        assert.deepEqual(contents.map(({ id }) => id), library.ids.slice(-100).reverse());
      }),
    };
    return { sides, close: () => Promise.all([server.stop(), nginx.stop()]) };
  },
};

/** Looks at a hundred answers at most, warms up, and returns what measures. */
async function side(context, server, paths, check) {
  const shuffled = paths.map((path) => [Math.random(), path]).sort(([a], [b]) => a - b).map(([, path]) => path);
  let size = 0;
  const looked = shuffled.slice(0, 100);
  for (const path of looked) {
    const answer = await get(server.port, path);
    assert.equal(answer.status, 200, `${path}: ${answer.body}`);
    check(answer, path);
    size += answer.bytes.length / looked.length;
  }
  const list = requestList(context, shuffled);
  await load(context, server, list, size, 1);
  return () => load(context, server, list, size);
}
