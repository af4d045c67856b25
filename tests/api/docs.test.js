// The pages that explain the API: everything on them comes from this server, under a strict policy.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const OPERATIONS = [
  ['POST', '/auth/register'], ['POST', '/auth/token'], ['GET', '/auth/me'], ['POST', '/content'], ['GET', '/content'],
  ['GET', '/content/{content_id}'], ['PUT', '/content/{content_id}'], ['PATCH', '/content/{content_id}'], ['DELETE', '/content/{content_id}'],
  ['GET', '/content/{content_id}/stream'], ['GET', '/health'], ['GET', '/health/ready'], ['GET', '/health/detailed'],
];
const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

/** A Content-Security-Policy as a map from directive to its words. */
function policy(answer) {
  const header = answer.headers['content-security-policy'];
  assert.ok(header, 'a page has a Content-Security-Policy');
  const directives = header.split(';').map((part) => part.trim().split(/\s+/)).filter(([name]) => name);
  return Object.fromEntries(directives.map(([name, ...words]) => [name, words]));
}

/** Addresses that a page makes a browser load. */
const loaded = (html) =>
  [...html.matchAll(/<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)\s*=\s*["']?([^"'\s>]+)/gi)].map((match) => match[1]);

describe('the API document', () => {
  let server, document;
  before(async () => {
    server = await startServer();
    document = (await server.get('/openapi.json')).json();
  });
  after(() => server?.stop());

  test('is OpenAPI 3.1 and lists every operation once, without trailing slashes', async () => {
    assert.match(document.openapi, /^3\.1\.\d+$/);
    const contract = await server.contract();
    const operations = contract.operations();
    for (const [method, template] of OPERATIONS) {
      assert.ok(operations.some((entry) => entry.method === method && entry.template === template), `${method} ${template}`);
    }
    const ids = operations.flatMap(({ id, operation }) => operation['x-operations']?.map(({ operationId }) => operationId) ?? [id]);
    assert.equal(new Set(ids).size, ids.length);
    for (const { template, operation } of operations) {
      assert.ok(template === '/' || !template.endsWith('/'), template);
      assert.ok(operation.summary, `${template} has a summary`);
    }
  });

  test('lists the header fields of answers: another one, a missing one and a wrong value are told apart', async () => {
    const contract = await server.contract();
    const answer = await server.get('/content?limit=1');
    const check = (changes) => {
      const headers = Object.fromEntries(Object.entries({ ...answer.headers, ...changes }).filter(([, value]) => value !== undefined));
      const changed = { status: answer.status, headers, body: answer.body, json: () => answer.json(), text: () => answer.text() };
      contract.check({ method: 'GET', path: '/content?limit=1', answer: changed });
    };
    check({});
    check({ link: '<http://host/content?limit=1&cursor=x>; rel="next"' });
    assert.throws(() => check({ 'x-other': '1' }), /lists no header field x-other/);
    assert.throws(() => check({ location: '/content/1' }), /lists no header field location/);
    assert.throws(() => check({ 'x-request-id': undefined }), /header field x-request-id is missing/);
    assert.throws(() => check({ 'x-request-id': 'one' }), /x-request-id: .*pattern/);
    assert.throws(() => check({ link: 'http://host/content' }), /link: .*pattern/);
  });

  test('lists what operations take and answer in header fields', () => {
    const { parameters, responses } = document.paths['/content/{content_id}/stream'].get;
    const fields = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name).sort();
    assert.deepEqual(fields, ['If-Match', 'If-Modified-Since', 'If-None-Match', 'If-Range', 'If-Unmodified-Since', 'Range']);
    const names = (response) => Object.keys((response.$ref ? document.components.responses[response.$ref.split('/').pop()] : response).headers);
    const listed = { 200: ['ETag', 'Last-Modified', 'Accept-Ranges', 'Repr-Digest'], 206: ['Content-Range'], 304: ['ETag'], 307: ['Location'], 405: ['Allow'], 416: ['Content-Range'], 503: ['Retry-After'] };
    for (const [status, wanted] of Object.entries(listed)) {
      for (const name of wanted) assert.ok(names(responses[status]).includes(name), `${status} lists ${name}`);
    }
    assert.ok(names(document.paths['/auth/me'].get.responses[401]).includes('WWW-Authenticate'));
    assert.ok(names(document.paths['/content'].get.responses[200]).includes('Link'));
    assert.ok(names(document.paths['/uploads'].post.responses[201]).includes('Location'));
  });

  test('lists no header field that scripts of an allowed origin cannot send or read', async () => {
    const list = (answer, name) => answer.headers[name].split(', ').map((field) => field.toLowerCase());
    const origin = { Origin: 'https://app.example' };
    const preflight = await server.request('OPTIONS', '/content', { headers: { ...origin, 'Access-Control-Request-Method': 'GET' } });
    const sendable = list(preflight, 'access-control-allow-headers');
    const readable = list(await server.get('/content', { headers: origin }), 'access-control-expose-headers');
    const contract = await server.contract();
    for (const { operation } of contract.operations()) {
      const taken = (operation.parameters ?? []).filter((parameter) => parameter.in === 'header').map(({ name }) => name.toLowerCase());
      assert.deepEqual(taken.filter((name) => !sendable.includes(name)), [], operation.operationId);
    }
    // What browsers show anyway, what is for browsers themselves, and what says nothing to a script.
    const others = ['cache-control', 'last-modified', 'vary', 'content-encoding', 'content-disposition', 'cross-origin-resource-policy',
      'access-control-allow-origin', 'access-control-expose-headers', 'content-security-policy', 'referrer-policy',
      'x-content-type-options', 'www-authenticate', 'allow', 'accept-encoding', 'set-cookie'];
    const fields = Object.keys(document.components.headers).map((name) => name.replace(/^Optional-/, '').toLowerCase());
    assert.deepEqual(fields.filter((name) => !readable.includes(name) && !others.includes(name)), []);
  });

  test('has schemas that compile', async () => {
    const contract = await server.contract();
    for (const { template, operation } of contract.operations()) {
      const success = Object.keys(operation.responses).filter((status) => status < 400);
      assert.ok(success.length > 0, template);
      contract.errorsOf({ operation });
    }
    for (const { $ref } of JSON.stringify(document).match(/\{"\$ref":"[^"]+"\}/g).map((text) => JSON.parse(text))) {
      assert.ok(contract.resolve({ $ref }), $ref);
    }
  });

  test('says how to log in', async () => {
    const schemes = Object.values(document.components.securitySchemes);
    const oauth = schemes.find(({ type }) => type === 'oauth2');
    assert.ok(new URL(oauth.flows.password.tokenUrl, `${server.url}/openapi.json`).pathname === '/auth/token');
    const contract = await server.contract();
    const isOpen = ({ operation }) => operation.security.length === 0 || operation.security.some((scheme) => Object.keys(scheme).length === 0);
    assert.deepEqual(
      contract.operations().filter(isOpen).map(({ method, template }) => `${method} ${template}`).sort(),
      ['DELETE /uploads/{upload_id}', 'GET /.well-known/jwks.json', 'GET /auth/oidc/authorize', 'GET /auth/oidc/callback', 'GET /content', 'GET /content/{content_id}', 'GET /content/{content_id}/dash/manifest.mpd',
        'GET /content/{content_id}/file.m4a', 'GET /content/{content_id}/file.mp4', 'GET /content/{content_id}/hls/{playlist}',
        'GET /content/{content_id}/playback/{grant}/dash/manifest.mpd', 'GET /content/{content_id}/playback/{grant}/file.m4a', 'GET /content/{content_id}/playback/{grant}/file.mp4',
        'GET /content/{content_id}/playback/{grant}/hls/{playlist}', 'GET /content/{content_id}/playback/{grant}/segments/{digest}/{track}/{segment}',
        'GET /content/{content_id}/playback/{grant}/stream', 'GET /content/{content_id}/segments/{digest}/{track}/{segment}', 'GET /content/{content_id}/stream', 'GET /health',
        'GET /health/detailed', 'GET /health/ready', 'GET /uploads/{upload_id}', 'HEAD /uploads/{upload_id}', 'PATCH /uploads/{upload_id}', 'POST /auth/oidc/token', 'POST /auth/password-reset', 'POST /auth/password-reset/confirm', 'POST /auth/refresh', 'POST /auth/register',
        'POST /auth/token', 'POST /auth/verify-email', 'POST /auth/verify-email/resend'],
    );
  });

  test('is what `clinikk-tv openapi` prints, apart from the address of the server', async () => {
    const cwd = await temporaryDirectory();
    const printed = await runProgram(['openapi'], { cwd });
    await rm(cwd, { recursive: true });
    assert.equal(printed.code, 0, printed.stderr);
    assert.deepEqual({ ...JSON.parse(printed.stdout), servers: null }, { ...document, servers: null });
  });

  test('is served as JSON that other origins may read', async () => {
    const answer = await server.get('/openapi.json', { headers: { Origin: 'https://editor.example' } });
    assert.match(answer.headers['content-type'], /^application\/(openapi\+|vnd\.oai\.openapi\+)?json/);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
  });
});

describe('pages', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  for (const page of ['/docs', '/redoc']) {
    test(`${page} loads from this server only`, async () => {
      const answer = await server.get(page, { headers: BROWSER });
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-type'], /^text\/html; *charset=utf-8$/i);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      const addresses = loaded(answer.text()).filter((address) => !address.startsWith('data:'));
      assert.ok(addresses.length > 0, 'the page loads something');
      for (const address of addresses) {
        const url = new URL(address, `${server.url}${page}`);
        assert.equal(url.origin, server.url, `${page} loads ${address}`);
        const asset = await server.get(url.pathname + url.search);
        assert.equal(asset.status, 200, address);
        assert.equal(asset.headers['x-content-type-options'], 'nosniff', address);
        if (url.pathname.endsWith('.js')) assert.match(asset.headers['content-type'], /^text\/javascript/, address);
        if (url.pathname.endsWith('.css')) assert.match(asset.headers['content-type'], /^text\/css/, address);
      }
    });

    test(`${page} has a policy that forbids everything foreign`, async () => {
      const directives = policy(await server.get(page, { headers: BROWSER }));
      assert.ok(['\'none\'', '\'self\''].includes(directives['default-src']?.join(' ')), 'default-src');
      const scripts = directives['script-src'] ?? directives['default-src'];
      assert.ok(!scripts.includes("'unsafe-inline'") && !scripts.includes("'unsafe-eval'"), `script-src ${scripts}`);
      for (const [name, words] of Object.entries(directives)) {
        assert.ok(!words.some((word) => word === '*' || /^https?:/.test(word)), `${name} ${words.join(' ')}`);
      }
      assert.deepEqual(directives['frame-ancestors'], ["'none'"]);
      const styles = directives['style-src'] ?? [];
      if (page === '/docs') assert.ok(!styles.includes("'unsafe-inline'"), 'only /redoc may have inline styles');
    });
  }

  test('assets are kept by browsers and revalidated by name or tag', async () => {
    const html = (await server.get('/docs', { headers: BROWSER })).text();
    const script = loaded(html).find((address) => address.includes('.js'));
    const { pathname, search } = new URL(script, `${server.url}/docs`);
    const first = await server.get(pathname + search);
    assert.ok(first.headers.etag || /immutable|max-age/.test(first.headers['cache-control'] ?? ''), 'no caching at all');
    if (first.headers.etag) {
      const again = await server.get(pathname + search, { headers: { 'If-None-Match': first.headers.etag } });
      assert.equal(again.status, 304);
    }
  });

  test('nothing outside the assets can be fetched through their address', async () => {
    const html = (await server.get('/docs', { headers: BROWSER })).text();
    const folder = new URL(loaded(html)[0], `${server.url}/docs`).pathname.replace(/[^/]*$/, '');
    for (const name of ['..%2f..%2fetc%2fpasswd', '%2e%2e/openapi.json', 'nothing.js', '..\\..\\x', '%00']) {
      const answer = await server.get(folder + name, { check: false });
      assert.ok([400, 404].includes(answer.status), `${name} -> ${answer.status}`);
    }
  });

  test('a browser at / is led to /docs', async () => {
    const answer = await server.get('/', { headers: BROWSER });
    assert.ok([302, 303, 307, 308].includes(answer.status), `status ${answer.status}`);
    assert.equal(new URL(answer.headers.location, server.url).href, `${server.url}/docs`);
  });

  test('every error code that the document knows has a page', async () => {
    const contract = await server.contract();
    const listed = contract.operations().flatMap((operation) => contract.errorsOf(operation));
    const statuses = new Map(listed.map(({ code, status }) => [code, status]));
    assert.ok(statuses.size > 10, [...statuses.keys()].join());
    for (const [code, status] of statuses) {
      const answer = await server.get(`/problems/${code}`, { headers: BROWSER });
      assert.equal(answer.status, 200, code);
      assert.match(answer.headers['content-type'], /^text\/html/);
      assert.ok(answer.text().includes(code) && answer.text().includes(String(status)), code);
      policy(answer);
    }
  });

  test('an error code nobody knows has none', async () => {
    for (const name of ['no_such_code', '%3Cscript%3Ealert(1)%3C%2Fscript%3E']) {
      const answer = await server.get(`/problems/${name}`, { headers: BROWSER, check: false });
      assert.equal(answer.status, 404);
      assert.ok(!answer.text().includes('<script>alert'), name);
    }
  });

  test('the type of a problem is the address of its page', async () => {
    const problem = (await server.get('/nothing/here')).json();
    const { pathname } = new URL(problem.type);
    const page = await server.get(pathname, { headers: BROWSER });
    assert.equal(page.status, 200);
    assert.ok(page.text().includes(problem.title));
  });
});

test('docs/security.md answers each requirement once, and names tests that exist', () => {
  const text = readFileSync(path.join(ROOT, 'docs/security.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+?) \| (.+) \|$/gm)].map(([, id, level, what, status, reason]) => ({ id, level, what, status, reason }));
  const count = (wanted) => rows.filter(({ status }) => status === wanted).length;
  const counts = /All (\d+) requirements: (\d+) are met, (\d+) are not, and (\d+) do not apply/.exec(text).slice(1).map(Number);
  assert.deepEqual([rows.length, count('met'), count('not met'), count('not applicable')], counts);
  assert.equal(rows.length, 253, 'those of levels 1 and 2 of ASVS 5.0.0');
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
  for (const { id, status, reason } of rows) {
    const files = [...reason.matchAll(/`(tests\/[^`]+)`/g)].map(([, file]) => file);
    assert.ok(status !== 'met' || files.length > 0, `${id} is met by no test`);
    for (const file of files) assert.ok(existsSync(path.join(ROOT, file)), `${id}: ${file} is not there`);
  }
});
