// Who may see, find, play and change which content. The table is written by hand, and every caller tries every
// operation on every content.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { listAll, newUser, PASSWORD, upload, uploadMedia, uploadParts } from '../support/client.js';
import { media, wav } from '../support/media.js';
import { eventually, runProgram } from '../support/program.js';
import { startServer } from '../support/server.js';

const VISIBILITIES = ['public', 'members', 'unlisted', 'private'];
const CALLERS = ['nobody', 'viewer', 'editor', 'owner', 'former editor', 'admin'];

/**
 * The status for each caller, in the order of CALLERS. `former editor` owns the contents of its own, and has become a
 * viewer; the other columns are about the contents of `owner`.
 */
const EXPECTED = {
  see: {
    public: [200, 200, 200, 200, 200, 200],
    members: [404, 200, 200, 200, 200, 200],
    unlisted: [200, 200, 200, 200, 200, 200],
    private: [404, 404, 404, 200, 200, 200],
  },
  find: {
    public: [true, true, true, true, true, true],
    members: [false, true, true, true, true, true],
    unlisted: [false, false, false, true, true, true],
    private: [false, false, false, true, true, true],
  },
  change: {
    public: [401, 403, 403, 200, 403, 200],
    members: [401, 403, 403, 200, 403, 200],
    unlisted: [401, 403, 403, 200, 403, 200],
    private: [401, 403, 404, 200, 403, 200],
  },
  playbackSession: {
    public: [401, 201, 201, 201, 201, 201],
    members: [401, 201, 201, 201, 201, 201],
    unlisted: [401, 201, 201, 201, 201, 201],
    private: [401, 404, 404, 201, 201, 201],
  },
};

let segment; // an address of a segment below that of each content: all are of one file

const OPERATIONS = [
  ['GET /content/{id}', 'see', (server, id, token) => server.get(`/content/${id}`, { token })],
  ['GET /content/{id}/stream', 'see', (server, id, token) => server.get(`/content/${id}/stream`, { token })],
  ['HEAD /content/{id}/stream', 'see', (server, id, token) => server.request('HEAD', `/content/${id}/stream`, { token })],
  ...['hls/master.m3u8', 'hls/1.m3u8', 'dash/manifest.mpd', 'file.m4a', 'the segment'].flatMap((address) => ['GET', 'HEAD'].map((method) =>
    [`${method} /content/{id}/${address}`, 'see', (server, id, token) => server.request(method, `/content/${id}/${address === 'the segment' ? segment : address}`, { token })])),
  ['PUT /content/{id}', 'change', (server, id, token) => server.request('PUT', `/content/${id}`, { token, json: { title: 'Other' } })],
  ['PATCH /content/{id}', 'change', (server, id, token) => server.request('PATCH', `/content/${id}`, { token, json: { title: 'Other' } })],
  ['POST /content/{id}/playback-session', 'playbackSession', (server, id, token) => server.post(`/content/${id}/playback-session`, { token })],
];

async function setRole(server, email, role) {
  const done = await runProgram(['user', 'role', email, role], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir } });
  assert.equal(done.code, 0, done.stderr);
}

const logIn = async (server, email) => (await server.post('/auth/token', { json: { email, password: PASSWORD } })).json().access_token;

describe('the policy', () => {
  let server;
  const tokens = {};
  const contents = {}; // by the owner's name, by visibility
  before(async () => {
    const song = await media('tone.m4a');
    server = await startServer();
    for (const name of CALLERS.slice(1)) {
      const user = await newUser(server);
      if (name === 'admin') await setRole(server, user.email, 'admin');
      tokens[name] = name === 'admin' ? await logIn(server, user.email) : user.token;
      if (name === 'viewer') await setRole(server, user.email, 'viewer');
      if (name === 'owner' || name === 'former editor') {
        contents[name] = {};
        for (const visibility of VISIBILITIES) {
          const content = await uploadMedia(server, user.token, song, { visibility });
          assert.equal(content.visibility, visibility);
          assert.equal(content.packaging, 'ready');
          contents[name][visibility] = content.id;
        }
      }
      if (name === 'former editor') await setRole(server, user.email, 'viewer');
      if (name === 'viewer' || name === 'former editor') tokens[name] = await logIn(server, user.email);
    }
    const playlist = await server.get(`/content/${contents.owner.public}/hls/1.m3u8`);
    [, segment] = /^\.\.\/(segments\/\w+\/1\/1\.m4s)$/m.exec(playlist.text());
  });
  after(() => server?.stop());

  const contentFor = (caller, visibility) => contents[caller === 'former editor' ? caller : 'owner'][visibility];

  for (const [name, rule, call] of OPERATIONS) {
    test(name, async () => {
      for (const visibility of VISIBILITIES) {
        for (const [i, caller] of CALLERS.entries()) {
          const answer = await call(server, contentFor(caller, visibility), tokens[caller]);
          assert.equal(answer.status, EXPECTED[rule][visibility][i], `${caller}, ${visibility}: ${answer.text()}`);
        }
      }
    });
  }

  test('what may not be seen is answered as what does not exist', async () => {
    const missing = '00000000-0000-4000-8000-000000000000';
    const plain = (answer) => ({ ...answer.json(), instance: undefined });
    for (const target of ['', '/stream']) {
      const hidden = await server.get(`/content/${contents.owner.private}${target}`, { token: tokens.editor });
      assert.deepEqual(plain(hidden), plain(await server.get(`/content/${missing}${target}`, { token: tokens.editor })));
    }
    for (const method of ['PUT', 'DELETE']) {
      const options = { token: tokens.editor, ...(method === 'PUT' ? { json: { title: 'Other' } } : {}) };
      const hidden = await server.request(method, `/content/${contents.owner.private}`, options);
      assert.deepEqual(plain(hidden), plain(await server.request(method, `/content/${missing}`, options)));
    }
  });

  test('GET /content', async () => {
    const token = (caller) => tokens[caller];
    for (const query of ['?limit=3', '?limit=3&sort=oldest_first', '?limit=100&content_type=audio', '?limit=2&content_type=audio&sort=oldest_first']) {
      for (const [i, caller] of CALLERS.entries()) {
        const listed = (await listAll(server, query, { token: token(caller) })).map((content) => content.id);
        assert.equal(new Set(listed).size, listed.length, 'each once');
        for (const visibility of VISIBILITIES) {
          assert.equal(listed.includes(contentFor(caller, visibility)), EXPECTED.find[visibility][i], `${caller}, ${visibility}, ${query}`);
        }
      }
    }
  });

  test('no answer that is kept crosses callers', async () => {
    const seenBy = async (caller) => (await listAll(server, '?limit=100', { token: tokens[caller] })).length;
    const alone = {};
    for (const caller of CALLERS) alone[caller] = await seenBy(caller);
    assert.ok(alone.nobody < alone.viewer && alone.viewer < alone.owner && alone.owner < alone.admin, JSON.stringify(alone));
    for (let round = 0; round < 20; ++round) {
      const callers = [...CALLERS].sort(() => Math.random() - 0.5);
      const counts = await Promise.all(callers.map(seenBy));
      assert.deepEqual(counts, callers.map((caller) => alone[caller]));
    }
  });

  test('DELETE /content/{id}', async () => {
    for (const visibility of VISIBILITIES) {
      for (const caller of ['nobody', 'viewer', 'editor', 'former editor', 'owner', 'admin']) {
        if (caller === 'admin') continue;
        const answer = await server.request('DELETE', `/content/${contentFor(caller, visibility)}`, { token: tokens[caller] });
        assert.equal(answer.status, EXPECTED.change[visibility][CALLERS.indexOf(caller)], `${caller}, ${visibility}`);
      }
      const rest = contents['former editor'][visibility];
      assert.equal((await server.request('DELETE', `/content/${rest}`, { token: tokens.admin })).status, 200);
    }
  });
});

describe('visibility', () => {
  let server, owner, other;
  before(async () => {
    server = await startServer({ env: { DEFAULT_VISIBILITY: 'members' } });
    owner = await newUser(server);
    other = await newUser(server);
  });
  after(() => server?.stop());

  test('is the default one where the editor does not say, and again when it is cleared', async () => {
    const { id, visibility } = await upload(server, owner.token, wav(400));
    assert.equal(visibility, 'members');
    const change = async (options) => (await server.request('PATCH', `/content/${id}`, { token: owner.token, ...options })).json().visibility;
    assert.equal(await change({ json: { visibility: 'private' } }), 'private');
    assert.equal(await change({ json: { title: 'Other' } }), 'private');
    assert.equal(await change({ json: { visibility: null } }), 'members');
    assert.equal(await change({ form: { visibility: 'unlisted' } }), 'unlisted');
    assert.equal(await change({ form: { visibility: '' } }), 'members');
  });

  test('is one of four words', async () => {
    for (const visibility of ['public_', 'everyone', 'Public', 'nobody', ' public', '']) {
      const form = await server.post('/content', { token: owner.token, multipart: uploadParts(wav(400), { visibility }) });
      assert.equal(form.status, visibility === '' ? 201 : 422, `${visibility}: ${form.text()}`);
      const { id } = await upload(server, owner.token, wav(400));
      if (visibility === '') continue;
      const changed = await server.request('PATCH', `/content/${id}`, { token: owner.token, json: { visibility } });
      assert.equal(changed.status, 422, changed.text());
      assert.equal(changed.json().errors[0].pointer, '#/visibility');
    }
  });

  test('takes effect with the next request, in listings too', async () => {
    const { id } = await upload(server, owner.token, wav(400), { visibility: 'public' });
    const shown = async (token) => (await listAll(server, '?limit=100', { token })).some((content) => content.id === id);
    for (let round = 0; round < 10; ++round) {
      for (const [visibility, toNobody, toOther] of [['private', false, false], ['public', true, true], ['members', false, true], ['unlisted', false, false]]) {
        const changed = await server.request('PATCH', `/content/${id}`, { token: owner.token, json: { visibility } });
        assert.equal(changed.status, 200, changed.text());
        assert.deepEqual([await shown(), await shown(other.token), await shown(owner.token)], [toNobody, toOther, true], visibility);
      }
    }
  });

  test('bytes that are not for everybody are for no shared cache', async () => {
    const of = async (visibility) => {
      const { id } = await upload(server, owner.token, wav(400), { visibility });
      return (await server.get(`/content/${id}/stream`, { token: owner.token })).headers['cache-control'];
    };
    assert.deepEqual(await Promise.all(VISIBILITIES.map(of)), ['no-cache', 'private, no-cache', 'no-cache', 'private, no-cache']);
  });

  test('a token that is not valid counts as none, and the answer says so', async () => {
    const open = await upload(server, owner.token, wav(400), { visibility: 'public' });
    const hidden = await upload(server, owner.token, wav(400), { visibility: 'private' });
    for (const token of ['x', `${owner.token}x`, 'a.b.c']) {
      for (const target of ['/content', `/content/${open.id}`, `/content/${open.id}/stream`]) {
        const answer = await server.get(target, { token });
        assert.equal(answer.status, 200, answer.text());
        assert.equal(answer.headers['www-authenticate'], 'Bearer error="invalid_token"');
      }
      // The client must sign in again before it can know.
      for (const id of [hidden.id, '00000000-0000-4000-8000-000000000000']) {
        for (const target of [`/content/${id}`, `/content/${id}/stream`]) {
          const answer = await server.get(target, { token });
          assert.equal(answer.status, 401, answer.text());
          assert.equal(answer.headers['www-authenticate'], 'Bearer error="invalid_token"');
        }
      }
    }
    assert.equal((await server.get('/content')).headers['www-authenticate'], undefined, 'the list that is kept has no such field');
    assert.equal((await server.get(`/content/${hidden.id}`)).status, 404);
  });
});

describe('a playback session', () => {
  let server, owner;
  before(async () => {
    server = await startServer({ env: { PLAYBACK_SESSION_EXPIRE: '1h', LOG_FORMAT: 'json', TRUSTED_PROXIES: '127.0.0.1' } });
    owner = await newUser(server);
  });
  after(() => server?.stop());

  const bytes = wav(3000, 7);
  const begin = async (content, { token = owner.token, query = '', headers = {} } = {}) => {
    const answer = await server.post(`/content/${content.id}/playback-session${query}`, { token, headers });
    assert.equal(answer.status, 201, answer.text());
    return answer.json();
  };
  const path = ({ url }) => new URL(url).pathname;
  const assertEnded = (answer) => {
    assert.equal(answer.status, 403, answer.text());
    assert.equal(answer.json().code, 'playback_session_ended');
  };

  test('plays a private content without a token: whole, by ranges, and for HEAD', async () => {
    const content = await upload(server, owner.token, bytes, { visibility: 'private' });
    const session = await begin(content);
    const life = (new Date(session.expires_at) - Date.now()) / 1000;
    assert.ok(life > 3500 && life <= 3600, `${life}`);
    const whole = await server.get(path(session));
    assert.deepEqual([whole.status, whole.headers['cache-control']], [200, 'private, no-cache']);
    assert.deepEqual(whole.body, bytes);
    const range = await server.get(path(session), { headers: { Range: 'bytes=10-19' } });
    assert.equal(range.status, 206);
    assert.deepEqual(range.body, bytes.subarray(10, 20));
    assert.equal((await server.request('HEAD', path(session))).headers['content-length'], String(bytes.length));
    assert.equal((await server.get(path(session), { headers: { 'If-None-Match': whole.headers.etag } })).status, 304);
    assert.match((await server.get(`${path(session)}?download=1`)).headers['content-disposition'], /^attachment/);
    await server.logs('stream_granted_content');
    assert.ok(!server.log.includes(path(session).split('/')[4]), 'the log has the right to play');
  });

  test('is for one content, and for what was signed', async () => {
    const [first, second] = [await upload(server, owner.token, bytes, { visibility: 'private' }), await upload(server, owner.token, wav(900), { visibility: 'private' })];
    const grant = path(await begin(first)).split('/')[4];
    const play = (id, text) => server.get(`/content/${id}/playback/${text}/stream`);
    assert.equal((await play(first.id, grant)).status, 200, 'as it was given');
    assertEnded(await play(second.id, grant));
    const raw = Buffer.from(grant, 'base64url');
    assert.equal(raw.length, 58);
    for (let i = 0; i < raw.length; ++i) {
      const edited = Buffer.from(raw);
      edited[i] ^= 1;
      assertEnded(await play(first.id, edited.toString('base64url')));
    }
    for (const text of ['x', grant.slice(1), grant.slice(0, -4), `${grant}AAAA`, 'A'.repeat(78), 'A'.repeat(200), '%00', '..%2f', owner.token.slice(0, 200)]) {
      assertEnded(await play(first.id, text));
    }
    assert.equal((await play(first.id, 'A'.repeat(201))).status, 404);
  });

  test('ends at its time, which cannot be longer than the service allows', async () => {
    const content = await upload(server, owner.token, bytes, { visibility: 'private' });
    const long = await begin(content, { query: '?expires_in=2592000' });
    assert.ok(new Date(long.expires_at) - Date.now() <= 3_600_000);
    const short = await begin(content, { query: '?expires_in=1' });
    await eventually(async () => (await server.get(path(short))).status === 403, 'it does not end', 5_000);
    for (const query of ['?expires_in=0', '?expires_in=-1', '?expires_in=2592001', '?expires_in=x', '?bind_network=maybe']) {
      const answer = await server.post(`/content/${content.id}/playback-session${query}`, { token: owner.token });
      assert.equal(answer.status, 422, `${query}: ${answer.text()}`);
    }
  });

  test('ends when the session of the account ends, or the account may not see the content any more', async () => {
    const content = await upload(server, owner.token, bytes, { visibility: 'members' });
    const reader = await newUser(server);
    const [leaving, staying] = [await begin(content, { token: reader.token }), await begin(content, { token: owner.token })];
    assert.equal((await server.post('/auth/logout', { token: reader.token })).status, 204);
    assertEnded(await server.get(path(leaving)));
    assert.equal((await server.get(path(staying))).status, 200, 'of another session');
    const again = await newUser(server);
    const hidden = await begin(content, { token: again.token });
    assert.equal((await server.request('PATCH', `/content/${content.id}`, { token: owner.token, json: { visibility: 'private' } })).status, 200);
    assert.equal((await server.get(path(hidden))).status, 404);
    assert.equal((await server.request('DELETE', `/content/${content.id}`, { token: owner.token })).status, 200);
    assert.equal((await server.get(path(staying))).status, 404);
  });

  test('ends when the account is disabled', async () => {
    const content = await upload(server, owner.token, bytes, { visibility: 'members' });
    const reader = await newUser(server);
    const session = await begin(content, { token: reader.token });
    assert.equal((await server.get(path(session))).status, 200);
    const done = await runProgram(['user', 'disable', reader.email], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir } });
    assert.equal(done.code, 0, done.stderr);
    assertEnded(await server.get(path(session)));
  });

  test('can be bound to the network of the caller', async () => {
    const content = await upload(server, owner.token, bytes, { visibility: 'private' });
    const from = (address) => ({ 'X-Forwarded-For': address });
    for (const [mine, alike, other] of [['198.51.100.7', '198.51.100.7', '198.51.100.8'], ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1']]) {
      const bound = await begin(content, { query: '?bind_network=1', headers: from(mine) });
      assert.equal((await server.get(path(bound), { headers: from(mine) })).status, 200);
      assert.equal((await server.get(path(bound), { headers: from(alike) })).status, 200);
      assertEnded(await server.get(path(bound), { headers: from(other) }));
      const free = await begin(content, { headers: from(mine) });
      assert.equal((await server.get(path(free), { headers: from(other) })).status, 200);
    }
  });
});
