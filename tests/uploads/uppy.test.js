// Uppy in Debian's Chromium, from a page of another origin: pauses, breaks of the connection, an hour without a network,
// a page that is closed and opened again. Each upload ends with its bytes and does not begin anew.

import assert from 'node:assert/strict';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { launchBrowser } from '../support/browser.js';
import { listAll, newUser } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { movieOf, sha256 } from '../support/media.js';
import { startServer } from '../support/server.js';
import { TcpProxy } from '../support/tcp_proxy.js';

const SIZE = 3_000_000;
const CHUNK = 128 * 1024;
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Uppy as an application would bundle it. */
async function bundle() {
  const contents = "export { default as Uppy } from '@uppy/core'; export { default as Tus } from '@uppy/tus';";
  const built = await build({ stdin: { contents, resolveDir: ROOT }, bundle: true, format: 'iife', globalName: 'Uploading', write: false });
  return built.outputFiles[0].text;
}

describe('Uppy', { timeout: 120_000 }, () => {
  let server, proxy, browser, site, siteUrl, me, films;

  before(async () => {
    const [script, ...bytes] = await Promise.all([bundle(), ...Array.from({ length: 6 }, (_, i) => movieOf(SIZE + i, i))]);
    films = bytes;
    site = http.createServer((request, response) => {
      const film = /^\/film\/(\d)$/.exec(request.url)?.[1];
      if (film !== undefined) return response.setHeader('Content-Type', 'video/mp4').end(films[film]);
      if (request.url === '/uppy.js') return response.setHeader('Content-Type', 'text/javascript').end(script);
      return response.setHeader('Content-Type', 'text/html; charset=utf-8').end('<!doctype html><title>uploads</title><script src="/uppy.js"></script>');
    });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
    siteUrl = `http://127.0.0.1:${site.address().port}/`;
    server = await startServer({ env: { GC_GRACE: '0s' } });
    proxy = new TcpProxy({ host: server.host, port: server.port });
    await proxy.open();
    me = await newUser(server);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await proxy?.close();
    site?.close();
    site?.closeAllConnections();
    await server?.stop();
  });

  /** A page with Uppy on it, `window.uppy`, to which a film was added. `requests` are those to the service. */
  async function openPage(film, { context, options = {} } = {}) {
    context ??= await browser.newContext();
    const page = await context.newPage();
    const requests = [];
    page.on('request', (request) => {
      if (request.url().includes(`:${proxy.port}/`) && request.method() !== 'OPTIONS') requests.push(request.method());
    });
    await page.exposeFunction('cutAfter', (bytes) => proxy.cutAfter(bytes));
    await page.goto(siteUrl);
    await page.evaluate(async ([name, address, token, tus]) => {
      const bytes = await (await fetch(name)).arrayBuffer();
      window.uppy = new Uploading.Uppy({ allowMultipleUploadBatches: true });
      window.sent = 0;
      // Uppy calls these for each request, and each time some bytes have gone.
      const onBeforeRequest = async (request) => {
        if (request.getMethod() === 'PATCH') await window.beforePatch?.();
      };
      window.uppy.use(Uploading.Tus, { endpoint: `${address}/uploads`, headers: { Authorization: `Bearer ${token}` }, retryDelays: [0, 100, 500, 1000, 3000], onBeforeRequest, ...tus });
      window.uppy.on('upload-progress', (_, { bytesUploaded }) => {
        window.sent = bytesUploaded;
        window.onSent?.(bytesUploaded);
      });
      const [, number] = /(\d)$/.exec(name);
      const file = new File([bytes], `film-${number}.mp4`, { type: 'video/mp4', lastModified: 1 });
      window.film = window.uppy.addFile({ name: file.name, type: file.type, data: file, meta: { title: `Film ${number}`, content_type: 'video' } });
    }, [`/film/${film}`, `http://127.0.0.1:${proxy.port}`, me.token, { chunkSize: CHUNK, ...options }]);
    return { context, page, requests };
  }

  /** Uploads; the address in the end. */
  const upload = (page) => page.evaluate(async () => {
    const { successful, failed } = await window.uppy.upload();
    if (failed.length > 0) throw new Error(failed[0].error);
    return successful[0].uploadURL;
  });

  async function assertMade(address, film) {
    const [, id] = /\/uploads\/([0-9a-f-]{36})\.[\w-]{43}$/.exec(address);
    const answer = await server.get(`/content/${id}`);
    assert.equal(answer.status, 200, answer.text());
    const content = answer.json();
    assert.equal(content.title, `Film ${film}`);
    assert.equal(content.sha256, sha256(films[film]));
  }

  const least = Math.ceil(SIZE / CHUNK);

  test('uploads in chunks', async () => {
    const { context, page, requests } = await openPage(0);
    await assertMade(await upload(page), 0);
    assert.deepEqual(requests, ['POST', ...Array(Math.ceil(films[0].length / CHUNK)).fill('PATCH')]);
    await context.close();
  });

  test('uploads in one request', async () => {
    const { context, page, requests } = await openPage(1, { options: { chunkSize: Infinity } });
    await assertMade(await upload(page), 1);
    assert.deepEqual(requests, ['POST', 'PATCH']);
    await context.close();
  });

  test('is paused, and goes on', async () => {
    const { context, page, requests } = await openPage(2);
    const paused = page.evaluate(() => new Promise((resolve) => {
      window.onSent = (bytes) => {
        if (bytes < 1_000_000) return;
        window.onSent = null;
        window.uppy.pauseResume(window.film);
        resolve();
      };
    }));
    const ended = upload(page);
    await paused;
    await page.waitForTimeout(300);
    const stopped = await page.evaluate(() => window.sent);
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => window.sent), stopped, 'it goes on all the same');
    assert.ok(stopped < SIZE);
    await page.evaluate(() => window.uppy.pauseResume(window.film));
    await assertMade(await ended, 2);
    assert.ok(requests.includes('HEAD'));
    assert.ok(requests.length <= least + 5, `it began anew: ${requests}`);
    await context.close();
  });

  test('loses its connection again and again', async () => {
    const { context, page, requests } = await openPage(3, { options: { chunkSize: 1024 * 1024 } });
    await page.evaluate(() => {
      let cuts = 0;
      window.beforePatch = () => cuts++ < 5 && window.cutAfter(300_000);
    });
    await assertMade(await upload(page), 3);
    assert.ok(requests.filter((method) => method === 'HEAD').length >= 3, `${requests}`);
    await context.close();
  });

  test('goes on when the network is back', async () => {
    const { context, page, requests } = await openPage(4);
    const half = page.evaluate(() => new Promise((resolve) => (window.onSent = (bytes) => bytes > 1_000_000 && resolve())));
    const ended = upload(page);
    await half;
    await context.setOffline(true);
    proxy.cut();
    await page.waitForTimeout(1_000);
    const stopped = await page.evaluate(() => window.sent);
    assert.ok(stopped < SIZE);
    await context.setOffline(false);
    await assertMade(await ended, 4);
    assert.ok(requests.length <= least + 10, `it began anew: ${requests}`);
    await context.close();
  });

  test('goes on after the page was closed and opened again', async () => {
    const first = await openPage(5);
    const half = first.page.evaluate(() => new Promise((resolve) => (window.onSent = (bytes) => bytes > 1_000_000 && resolve())));
    upload(first.page).catch(() => {}); // the page is closed under it
    await half;
    await first.page.close();
    const second = await openPage(5, { context: first.context });
    await assertMade(await upload(second.page), 5);
    assert.equal(second.requests[0], 'HEAD', 'it did not remember');
    assert.ok(!second.requests.includes('POST'), 'it began anew');
    assert.ok(second.requests.length < least - 4, `${second.requests}`);
    await first.context.close();
  });

  test('has made each content once, and left nothing', async () => {
    assert.equal((await listAll(server)).length, films.length);
    await assertNothingLeftBehind(server);
  });
});
