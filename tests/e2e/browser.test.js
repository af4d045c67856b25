// Chromium at the pages and at the media: nothing violates a policy, no request leaves the server, players seek.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { launchBrowser } from '../support/browser.js';
import { newUser, PASSWORD, uploadMedia } from '../support/client.js';
import { media } from '../support/media.js';
import { eventually } from '../support/program.js';
import { startServer } from '../support/server.js';

let server, browser, me, movie, song;

before(async () => {
  [server, movie, song] = await Promise.all([startServer(), media('long.mp4'), media('long.mp3')]);
  me = await newUser(server);
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A page that keeps account of what goes wrong on it: policy violations, errors, requests to elsewhere. */
async function openPage() {
  const context = await browser.newContext();
  const page = await context.newPage();
  const trouble = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content.Security.Policy/i.test(message.text())) trouble.push(message.text());
  });
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (/^https?:/.test(protocol) && origin !== server.url) trouble.push(`request to ${request.url()}`);
  });
  page.on('requestfailed', (request) => trouble.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) trouble.push(`${response.status()} ${response.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  return { page, trouble, close: () => context.close() };
}

/** Swagger UI's Authorize, with the OAuth2 form. */
async function logIn(page) {
  await page.click('.scheme-container button.authorize');
  const form = page.locator('.auth-container', { has: page.locator('input[name="username"], #oauth_username') }).first();
  await form.locator('input[name="username"], #oauth_username').fill(me.email);
  await form.locator('input[type="password"]').first().fill(PASSWORD);
  await form.locator('button.authorize').click();
  // The fields are gone once it is done.
  await page.locator('.modal-ux button', { hasText: 'Logout' }).waitFor();
  await page.locator('.auth-btn-wrapper button.btn-done').first().click();
}

describe('/docs', () => {
  test('a browser at / gets there', async () => {
    const { page, trouble, close } = await openPage();
    await page.goto(`${server.url}/`);
    assert.equal(new URL(page.url()).pathname, '/docs');
    await page.waitForSelector('.opblock');
    assert.deepEqual(trouble, []);
    await close();
  });

  test('shows every operation, and Authorize logs in for real', async () => {
    const { page, trouble, close } = await openPage();
    await page.goto(`${server.url}/docs`);
    await page.waitForSelector('.opblock');
    const contract = await server.contract();
    assert.equal(await page.locator('.opblock').count(), contract.operations().length);

    await logIn(page);
    const operation = page.locator('.opblock', { hasText: '/auth/me' }).first();
    await operation.locator('.opblock-summary-control').first().click();
    await operation.locator('button.try-out__btn').click();
    await operation.locator('button.execute').click();
    const body = operation.locator('.live-responses-table .response .response-col_description');
    await body.first().waitFor();
    await eventually(async () => (await body.first().innerText()).includes(me.email), 'the answer does not show the user');
    assert.deepEqual(trouble, []);
    await close();
  });

  test('uploads a file from the page', async () => {
    const { page, trouble, close } = await openPage();
    await page.goto(`${server.url}/docs`);
    await logIn(page);
    const operation = page.locator('.opblock-post', { has: page.locator('[data-path="/content"]') });
    await operation.locator('.opblock-summary-control').first().click();
    await operation.locator('button.try-out__btn').click();
    const parameter = (name) => operation.locator(`tr[data-property-name="${name}"]`);
    await parameter('title').locator('input').fill('From the page');
    await parameter('description').locator('input').fill('Chosen in a form');
    await parameter('content_type').locator('select').selectOption('audio');
    await parameter('file').locator('input[type="file"]').setInputFiles(song.path);
    for (const name of ['duration', 'thumbnail_url']) {
      const empty = parameter(name).locator('input[type="checkbox"]'); // "Send empty value" would be refused
      if ((await empty.count()) > 0 && (await empty.isChecked())) await empty.uncheck();
    }
    await operation.locator('button.execute').click();
    await operation.locator('.live-responses-table .response').first().waitFor();
    assert.match(await operation.locator('.live-responses-table .response .response-col_status').first().innerText(), /201/);
    assert.deepEqual(trouble, []);
    await close();
  });
});

describe('/redoc', () => {
  test('shows every operation', async () => {
    const { page, trouble, close } = await openPage();
    await page.goto(`${server.url}/redoc`);
    await page.waitForSelector('[data-section-id]');
    const contract = await server.contract();
    await eventually(async () => {
      const text = await page.locator('body').innerText();
      return contract.operations().every(({ operation }) => text.includes(operation.summary));
    }, 'an operation is missing');
    // Its search works in a worker of its own.
    await page.locator('input[type="text"]').first().fill('upload');
    await page.waitForTimeout(700);
    assert.deepEqual(trouble, []);
    await close();
  });
});

describe('problem pages', () => {
  test('explain themselves', async () => {
    const { page, trouble, close } = await openPage();
    await page.goto(`${server.url}/problems/media_truncated`);
    assert.match(await page.locator('body').innerText(), /media_truncated/);
    assert.deepEqual(trouble, []);
    await close();
  });
});

describe('players', () => {
  let site, siteUrl;
  before(async () => {
    // A web app of another origin, as the customers' apps are.
    site = http.createServer((request, response) => {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>player</title><body></body>');
    });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
    siteUrl = `http://127.0.0.1:${site.address().port}`;
  });
  after(() => site?.close());

  for (const [tag, item] of [['video', () => movie], ['audio', () => song]]) {
    test(`<${tag}> plays and seeks ${tag === 'video' ? 'the mp4' : 'the mp3'}`, async () => {
      const content = await uploadMedia(server, me.token, item());
      const ranges = [];
      const context = await browser.newContext();
      const page = await context.newPage();
      page.on('response', (response) => {
        if (response.url().includes('/stream')) ranges.push(response.status());
      });
      await page.goto(siteUrl);
      const result = await page.evaluate(async ({ tag: name, source }) => {
        const player = document.createElement(name);
        player.muted = true;
        player.crossOrigin = 'anonymous';
        player.src = source;
        document.body.append(player);
        const until = (event) => new Promise((resolve, reject) => {
          player.addEventListener(event, resolve, { once: true });
          player.addEventListener('error', () => reject(new Error(`${player.error?.code} ${player.error?.message}`)), { once: true });
          setTimeout(() => reject(new Error(`no ${event} within 15 s`)), 15_000);
        });
        const loaded = until('loadedmetadata');
        await loaded;
        const playing = until('timeupdate');
        await player.play();
        await playing;
        await new Promise((resolve) => setTimeout(resolve, 600));
        const played = player.currentTime;
        const seeked = until('seeked');
        player.currentTime = 15;
        await seeked;
        const after = player.currentTime;
        await new Promise((resolve) => setTimeout(resolve, 600));
        let pixels = null;
        if (name === 'video') {
          const canvas = document.createElement('canvas');
          canvas.width = player.videoWidth;
          canvas.height = player.videoHeight;
          const drawing = canvas.getContext('2d');
          drawing.drawImage(player, 0, 0);
          // Only a player with permission to read across origins lets its picture be looked at.
          pixels = new Set(drawing.getImageData(0, 0, canvas.width, canvas.height).data).size;
        }
        return { duration: player.duration, played, after, later: player.currentTime, width: player.videoWidth ?? null, pixels };
      }, { tag, source: content.storage_url });
      assert.ok(Math.abs(result.duration - 20) < 0.5, `duration ${result.duration}`);
      assert.ok(result.played > 0.1, `played to ${result.played}`);
      assert.ok(Math.abs(result.after - 15) < 0.5, `sought to ${result.after}`);
      assert.ok(result.later > result.after, 'it goes on after the seek');
      if (tag === 'video') assert.ok(result.width === 160 && result.pixels > 10, `${result.width} wide, ${result.pixels} values`);
      assert.ok(ranges.length > 0 && ranges.every((status) => status === 206 || status === 200), ranges.join());
      await context.close();
    });
  }

  test('a script of another origin logs in, uploads, lists and reads errors', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(siteUrl);
    const result = await page.evaluate(async ({ base, email, password, bytes }) => {
      const json = (body) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
      const { access_token: token } = await (await fetch(`${base}/auth/token`, json({ email, password }))).json();
      const form = new FormData();
      form.append('title', 'From a script');
      form.append('description', 'x');
      form.append('content_type', 'audio');
      form.append('file', new Blob([new Uint8Array(bytes)], { type: 'audio/mpeg' }), 'a.mp3');
      const created = await fetch(`${base}/content`, { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body: form });
      const { id } = await created.json();
      const listed = await fetch(`${base}/content?limit=1`);
      const missing = await fetch(`${base}/content/01890000-0000-7000-8000-000000000000`);
      const deleted = await fetch(`${base}/content/${id}`, { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } });
      return { created: created.status, location: created.headers.get('Location'), link: listed.headers.get('Link'), missing: (await missing.json()).code, deleted: deleted.status };
    }, { base: server.url, email: me.email, password: PASSWORD, bytes: [...song.bytes.subarray(0, 20_000)] });
    assert.equal(result.created, 201);
    assert.ok(result.location, 'Location can be read');
    assert.match(result.link, /rel="next"/);
    assert.equal(result.missing, 'content_not_found');
    assert.equal(result.deleted, 200);
    await context.close();
  });
});
