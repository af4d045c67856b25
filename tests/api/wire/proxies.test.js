// Where the service says that it is, and who it says that asks: from Host, from the connection, from trusted proxies.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser, upload } from '../../support/client.js';
import { wav } from '../../support/media.js';
import { startServer } from '../../support/server.js';

const FORWARDED = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'tv.example:8443', 'X-Forwarded-Prefix': '/media/', 'X-Forwarded-For': '203.0.113.7' };

/** Two contents, and the addresses that the first page gives. */
async function addresses(server, headers) {
  const answer = await server.get('/content?limit=1', { headers, check: false });
  return { storage: answer.json()[0].storage_url, link: answer.headers.link };
}

async function filled(env) {
  const server = await startServer({ env: { LOG_FORMAT: 'json', ...env } });
  const { token } = await newUser(server);
  const { id } = await upload(server, token, wav(1000));
  await upload(server, token, wav(1001));
  return { server, token, id };
}

describe('without a Host', () => {
  let server;
  before(async () => ({ server } = await filled({})));
  after(() => server?.stop());

  test('addresses are those of the connection', async () => {
    const answer = await server.raw('GET /content?limit=1 HTTP/1.0\r\n\r\n');
    const [content] = answer.json();
    assert.ok(content.storage_url.startsWith(`${server.url}/content/`), content.storage_url);
    assert.ok(answer.headers.link.startsWith(`<${server.url}/content?`), answer.headers.link);
    assert.equal((await server.raw('GET /nothing HTTP/1.0\r\n\r\n')).json().type, `${server.url}/problems/not_found`);
    assert.equal((await server.raw('GET / HTTP/1.0\r\n\r\n')).headers.location, `${server.url}/docs`);
  });
});

describe('X-Forwarded fields', () => {
  let trusting, cautious;
  before(async () => {
    trusting = await filled({ TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.1' });
    cautious = await filled({ TRUSTED_PROXIES: '10.0.0.0/8' });
  });
  after(() => Promise.all([trusting?.server.stop(), cautious?.server.stop()]));

  test('of a trusted proxy count', async () => {
    const { server, token } = trusting;
    const { storage, link } = await addresses(server, FORWARDED);
    assert.ok(storage.startsWith('https://tv.example:8443/media/content/'), storage);
    assert.ok(link.startsWith('<https://tv.example:8443/media/content?'), link);
    const answer = await server.post('/content', { token, headers: FORWARDED, check: false, multipart: [] });
    assert.ok(answer.json().type.startsWith('https://tv.example:8443/media/problems/'));
    await server.logs('"client":"203.0.113.7"');
    const docs = await server.get('/docs', { headers: FORWARDED, check: false });
    assert.match(docs.text(), /src="\/media\/docs\/assets\/start\.js"/);
    assert.doesNotMatch(docs.text(), /="\/docs/);
    const document = await server.get('/openapi.json', { headers: FORWARDED, check: false });
    assert.equal(document.json().servers[0].url, '/media/');
    assert.match(document.text(), /"tokenUrl": "\/media\/auth\/token"/);
  });

  test('of anybody else do not', async () => {
    const { server } = cautious;
    const { storage, link } = await addresses(server, FORWARDED);
    assert.ok(storage.startsWith(`${server.url}/content/`), storage);
    assert.ok(link.startsWith(`<${server.url}/content?`), link);
    assert.ok(!server.log.includes('203.0.113.7'));
  });

  for (const [name, value] of [
    ['X-Forwarded-Host', 'evil.example>; rel="x"'], ['X-Forwarded-Host', 'a, b'], ['X-Forwarded-Host', 'user@evil.example'],
    ['X-Forwarded-Proto', 'javascript'], ['X-Forwarded-Proto', 'https, http'], ['X-Forwarded-Prefix', '//evil.example'],
    ['X-Forwarded-Prefix', '/"><script>'], ['X-Forwarded-Prefix', '/../..'], ['Forwarded', 'for=9.9.9.9;host=evil.example;proto=https'],
  ]) {
    test(`${name}: ${value} changes nothing`, async () => {
      const { server } = trusting;
      const { storage, link } = await addresses(server, { [name]: value });
      assert.ok(storage.startsWith(`${server.url}/content/`), storage);
      assert.ok(link.startsWith(`<${server.url}/content?`), link);
    });
  }

  test('the client is the rightmost that is not a proxy, and never what it made up', async () => {
    const { server } = trusting;
    await server.get('/health', { headers: { 'X-Forwarded-For': '198.51.100.1, 198.51.100.2, 10.1.2.3' } });
    await server.logs('"client":"198.51.100.2"');
    await server.get('/health', { headers: { 'X-Forwarded-For': 'forged"} text, 10.9.9.9' } });
    await server.logs('"client":"10.9.9.9"');
    assert.ok(!server.log.includes('198.51.100.1"') && !server.log.includes('forged'));
  });

  test('PUBLIC_URL wins', async () => {
    const { server } = await filled({ TRUSTED_PROXIES: '127.0.0.1', PUBLIC_URL: 'https://public.example/tv' });
    try {
      assert.ok((await addresses(server, FORWARDED)).storage.startsWith('https://public.example/tv/content/'));
    } finally {
      await server.stop();
    }
  });
});

describe('the log', () => {
  let server, id;
  before(async () => ({ server, id } = await filled({})));
  after(() => server?.stop());

  test('has paths by their route, with ids, and no secret that was put into an address', async () => {
    const secret = 'eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl';
    for (const target of [`/${secret}`, `/content/${secret}`, `/content/${secret}/stream`, `/content?cursor=${secret}`, `/problems/${secret}`,
      `/docs/assets/${secret}`, `/content/${id}/stream?token=${secret}`, `/content/${id}/${secret}`, `/content/${secret}/a/b/c/d/e/f/g/h`]) {
      await server.get(target, { check: false });
      await server.request('PATCH', target, { check: false });
      await server.request('OPTIONS', target, { check: false });
    }
    await server.get(`/content/${id}/`);
    for (const path of [`/content/${id}/stream`, `/content/${id}/`, '/content/{content_id}', '/problems/{code}', '/docs/assets/{name}', '-']) await server.logs(`"path":"${path}"`);
    assert.ok(!server.log.includes(secret) && !server.log.includes('c2VjcmV0'));
  });
});
