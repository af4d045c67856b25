// tus_server.js <directory>: the reference of uploads by tus, @tus/server with its store of files, as their pages show it.

import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const server = new Server({ path: '/uploads', datastore: new FileStore({ directory: process.argv[2] }) });
const listener = server.listen({ host: '127.0.0.1', port: 0 }, () => {
  console.log(`listening on http://127.0.0.1:${listener.address().port} `);
});
process.on('SIGTERM', () => process.exit(0));
