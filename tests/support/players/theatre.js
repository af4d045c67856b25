// A web app of another origin than the server's, in Chromium, that has each player and plays films with it.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { launchBrowser } from '../browser.js';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const packages = path.resolve(createRequire(import.meta.url).resolve('hls.js/package.json'), '../..');
const SCRIPTS = {
  'page.js': here('page.js'),
  'hls.js': path.join(packages, 'hls.js/dist/hls.min.js'),
  'Shaka': path.join(packages, 'shaka-player/dist/shaka-player.compiled.js'),
  'dash.js': path.join(packages, 'dashjs/dist/modern/umd/dash.all.min.js'),
};
const page = (script) => `<!doctype html><meta charset="utf-8"><title>${script}</title><body><video muted playsinline></video>
${[script, 'page.js'].filter((name) => name in SCRIPTS).map((name) => `<script src="/${name}"></script>`).join('\n')}`;

/** Every way to play, and which address of a content it begins with; none: the file that starts fast. */
export const PLAYERS = {
  'hls.js': { script: 'hls.js', address: 'hls/master.m3u8' },
  'Shaka, HLS': { script: 'Shaka', address: 'hls/master.m3u8' },
  'Shaka, DASH': { script: 'Shaka', address: 'dash/manifest.mpd' },
  'dash.js': { script: 'dash.js', address: 'dash/manifest.mpd' },
  'Chromium, HLS': { script: 'video element', address: 'hls/master.m3u8', isNative: true },
  'Chromium, file': { script: 'video element', isNative: true },
};

const SEEKS = [0.7, 0.35, 0.92, 0.05, 0.55];

/** Starts the site and the browser. */
export async function openTheatre() {
  const site = http.createServer(serve);
  await once(site.listen(0, '127.0.0.1'), 'listening');
  const browser = await launchBrowser();
  return new Theatre(browser, site);
}

async function serve(request, response) {
  const url = new URL(request.url, 'http://site/');
  if (url.pathname === '/') return response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page(url.searchParams.get('script')));
  const script = SCRIPTS[url.pathname.slice(1)];
  if (!script) return response.writeHead(404).end();
  response.setHeader('Content-Type', 'text/javascript').end(await readFile(script));
}

class Theatre {
  #browser;
  #site;

  constructor(browser, site) {
    this.#browser = browser;
    this.#site = site;
  }

  /**
   * Plays what `url` leads to with a player of PLAYERS, on a page of its own, and returns what page.js saw. `spoil`, if
   * given, changes segments on their way: `spoil(type, bytes)` returns the bytes that the player gets.
   */
  async play(player, url, { spoil } = {}) {
    const context = await this.#browser.newContext();
    try {
      const page = await context.newPage();
      const refused = [];
      page.on('response', (response) => {
        if (response.status() >= 400 && !response.url().endsWith('/favicon.ico')) refused.push(`${response.status()} ${response.url()}`);
      });
      page.on('console', (message) => {
        if (/CORS/.test(message.text())) refused.push(message.text());
      });
      page.on('pageerror', (error) => refused.push(String(error)));
      if (spoil) await page.route('**/segments/**', (route) => forwardSpoiled(route, spoil));
      const { script } = PLAYERS[player];
      await page.goto(`http://127.0.0.1:${this.#site.address().port}/?script=${encodeURIComponent(script)}`);
      const seen = await page.evaluate((args) => window.theatre.play(...args), [script, url, SEEKS])
        .catch((error) => { throw new Error(`${error.message}\n${refused.join('\n')}`, { cause: error }); });
      return { ...seen, refused };
    } finally {
      await context.close();
    }
  }

  async close() {
    await this.#browser.close();
    this.#site.close();
  }
}

async function forwardSpoiled(route, spoil) {
  const response = await route.fetch();
  const body = spoil(response.headers()['content-type'], await response.body());
  await route.fulfill({ response, body });
}
