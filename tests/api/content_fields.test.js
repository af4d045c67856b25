// The fields of a content: what an upload and a change may say of it, and how they refuse the rest.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertInvalid, newUser, upload, uploadParts } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { wav } from '../support/media.js';
import { field, file } from '../support/multipart.js';
import { startServer } from '../support/server.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';

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

  test('an upload is a multipart form or a file', async () => {
    const fields = { title: 'x', description: 'x', content_type: 'audio' };
    for (const body of [{ form: fields }, { json: fields }, { body: sound, headers: { 'Content-Type': 'text/plain' } }]) {
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
