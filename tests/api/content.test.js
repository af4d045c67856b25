// The catalogue: what may be stored under which words, who may change it, and how it is paged through.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { listAll, newUser, nextLink, upload, uploadParts } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { wav } from '../support/media.js';
import { field, file } from '../support/multipart.js';
import { startServer } from '../support/server.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';

function assertInvalid(answer, expected) {
  assert.equal(answer.status, 422, answer.text());
  assert.equal(answer.json().code, 'validation_failed');
  assert.deepEqual(answer.json().errors.map(({ pointer }) => pointer).sort(), [...expected].sort());
}

describe('fields of a content', () => {
  let server, token, id;
  const sound = wav(1000);
  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
    ({ id } = await upload(server, token, sound, { title: 'The one to change' }));
  });
  after(() => server?.stop());

  const create = (over) => server.post('/content', { token, multipart: uploadParts(sound, over) });
  const long = (length) => 'x'.repeat(length);

  // [what, fields, where it is wrong]; the same rules hold for uploads and changes, whatever the body's form.
  const WRONG = [
    ['an empty title', { title: '' }, ['#/title']],
    ['a blank title', { title: ' \t \n ' }, ['#/title']],
    ['a title of 201 characters', { title: long(201) }, ['#/title']],
    ['a title with an escape character', { title: 'a\u001b[31mb' }, ['#/title']],
    ['a title of two lines', { title: 'a\nb' }, ['#/title']],
    ['a title of two lines with CRLF', { title: 'a\r\nb' }, ['#/title']],
    ['a title with a tab', { title: 'a\tb' }, ['#/title']],
    ['a title with a line separator', { title: 'a\u2028b' }, ['#/title']],
    ['a description without end', { description: long(5_001) }, ['#/description']],
    ['a film', { content_type: 'film' }, ['#/content_type']],
    ['a VIDEO', { content_type: 'VIDEO' }, ['#/content_type']],
    ['no kind', { content_type: '' }, ['#/content_type']],
    ['a negative duration', { duration: '-1' }, ['#/duration']],
    ['a broken duration', { duration: '1.5' }, ['#/duration']],
    ['a duration in words', { duration: 'long' }, ['#/duration']],
    ['a duration in hexadecimal', { duration: '0x10' }, ['#/duration']],
    ['a duration with a plus', { duration: '+5' }, ['#/duration']],
    ['a duration with a space', { duration: ' 5' }, ['#/duration']],
    ['a duration past all integers', { duration: '99999999999999999999' }, ['#/duration']],
    ['a script as thumbnail', { thumbnail_url: 'javascript:alert(1)' }, ['#/thumbnail_url']],
    ['data as thumbnail', { thumbnail_url: 'data:image/png;base64,AAAA' }, ['#/thumbnail_url']],
    ['ftp as thumbnail', { thumbnail_url: 'ftp://example.com/a.png' }, ['#/thumbnail_url']],
    ['a file as thumbnail', { thumbnail_url: 'file:///etc/passwd' }, ['#/thumbnail_url']],
    ['a thumbnail without host', { thumbnail_url: 'http://' }, ['#/thumbnail_url']],
    ['a thumbnail with another path', { thumbnail_url: '/a.png' }, ['#/thumbnail_url']],
    ['a thumbnail with spaces', { thumbnail_url: 'http://example.com/a b.png' }, ['#/thumbnail_url']],
    ['a thumbnail with a line end', { thumbnail_url: 'http://example.com/\r\nX: y' }, ['#/thumbnail_url']],
    ['a thumbnail with credentials', { thumbnail_url: 'http://a:b@example.com/' }, ['#/thumbnail_url']],
    ['a language that is none', { language: 'english language' }, ['#/language']],
    ['a language without end', { language: `en-x${'-abcdefgh'.repeat(20)}` }, ['#/language']],
    ['a thumbnail without end', { thumbnail_url: `http://example.com/${long(2048)}` }, ['#/thumbnail_url']],
    [
      'all of it wrong at once',
      { title: '', content_type: 'film', duration: 'x', thumbnail_url: 'x' },
      ['#/content_type', '#/duration', '#/thumbnail_url', '#/title'],
    ],
  ];
  for (const [what, fields, expected] of WRONG) {
    test(`${what} is refused`, async () => {
      assertInvalid(await create(fields), expected);
      assertInvalid(await server.put(`/content/${id}`, { token, form: fields }), expected);
      const parts = Object.entries(fields).map(([name, value]) => field(name, value));
      assertInvalid(await server.put(`/content/${id}`, { token, multipart: parts }), expected);
      assertInvalid(await server.put(`/content/${id}`, { token, json: fields }), expected);
    });
  }

  test('an upload of nothing names everything that is missing', async () => {
    assertInvalid(await server.post('/content', { token, multipart: [] }), ['#/content_type', '#/description', '#/file', '#/title']);
  });

  for (const missing of ['title', 'description', 'content_type']) {
    test(`an upload needs ${missing}`, async () => assertInvalid(await create({ [missing]: null }), [`#/${missing}`]));
  }

  test('an upload needs a file', async () => {
    const parts = uploadParts(sound).slice(0, -1);
    assertInvalid(await server.post('/content', { token, multipart: parts }), ['#/file']);
  });

  test('an upload is a multipart form', async () => {
    const fields = { title: 'x', description: 'x', content_type: 'audio' };
    for (const body of [{ form: fields }, { json: fields }, { body: 'x', headers: { 'Content-Type': 'audio/wav' } }]) {
      const answer = await server.post('/content', { token, ...body });
      assert.equal(answer.status, 415, answer.text());
    }
  });

  test('form fields that nobody knows are ignored', async () => {
    const answer = await server.post('/content', { token, multipart: [field('colour', 'blue'), ...uploadParts(sound), field('id', NOBODY)] });
    assert.equal(answer.status, 201, answer.text());
    assert.notEqual(answer.json().id, NOBODY);
    const changed = await server.put(`/content/${id}`, { token, form: { colour: 'blue', owner_id: NOBODY } });
    assert.equal(changed.status, 200);
    assert.notEqual(changed.json().owner_id, NOBODY);
  });

  test('what a form leaves empty is not given', async () => {
    const made = await create({ duration: '', thumbnail_url: '', language: '' });
    assert.equal(made.status, 201, made.text());
    assert.equal(made.json().thumbnail_url, null);
    assert.equal(made.json().language, null);
    assert.equal(made.json().duration, 0);
  });

  test('an empty text field of a form clears, an empty number stays', async () => {
    const given = { duration: '7', thumbnail_url: 'https://example.com/a.png', language: 'en' };
    const empty = { duration: '', thumbnail_url: '', language: '' };
    const { id: changed } = (await create(given)).json();
    for (const body of [{ form: empty }, { multipart: Object.entries(empty).map(([name, value]) => field(name, value)) }]) {
      assert.equal((await server.put(`/content/${changed}`, { token, form: given })).status, 200);
      const answer = await server.put(`/content/${changed}`, { token, ...body });
      assert.equal(answer.status, 200, answer.text());
      const { duration, thumbnail_url, language } = answer.json();
      assert.deepEqual({ duration, thumbnail_url, language }, { duration: 7, thumbnail_url: null, language: null });
    }
    assertInvalid(await server.put(`/content/${changed}`, { token, json: empty }), ['#/duration', '#/language', '#/thumbnail_url']);
  });

  for (const method of ['put', 'patch']) {
    test(`${method}: left out stays, null clears, a value sets`, async () => {
      const given = { duration: 7, thumbnail_url: 'https://example.com/a.png', language: 'pt-br' };
      const made = (await create()).json();
      const change = async (json, headers) => {
        const answer = await server[method](`/content/${made.id}`, { token, json, headers });
        assert.equal(answer.status, 200, answer.text());
        assert.deepEqual((await server.get(`/content/${made.id}`)).json(), answer.json());
        const { title, duration, thumbnail_url, language } = answer.json();
        return { title, duration, thumbnail_url, language };
      };
      const full = { title: made.title, ...given, language: 'pt-BR' };
      assert.deepEqual(await change(given), full);
      assert.deepEqual(await change({}), full);
      assert.deepEqual(await change({ thumbnail_url: null }), { ...full, thumbnail_url: null });
      assert.deepEqual(await change({ title: 'Other', language: null }, { 'Content-Type': 'application/merge-patch+json' }), {
        ...full,
        title: 'Other',
        thumbnail_url: null,
        language: null,
      });
      const cleared = await change({ duration: null });
      assert.equal(cleared.duration, null);
    });

    test(`${method}: what every content has cannot be cleared`, async () => {
      const json = { title: null, description: null, content_type: null };
      assertInvalid(await server[method](`/content/${id}`, { token, json }), ['#/content_type', '#/description', '#/title']);
    });
  }

  for (const [what, json, expected] of [
    ['a member nobody knows', { colour: 'blue' }, ['#/colour']],
    ['a member that is not for changing', { owner_id: NOBODY, status: 'ready', size: 1 }, ['#/owner_id', '#/size', '#/status']],
    ['a number as title', { title: 5 }, ['#/title']],
    ['a list as title', { title: ['x'] }, ['#/title']],
    ['a text as duration', { duration: '5' }, ['#/duration']],
    ['a broken number as duration', { duration: 1.5 }, ['#/duration']],
    ['a boolean as duration', { duration: true }, ['#/duration']],
    ['a huge number as duration', { duration: 1e30 }, ['#/duration']],
  ]) {
    test(`JSON with ${what} is refused`, async () => {
      assertInvalid(await server.put(`/content/${id}`, { token, json }), expected);
    });
  }

  test('a change of nothing changes nothing but the time', async () => {
    const then = (await server.get(`/content/${id}`)).json();
    const answer = await server.put(`/content/${id}`, { token, json: {} });
    assert.equal(answer.status, 200);
    assert.deepEqual({ ...answer.json(), updated_at: 0 }, { ...then, updated_at: 0 });
  });

  for (const [what, fields] of [
    ['a title of 200 characters', { title: long(200) }],
    ['a title of 200 characters that are four bytes each', { title: '\u{1F9D8}'.repeat(200) }],
    ['a title in Arabic and Hebrew', { title: 'تمارين الصباح — תרגילי בוקר' }],
    ['a title in Chinese, Hindi and Greek', { title: '瑜伽 योग γιόγκα' }],
    ['a title with a family', { title: '👩‍👩‍👧‍👦 at home' }],
    ['a title of quotes and markup', { title: `"it's" <b>&amp;</b> \\ %00 ../.. '; DROP TABLE contents; --` }],
    ['a description of many lines', { description: 'one\ntwo\n\n\tthree' }],
    ['no words of description', { description: '' }],
    ['a duration of nothing', { duration: '0' }],
    ['a thumbnail under a name in another script', { thumbnail_url: 'https://xn--e1afmkfd.example/%D1%84.png?a=b&c=d#e' }],
    ['a language', { language: 'zh-Hant-TW' }],
    ['a thumbnail at a port', { thumbnail_url: 'http://127.0.0.1:8080/a.png' }],
  ]) {
    test(`${what} comes back as it was sent`, async () => {
      const shown = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, name === 'duration' ? Number(value) : value]));
      const answer = await create(fields);
      assert.equal(answer.status, 201, answer.text());
      const created = answer.json();
      for (const [name, value] of Object.entries(shown)) assert.equal(created[name], value);
      const changed = await server.put(`/content/${id}`, { token, json: shown });
      for (const [name, value] of Object.entries(shown)) assert.equal(changed.json()[name], value);
      assert.deepEqual((await server.get(`/content/${created.id}`)).json(), created);
      assert.equal((await server.delete(`/content/${created.id}`, { token })).status, 200);
    });
  }

  test('text that is no UTF-8 is refused', async () => {
    const parts = [field('title', Buffer.from([0x61, 0xff, 0x62])), ...uploadParts(sound, { title: null })];
    assertInvalid(await server.post('/content', { token, multipart: parts }), ['#/title']);
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const escaped = await server.put(`/content/${id}`, { token, body: 'title=a%ff', headers });
    assert.ok([400, 422].includes(escaped.status), escaped.text());
  });

  test('text with NUL is refused', async () => {
    assertInvalid(await create({ title: 'a\0b' }), ['#/title']);
    assertInvalid(await server.put(`/content/${id}`, { token, json: { title: 'a\0b' } }), ['#/title']);
    const escaped = await server.put(`/content/${id}`, { token, form: { title: 'a\0b' } });
    assert.ok([400, 422].includes(escaped.status), escaped.text());
  });

  test('a urlencoded form is read as the URL standard says', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' };
    const change = (body) => server.put(`/content/${id}`, { token, body, headers });
    assert.equal((await change('title=a+b%2Bc%26d%3De&&unknown')).json().title, 'a b+c&d=e');
    assert.equal((await change('title=%E2%9C%93')).json().title, '✓');
  });

  test('a field given twice is refused', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    assertInvalid(await server.put(`/content/${id}`, { token, body: 'title=a&title=b', headers }), ['#/title']);
    assertInvalid(await server.put(`/content/${id}`, { token, multipart: [field('title', 'a'), field('title', 'b')] }), ['#/title']);
  });

  test('a text field that came as a file is refused or taken as its text', async () => {
    const parts = [file('title', 'title.txt', 'From a file'), ...uploadParts(sound, { title: null })];
    const answer = await server.post('/content', { token, multipart: parts });
    if (answer.status === 201) assert.equal(answer.json().title, 'From a file');
    else assert.ok([400, 422].includes(answer.status), answer.text());
  });

  test('what was refused left nothing behind', () => assertNothingLeftBehind(server));
});

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
