// Small requests, on SQLite: nginx `return 200` is the reference of all three.

import assert from 'node:assert/strict';

import { startNginx, startServer } from '../processes.js';
import { requestSide } from '../wrk.js';

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
    const nginx = await startNginx(context);
    const sides = {
      nginx: await nginxSide(context, nginx),
      health: await requestSide(context, server, ['/health'], (answer) => assert.deepEqual(JSON.parse(answer.body), { status: 'healthy' })),
      content: await contentSide(context, server, library),
      list: await listSide(context, server, library),
    };
    return { sides, close: () => Promise.all([server.stop(), nginx.stop()]) };
  },
};

/** nginx's `return 200`. */
export const nginxSide = (context, nginx) =>
  requestSide(context, nginx, ['/return'], (answer) => assert.equal(answer.body, '{"status":"healthy"}'));

/** `GET /content/{id}` of all rows. */
export const contentSide = (context, server, library) =>
  requestSide(context, server, library.ids.map((id) => `/content/${id}`), (answer, path) => {
    const content = JSON.parse(answer.body);
    assert.equal(content.id, path.slice('/content/'.length));
    assert.equal(content.sha256, library.content.sha256);
  });

/** `GET /content?limit=100`. */
export const listSide = (context, server, library) =>
  requestSide(context, server, ['/content?limit=100'], (answer) => {
    const contents = JSON.parse(answer.body);
    assert.equal(contents.length, 100);
    assert.deepEqual(contents.map(({ id }) => id), library.ids.slice(-100).reverse());
  });
