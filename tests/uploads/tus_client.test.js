// tus-js-client, which most people who speak tus use, in each of the ways it uploads.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';

import * as tus from 'tus-js-client';

import { onDeployments } from '../support/deployment.js';
import { movieOf, sha256 } from '../support/media.js';
import { eventually, temporaryDirectory } from '../support/program.js';
import { TcpProxy } from '../support/tcp_proxy.js';

const SIZE = 3_000_000;
const CHUNK = 256 * 1024;
const RETRIES = [0, 50, 200, 500, 1000, 2000, 4000];

onDeployments('tus-js-client', {}, (holder) => {
  let service, server, me, directory;
  let films = 0;
  const film = (size = SIZE) => movieOf(size, ++films);
  before(async () => {
    ({ service, me } = holder);
    [server] = service.servers;
    directory = await temporaryDirectory();
  });
  after(() => directory && rm(directory, { recursive: true, force: true }));

  /** An upload of the client's, and the promise of its end. `over` are its options. */
  function uploadOf(source, over = {}, url = server.url) {
    let settle;
    const ended = new Promise((resolve, reject) => (settle = { resolve, reject }));
    const upload = new tus.Upload(source, {
      endpoint: `${url}/uploads`,
      headers: { Authorization: `Bearer ${me.token}` },
      metadata: { title: 'By tus-js-client', content_type: 'video', filename: 'film.mp4', filetype: 'video/mp4' },
      retryDelays: RETRIES,
      onSuccess: settle.resolve,
      onError: settle.reject,
      onAfterResponse: (_, response) => {
        if (response.getStatus() === 201) begun.add(idOf(response.getHeader('Location')));
      },
      ...over,
    });
    return { upload, ended };
  }

  const begun = new Set();
  const idOf = (url) => /\/uploads\/([0-9a-f-]{36})\.[\w-]{43}$/.exec(url)[1];

  async function assertMade(upload, bytes) {
    const answer = await server.get(`/content/${idOf(upload.url)}`);
    assert.equal(answer.status, 200, answer.text());
    const content = answer.json();
    assert.equal(content.title, 'By tus-js-client');
    assert.equal(content.content_type, 'video');
    assert.equal(content.sha256, sha256(bytes));
    holder.made.push(content.id);
  }

  /** The whole way. The methods of the requests that were sent. */
  async function whole(source, bytes, over) {
    const methods = [];
    const { upload, ended } = uploadOf(source, { ...over, onBeforeRequest: (request) => methods.push(request.getMethod()) });
    upload.start();
    await ended;
    await assertMade(upload, bytes);
    return methods;
  }

  test('one request', async () => {
    const bytes = await film();
    assert.deepEqual(await whole(bytes, bytes), ['POST', 'PATCH']);
  });

  test('chunks', async () => {
    const bytes = await film();
    const methods = await whole(bytes, bytes, { chunkSize: CHUNK });
    assert.deepEqual(methods, ['POST', ...Array(Math.ceil(SIZE / CHUNK)).fill('PATCH')]);
  });

  test('chunks of which the last is as long as the others', async () => {
    const bytes = await film(4 * CHUNK);
    assert.equal((await whole(bytes, bytes, { chunkSize: CHUNK })).length, 5);
  });

  test('a file of a few bytes more than a chunk', async () => {
    const bytes = await film(4 * CHUNK + 1);
    assert.equal((await whole(bytes, bytes, { chunkSize: CHUNK })).length, 6);
  });

  test('data in the creation', async () => {
    const bytes = await film();
    assert.deepEqual(await whole(bytes, bytes, { uploadDataDuringCreation: true }), ['POST']);
  });

  test('the first chunk in the creation', async () => {
    const bytes = await film();
    const methods = await whole(bytes, bytes, { uploadDataDuringCreation: true, chunkSize: 1024 * 1024 });
    assert.deepEqual(methods, ['POST', 'PATCH', 'PATCH']);
  });

  test('POST in the place of PATCH', async () => {
    const bytes = await film();
    const methods = await whole(bytes, bytes, { overridePatchMethod: true, chunkSize: 1024 * 1024 });
    assert.deepEqual(methods, ['POST', 'POST', 'POST', 'POST']);
  });

  // Whose length is no multiple of the chunks': with such a one tus-js-client 4.3.1 waits for ever, whatever the server.
  test('a stream of unknown length', async () => {
    const bytes = await film();
    const stream = Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)], { objectMode: false });
    await whole(stream, bytes, { uploadLengthDeferred: true, chunkSize: CHUNK });
  });

  for (const [what, over] of [['', {}], [' in chunks', { chunkSize: CHUNK }], [' with data in the creation', { uploadDataDuringCreation: true }]]) {
    test(`three parallel uploads, joined${what}`, async () => {
      const bytes = await film();
      await whole(bytes, bytes, { parallelUploads: 3, ...over });
    });
  }

  test('aborted, and resumed by another client from the URL that the first has stored', async () => {
    const bytes = await film();
    const urlStorage = new tus.FileUrlStorage(path.join(directory, 'urls.json'));
    const options = { chunkSize: CHUNK, urlStorage, storeFingerprintForResuming: true, fingerprint: async () => 'film' };
    const first = await new Promise((resolve, reject) => {
      const { upload, ended } = uploadOf(bytes, {
        ...options,
        onChunkComplete: (_, accepted) => {
          if (accepted >= SIZE / 2) upload.abort().then(() => resolve(upload), reject);
        },
      });
      ended.catch(reject);
      upload.start();
    });

    const methods = [];
    const { upload: second, ended } = uploadOf(bytes, { ...options, onBeforeRequest: (request) => methods.push(request.getMethod()) });
    const [previous] = await second.findPreviousUploads();
    second.resumeFromPreviousUpload(previous);
    second.start();
    await ended;
    assert.equal(second.url, first.url);
    assert.equal(methods[0], 'HEAD');
    assert.ok(methods.length <= 1 + Math.ceil(SIZE / 2 / CHUNK), `it began anew: ${methods}`);
    await assertMade(second, bytes);
  });

  test('aborted in the middle of a request, and resumed', async () => {
    const bytes = await film(20_000_000);
    const { upload } = uploadOf(bytes);
    let seen = 0;
    upload.options.onProgress = (sent) => {
      if (seen === 0 && sent > 0) upload.abort();
      seen = sent;
    };
    upload.start();
    await eventually(() => seen > 0, 'it makes no progress');
    const { upload: second, ended } = uploadOf(bytes, { uploadUrl: upload.url });
    second.start();
    await ended;
    assert.equal(second.url, upload.url);
    await assertMade(second, bytes);
  });

  test('a parallel upload, aborted and resumed', async () => {
    const bytes = await film();
    const urlStorage = new tus.FileUrlStorage(path.join(directory, 'parallel.json'));
    const options = { parallelUploads: 3, chunkSize: CHUNK, urlStorage, fingerprint: async () => 'parallel' };
    const { upload } = uploadOf(bytes, options);
    await new Promise((resolve, reject) => {
      upload.options.onError = reject;
      upload.options.onProgress = (sent) => {
        if (sent < SIZE / 2) return;
        upload.options.onProgress = null;
        upload.abort().then(resolve, reject);
      };
      upload.start();
    });
    const { upload: second, ended } = uploadOf(bytes, options);
    const [previous] = await second.findPreviousUploads();
    assert.equal(previous.parallelUploadUrls.length, 3);
    second.resumeFromPreviousUpload(previous);
    second.start();
    await ended;
    await assertMade(second, bytes);
  });

  test('a connection that breaks every 400 kB', async () => {
    const bytes = await film();
    const proxy = new TcpProxy({ host: server.host, port: server.port });
    await proxy.open();
    try {
      let breaks = 0;
      const { upload, ended } = uploadOf(bytes, {
        onBeforeRequest: (request) => {
          if (request.getMethod() !== 'PATCH' || breaks === 8) return;
          proxy.cutAfter(400_000);
          ++breaks;
        },
      }, `http://127.0.0.1:${proxy.port}`);
      upload.start();
      await ended;
      assert.ok(breaks > 3, `it broke ${breaks} times`);
      await assertMade(upload, bytes);
    } finally {
      await proxy.close();
    }
  });

  test('terminated, it is gone', async () => {
    const bytes = await film();
    const { upload } = uploadOf(bytes, { chunkSize: CHUNK });
    await new Promise((resolve, reject) => {
      upload.options.onError = reject;
      upload.options.onChunkComplete = (_, accepted) => {
        if (accepted > CHUNK) upload.abort(true).then(resolve, reject);
      };
      upload.start();
    });
    const { pathname } = new URL(upload.url);
    const answer = await server.head(pathname, { headers: { 'Tus-Resumable': '1.0.0' } });
    assert.ok([404, 410].includes(answer.status), `${answer.status}`);
    assert.equal((await server.get(`/content/${idOf(upload.url)}`)).status, 404);
  });

  test('what is no media is refused, and the client told why', async () => {
    const { upload, ended } = uploadOf(Buffer.alloc(SIZE, 'no film'), { chunkSize: CHUNK });
    upload.start();
    await assert.rejects(ended, (error) => {
      assert.equal(error.originalResponse.getStatus(), 422);
      assert.match(JSON.parse(error.originalResponse.getBody()).code, /^media_/);
      return true;
    });
  });

  test('nothing is doubled, and nothing is left over', async () => {
    // The uploads that were joined wait to be joined again, until their owner ends them; one was terminated above, one refused.
    const others = [...begun].filter((id) => !holder.made.includes(id));
    assert.equal(others.length, 4 * 3 + 2);
    for (const id of others) await service.next.delete(`/uploads/${id}`, { token: me.token, headers: { 'Tus-Resumable': '1.0.0' } });
    await service.assertOnly(holder.made);
  });
});
