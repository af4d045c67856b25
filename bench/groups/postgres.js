// The library on PostgreSQL: its small requests as in requests.js, and more clients than connections to the database.

import { setTimeout as sleep } from 'node:timers/promises';

import { makeLibrary } from '../library.js';
import { Media } from '../media.js';
import { startNginx, startServer } from '../processes.js';
import { startPostgres } from '../stores.js';
import { attempt, requestList } from '../wrk.js';
import { contentSide, listSide, nginxSide } from './requests.js';

const MIB = 1024 * 1024;
const CLIENTS = 1000;
const CONNECTIONS = 8;
const LOOK_EVERY = 200; // milliseconds

export const postgres = {
  rows: [
    { id: 'content-postgres', work: '`GET /content/{id}`, 10 000 rows, PostgreSQL', reference: 'nginx `return 200`', ours: 'content', theirs: 'nginx', metric: 'rate', unit: 'requests', atLeast: 0.25 },
    { id: 'list-postgres', work: '`GET /content?limit=100`, PostgreSQL', reference: 'nginx `return 200`', ours: 'list', theirs: 'nginx', metric: 'rate', unit: 'requests', atLeast: 0.04 },
    { id: 'clients-postgres', work: 'errors of 1 000 clients at once on `GET /content/{id}`, PostgreSQL', ours: 'clients', metric: 'errors', unit: 'count', atMost: 0 },
    { id: 'clients-postgres-connections', work: 'connections the database has meanwhile', ours: 'clients', metric: 'connections', unit: 'count', atMost: CONNECTIONS },
  ],

  async open(context) {
    const database = await startPostgres(context);
    const library = await makeLibrary(context, {
      name: 'library-postgres',
      media: new Media(context.clip, MIB),
      settings: { DATABASE_URL: database.url, POSTGRES_CONNECTIONS: String(CONNECTIONS) },
      database: database.dialect,
    });
    const server = await startServer(context, library.dataDir, library.settings);
    const nginx = await startNginx(context);
    const list = requestList(context, library.ids.map((id) => `/content/${id}`));
    const sides = {
      nginx: await nginxSide(context, nginx),
      content: await contentSide(context, server, library),
      list: await listSide(context, server, library),
      clients: () => clients(context, server, list, database),
    };
    const close = async () => {
      await Promise.all([server.stop(), nginx.stop()]);
      await database.stop();
    };
    return { sides, close };
  },
};

async function clients(context, server, list, database) {
  const loading = attempt(server, list, { seconds: context.seconds, connections: CLIENTS });
  let done = false;
  const finished = loading.finally(() => (done = true));
  let connections = 0;
  while (!done) {
    const told = database.query('SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();');
    connections = Math.max(connections, Number(told));
    await sleep(LOOK_EVERY);
  }
  const sample = await finished;
  // A server that answers nobody makes no errors.
  if (sample.count < CLIENTS) throw new Error(`1 000 clients had ${sample.count} answers`);
  return { ...sample, connections, note: `${Math.round(sample.rate)} requests/s` };
}
