// The catalogue: where a content stands, who may change it, and how it is paged through.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertInvalid, listAll, newUser, nextLink, upload, uploadParts } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { wav } from '../support/media.js';
import { startServer } from '../support/server.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';

describe('addresses of a content', () => {
  let server, token, content;
  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
    content = await upload(server, token, wav());
  });
  after(() => server?.stop());

  test('with and without a trailing slash are alike', async () => {
    assert.deepEqual((await server.get('/content/')).json(), (await server.get('/content')).json());
    assert.deepEqual((await server.get(`/content/${content.id}/`)).json(), content);
    assert.equal((await server.get(`/content/${content.id}/stream/`)).status, 200);
    assert.equal((await server.get('/auth/me/', { token })).status, 200);
    assert.equal((await server.get('/content/?limit=1')).json().length, 1);
    const created = await server.post('/content/', { token, multipart: uploadParts(wav(500)) });
    assert.equal(created.status, 201);
    assert.equal((await server.put(`/content/${created.json().id}/`, { token, form: { title: 'x' } })).status, 200);
    assert.equal((await server.delete(`/content/${created.json().id}/`, { token })).status, 200);
  });

  for (const id of [NOBODY, 'nothing', '1', '%00', '%2e%2e', "'%20OR%201=1", '*', 'x'.repeat(300), '..%2f..%2fetc%2fpasswd', '0'.repeat(32), `{${NOBODY}}`, '%ff']) {
    test(`nothing is at ${id.slice(0, 40)}`, async () => {
      for (const [method, suffix, options] of [['GET', ''], ['GET', '/stream'], ['PUT', '', { form: { title: 'x' } }], ['DELETE', '']]) {
        const answer = await server.request(method, `/content/${id}${suffix}`, { token, ...options });
        // An octet that no path may hold is a malformed request; everything else is simply not there.
        assert.ok(answer.status === 404 || (answer.status === 400 && /%00|%ff/.test(id)), `${method} ${answer.status}`);
        if (answer.status === 404) assert.equal(answer.json().detail, 'Content not found');
      }
    });
  }

  test('an id is the same in capitals', async () => {
    const answer = await server.get(`/content/${content.id.toUpperCase()}`);
    assert.ok([200, 404].includes(answer.status));
    if (answer.status === 200) assert.deepEqual(answer.json(), content);
  });

  for (const target of ['/contents', '/content/a/b', '//content', '/Content', '/auth', '/auth/', '/health/x', '/content/..', '/.env', '/data/clinikk.db', '/content/../health']) {
    test(`nothing is at ${target}`, async () => {
      const answer = await server.get(target, { check: false });
      assert.ok([400, 404].includes(answer.status), `${answer.status}`);
      assert.equal(answer.json().code, answer.status === 404 ? (answer.json().code === 'content_not_found' ? 'content_not_found' : 'not_found') : 'bad_request');
    });
  }

  test('a query that nobody asked for changes nothing', async () => {
    assert.deepEqual((await server.get(`/content/${content.id}?a=b&_=1`)).json(), content);
    assert.equal((await server.get('/content?utm_source=mail')).status, 200);
  });
});

describe('permissions', () => {
  let server, owner, stranger, content;
  before(async () => {
    server = await startServer();
    [owner, stranger] = [await newUser(server), await newUser(server)];
    content = await upload(server, owner.token, wav());
  });
  after(() => server?.stop());

  test('a stranger may look but not touch', async () => {
    const { token } = stranger;
    assert.deepEqual((await server.get(`/content/${content.id}`, { token })).json(), content);
    for (const answer of [
      await server.put(`/content/${content.id}`, { token, form: { title: 'Mine now' } }),
      await server.put(`/content/${content.id}`, { token, json: { title: 'Mine now' } }),
      await server.patch(`/content/${content.id}`, { token, json: { title: 'Mine now' } }),
      await server.delete(`/content/${content.id}`, { token }),
    ]) {
      assert.equal(answer.status, 403);
      assert.equal(answer.json().code, 'forbidden');
    }
    assert.deepEqual((await server.get(`/content/${content.id}`)).json(), content);
  });

  test('the owner may do both', async () => {
    const { token } = owner;
    assert.equal((await server.put(`/content/${content.id}`, { token, form: { title: 'Mine' } })).json().title, 'Mine');
    assert.equal((await server.delete(`/content/${content.id}`, { token })).status, 200);
    await assertNothingLeftBehind(server);
  });
});

describe('listing', () => {
  let server, token;
  const COUNT = 105;
  const created = []; // oldest first

  before(async () => {
    server = await startServer({ env: { MAX_UPLOADS_PER_USER: 16 } });
    ({ token } = await newUser(server));
    for (let i = 0; i < COUNT; i += 5) {
      const batch = Array.from({ length: Math.min(5, COUNT - i) }, (_, k) => upload(server, token, wav(300, i + k), { title: `Number ${i + k}` }));
      created.push(...(await Promise.all(batch)));
    }
    // Within a batch the order is the server's; across batches it is ours.
    created.sort((a, b) => (a.created_at === b.created_at ? (a.id < b.id ? -1 : 1) : a.created_at < b.created_at ? -1 : 1));
  });
  after(() => server?.stop());

  const ids = (contents) => contents.map(({ id }) => id);
  const newestFirst = () => ids(created).reverse();

  test('names the host it was asked under, whoever asked before', async () => {
    for (const host of ['one.example', 'two.example', 'one.example']) {
      const [first] = (await server.get('/content?limit=1', { headers: { Host: host }, publicUrl: `http://${host}` })).json();
      assert.ok(first.storage_url.startsWith(`http://${host}/`), first.storage_url);
    }
  });

  test('is of 100 at most, the newest first', async () => {
    for (const query of ['', '?limit=100', '?limit=101', '?limit=5000', '?limit=2147483648']) {
      const answer = await server.get(`/content${query}`);
      assert.equal(answer.status, 200, query);
      assert.deepEqual(ids(answer.json()), newestFirst().slice(0, 100), query);
      assert.ok(nextLink(answer), query);
    }
  });

  test('skips and limits as asked', async () => {
    for (const [skip, limit] of [[0, 1], [1, 1], [3, 7], [100, 100], [104, 5], [105, 5], [9999, 5]]) {
      const answer = await server.get(`/content?skip=${skip}&limit=${limit}`);
      assert.deepEqual(ids(answer.json()), newestFirst().slice(skip, skip + limit), `skip ${skip}, limit ${limit}`);
    }
  });

  for (const [query, expected] of [
    ['limit=0', ['#/limit']], ['limit=-1', ['#/limit']], ['limit=ten', ['#/limit']], ['limit=', ['#/limit']], ['limit=1.0', ['#/limit']],
    ['limit=1e2', ['#/limit']], ['skip=-1', ['#/skip']], ['skip=x', ['#/skip']], ['skip=99999999999999999999', ['#/skip']],
    ['content_type=film', ['#/content_type']], ['content_type=', ['#/content_type']], ['sort=random', ['#/sort']],
    ['limit=1&limit=2', ['#/limit']], ['limit=0&skip=-1&content_type=x&sort=y', ['#/content_type', '#/limit', '#/skip', '#/sort']],
  ]) {
    test(`refuses ?${query}`, async () => assertInvalid(await server.get(`/content?${query}`), expected));
  }

  test('sorts both ways', async () => {
    assert.deepEqual(ids(await listAll(server, '?sort=newest_first&limit=40')), newestFirst());
    assert.deepEqual(ids(await listAll(server, '?sort=oldest_first&limit=40')), ids(created));
  });

  test('filters by kind, on every page', async () => {
    const all = await listAll(server, '?content_type=audio&limit=30');
    assert.deepEqual(ids(all), newestFirst());
    const none = await server.get('/content?content_type=video');
    assert.deepEqual(none.json(), []);
    assert.equal(nextLink(none), null);
  });

  test('has no next page where nothing follows', async () => {
    const exactly = await server.get(`/content?skip=${COUNT - 10}&limit=10`);
    assert.equal(exactly.json().length, 10);
    assert.equal(nextLink(exactly), null);
  });

  test('links to pages of this server, by absolute or relative address', async () => {
    const { link } = (await server.get('/content?limit=10')).headers;
    const address = /<([^>]+)>/.exec(link)[1];
    assert.equal(new URL(address, `${server.url}/content`).origin, server.url);
    assert.match(link, /rel="?next"?/);
  });

  test('refuses a cursor that it did not make', async () => {
    const next = new URL(nextLink(await server.get('/content?limit=10')), server.url);
    const known = new Set(['skip', 'limit', 'content_type', 'sort']);
    const name = [...next.searchParams.keys()].find((key) => !known.has(key));
    assert.ok(name, `a cursor in ${next.search}`);
    for (const value of ['', 'x', 'AAAA', "' OR 1=1", next.searchParams.get(name).slice(1), `${next.searchParams.get(name)}x`, 'z'.repeat(2000)]) {
      const answer = await server.get(`/content?limit=10&${name}=${encodeURIComponent(value)}`);
      // A cursor with a byte less may still be one, of another place.
      if (answer.status !== 200) assertInvalid(answer, [`#/${name}`]);
      assert.ok(answer.status === 422 || value.length > 10, `${name}=${value} -> ${answer.status}`);
    }
  });

  // This one changes the catalogue, so it is the last.
  test('covers all exactly once while others come and go', async () => {
    const seen = [];
    let target = '/content?limit=10';
    for (let page = 0; target; ++page) {
      const answer = await server.get(target);
      seen.push(...ids(answer.json()));
      target = nextLink(answer);
      await upload(server, token, wav(310, 1000 + page), { title: 'Came in between' });
      // The content that the cursor points at goes too.
      if (page === 2) assert.equal((await server.delete(`/content/${seen.at(-1)}`, { token })).status, 200);
    }
    assert.deepEqual(seen, newestFirst());
  });

  test('leaves nothing behind', () => assertNothingLeftBehind(server));
});
