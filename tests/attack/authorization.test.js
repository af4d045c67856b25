// Requests for what is others', and bodies with more than their sender may say. The operations come from openapi.json:
// a new one that takes an id needs a victim here, or this fails.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { assertRefused, attack, NOBODY, told } from '../support/attack.js';
import { newUser, PASSWORD, upload, uploadParts } from '../support/client.js';
import { begun, PARTIAL } from '../support/ietf_upload.js';
import { wav } from '../support/media.js';

// Bodies that the operations take. Who may do what with which visibility is in tests/api/visibility.test.js.
const FORMS = {
  update_content: { json: { title: 'changed' } },
  patch_content: { json: { title: 'changed' } },
  update_user: { json: { role: 'admin' } },
  add_upload_parts: { json: { from: 1 } },
  complete_upload: { json: { parts: [{ number: 1, etag: 'x' }] } },
  append_to_upload: { body: 'x', headers: { 'Content-Type': PARTIAL, 'Upload-Offset': '0', 'Upload-Complete': '?0' } },
  append_tus_chunk: { body: 'x', headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' } },
};

// Header fields that choose one of several operations with a method and a path.
const CHOOSING = { 'Tus-Resumable': '1.0.0', 'Upload-Complete': '?0' };

/** The operations that the document has, each of those that share a method and a path by itself. */
const single = ({ method, template, operation }) =>
  (operation['x-operations'] ?? [{ operationId: operation.operationId }]).map(({ operationId, header }) => ({ id: operationId, method, template, header }));

// Names of parts of a content that are no secrets. tests/api/media/packaging.test.js plays such parts, as their owner and by a grant.
const PARTS = { playlist: 'master.m3u8', digest: '0'.repeat(64), track: '1', segment: 'init.mp4' };
const isPart = (template) => /\/(hls|dash|segments)\/|\/file\./.test(template);

attack('authorization', {}, (holder) => {
  let victim, editor, viewer, stranger, admin, ids, operations;
  before(async () => {
    const { service } = holder;
    [victim, editor, viewer, stranger, admin] = [await newUser(service), await newUser(service), await newUser(service), await newUser(service), await newUser(service)];
    await service.setRole(viewer, 'viewer');
    await service.setRole(admin, 'admin');
    operations = (await service.contract()).operations().flatMap(single);
    ids = await makeVictims();
  });

  const formOf = (id) => {
    const { headers, ...form } = FORMS[id] ?? {};
    const header = operations.find((operation) => operation.id === id).header;
    return { ...form, headers: { ...headers, ...(header ? { [header]: CHOOSING[header] } : {}) } };
  };

  /** What the victim has, by the names of the parameters. */
  async function makeVictims() {
    const { service } = holder;
    const content = await upload(service, victim.token, wav(300), { title: 'secret', visibility: 'private' });
    const key = (await service.post('/auth/keys', { token: victim.token, json: { name: 'of the victim', scopes: 'content:read content:write' } })).json();
    const session = (await service.get('/auth/sessions', { token: victim.token })).json()[0];
    const invite = (await service.post('/invites', { token: admin.token, json: { role: 'viewer' } })).json();
    const played = (await service.post(`/content/${content.id}/playback-session`, { token: victim.token })).json();
    const grant = /playback\/([^/]+)\/stream/.exec(played.url)[1];
    // By its id alone: who has its address, with the right in it, may append (tests/tus, tests/api/resumable).
    const begunUpload = await begun(service.one, victim.token, { body: Buffer.from('secret') });
    return { content_id: content.id, key_id: key.id, session_id: session.id, invite_id: invite.id, user_id: victim.id, upload_id: begunUpload.id, grant };
  }

  const pathOf = (template, of) => template.replace(/\{(\w+)\}/g, (_, name) => {
    const value = of[name] ?? PARTS[name];
    assert.ok(value, `no victim for {${name}}: add one`);
    return value;
  });
  const withIds = () => operations.filter(({ template }) => template.includes('{'));
  const callers = () => ({ nobody: undefined, viewer: viewer.token, 'another editor': editor.token, stranger: stranger.token });
  const stateOfVictim = async () => {
    const [one] = holder.service.servers; // addresses in the answers name the process
    const of = async ([target, { token }]) => one.get(target, { token });
    const parts = await Promise.all([
      [`/content/${ids.content_id}`, victim], ['/auth/me', victim], ['/auth/keys', victim], ['/invites', admin], [`/uploads/${ids.upload_id}`, victim],
    ].map(of));
    return parts.map((answer) => {
      assert.equal(answer.status, 200, answer.text());
      return answer.json();
    });
  };

  test('the ids of others open nothing, in any operation, to anybody', async () => {
    const before = await stateOfVictim();
    assert.ok(withIds().length >= 15, 'the operations are there');
    for (const { id, method, template } of withIds()) {
      if (template.includes('{grant}')) continue; // who has the grant may play: below
      for (const [who, token] of Object.entries(callers())) {
        const where = `${method} ${template} by ${who}`;
        const ask = (of) => holder.service.request(method, pathOf(template, of), { token, ...formOf(id) });
        const answer = await ask(ids);
        // Without a bucket there are no uploads to be begun, by anybody.
        assert.ok([401, 403, 404, ...(template.startsWith('/uploads') ? [409] : [])].includes(answer.status), `${where}: ${answer.status} ${answer.text()}`);
        const unknown = { ...ids, content_id: NOBODY, key_id: NOBODY, session_id: NOBODY, invite_id: NOBODY, user_id: NOBODY, upload_id: NOBODY };
        const [own, foreign] = [told(await ask(unknown), NOBODY), told(answer, ...Object.values(ids))];
        assert.equal(foreign, own, `${where}: the answer tells whether it exists`);
      }
    }
    assert.deepEqual(await stateOfVictim(), before);
  });

  test('ids of one kind are none of another', async () => {
    const { service } = holder;
    for (const { id, method, template } of withIds()) {
      if (template.includes('{grant}')) continue;
      for (const other of [ids.content_id, ids.key_id, ids.session_id, ids.upload_id, admin.id]) {
        const name = /\{(\w+)\}/.exec(template)[1];
        if (other === ids[name]) continue;
        // An upload has the id of the content that comes of it: to complete it again finds that.
        if (id === 'complete_upload' && other === ids.content_id) continue;
        const answer = await service.request(method, pathOf(template, { ...ids, [name]: other }), { token: victim.token, ...formOf(id) });
        assert.ok([403, 404, ...(template.startsWith('/uploads') ? [409] : [])].includes(answer.status), `${method} ${template}: ${answer.status}`);
      }
    }
  });

  test('keys of others do not widen: a key has its owner’s rights at most', async () => {
    const { key } = (await holder.service.post('/auth/keys', { token: editor.token, json: { name: 'of the editor', scopes: 'content:read content:write' } })).json();
    for (const [method, form] of [['GET', {}], ['PUT', { json: { title: 'x' } }], ['PATCH', { json: { title: 'x' } }], ['DELETE', {}]]) {
      assertRefused(await holder.service.request(method, `/content/${ids.content_id}`, { token: key, ...form }), 404, 'content_not_found');
    }
    for (const target of ['/auth/keys', '/auth/sessions', '/users', '/invites', '/users/me/export']) assertRefused(await holder.service.get(target, { token: key }), 403, 'insufficient_scope');
    assertRefused(await holder.service.post('/auth/keys', { token: editor.token, json: { name: 'x', scopes: 'users:admin' } }), 403, 'forbidden');
    const own = await upload(holder.service, editor.token, wav(310), { visibility: 'private' });
    assert.equal((await holder.service.get(`/content/${own.id}`, { token: key })).status, 200);
  });

  test('a grant plays its content, and is good for nothing else', async () => {
    const { service } = holder;
    const other = await upload(service, victim.token, wav(320), { visibility: 'private' });
    assert.equal((await service.get(`/content/${ids.content_id}/playback/${ids.grant}/stream`)).status, 200);
    const refused = await service.get(`/content/${other.id}/playback/${ids.grant}/stream`);
    assert.ok([403, 404].includes(refused.status), refused.text());
    for (const target of ['/auth/me', `/content/${ids.content_id}`]) {
      const answer = await service.get(target, { headers: { Authorization: `Bearer ${ids.grant}` } });
      assert.ok([401, 404].includes(answer.status), answer.text());
    }
  });

  // Members that an account or a content has, and that no request may set.
  const MEMBERS = {
    role: 'admin', id: NOBODY, owner_id: NOBODY, user_id: NOBODY, is_active: true, is_admin: true, admin: true, created_at: '2020-01-01T00:00:00Z', updated_at: '2020-01-01T00:00:00Z', email_verified_at: '2020-01-01T00:00:00Z',
    password_hash: 'x', status: 'ready', sha256: 'x', size: 1, storage_url: 'x', scopes: 'users:admin', key: 'x', token: 'x', session_id: NOBODY, email_key: 'x', ['__proto__']: { role: 'admin' }, constructor: {},
  };
  const bodies = () => ({
    register_user: ['POST', '/auth/register', {}, { email: `mass${Math.random()}@example.com`, password: PASSWORD }],
    create_token: ['POST', '/auth/token', {}, { email: editor.email, password: PASSWORD }],
    create_api_key: ['POST', '/auth/keys', { token: editor.token }, { name: 'x', scopes: 'content:read' }],
    update_content: ['PUT', `/content/${ids.own}`, { token: editor.token }, { title: 'mine' }],
    patch_content: ['PATCH', `/content/${ids.own}`, { token: editor.token }, { title: 'mine' }],
    create_invite: ['POST', '/invites', { token: admin.token }, { role: 'viewer' }],
    update_user: ['PATCH', `/users/${stranger.id}`, { token: admin.token }, { is_active: true }],
    change_password: ['PUT', '/auth/password', { token: stranger.token }, { current_password: 'not the one', new_password: PASSWORD }],
  });

  test('bodies that say more than they may are refused as a whole', async () => {
    const { service } = holder;
    ids.own = (await upload(service, editor.token, wav(330))).id;
    const stored = async () => ({ ...(await service.get(`/content/${ids.own}`, { token: editor.token })).json(), storage_url: 'of this process' });
    const before = await stored();
    const count = () => service.sql('SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM api_keys) + (SELECT COUNT(*) FROM invites)');
    const rows = await count();
    const allowed = new Map((await service.contract()).operations().map(({ operation }) => [operation.operationId, operation]));
    const contract = await service.contract();
    for (const [id, [method, target, options, json]] of Object.entries(bodies())) {
      const body = allowed.get(id).requestBody.content['application/json'];
      const known = Object.keys(contract.resolve(body.schema).properties);
      for (const [name, value] of Object.entries(MEMBERS)) {
        if (known.includes(name)) continue;
        const answer = await service.request(method, target, { ...options, json: { ...json, [name]: value } });
        assertRefused(answer, 422, 'validation_failed');
        assert.ok(answer.json().errors.some(({ pointer }) => pointer === `#/${name}`), `${id}: ${name}`);
      }
    }
    // Forms may have parts that nobody knows, as browsers send them: they say nothing.
    for (const [name, value] of Object.entries(MEMBERS).filter(([, each]) => typeof each === 'string')) {
      const answer = await service.post('/content', { token: editor.token, multipart: uploadParts(wav(340), { [name]: value }) });
      assert.equal(answer.status, 201, answer.text());
      const made = answer.json();
      assert.ok(!(name in made) || made[name] !== value || name === 'status', `${name} was taken from the form`);
      assert.equal(made.owner_id, editor.id);
    }
    assert.equal(await count(), rows);
    assert.deepEqual(await stored(), before);
    assert.equal((await service.get('/auth/me', { token: stranger.token })).json().role, 'editor');
    for (const [id, [method, target, options, json]] of Object.entries(bodies())) {
      if (id === 'change_password' || id === 'update_user') continue; // they end the session
      const answer = await service.request(method, target, { ...options, json });
      assert.ok(answer.status < 300, `${id} without them: ${answer.text()}`);
    }
  });

  test('every operation for administrators is closed to editors and viewers', async () => {
    const closed = operations.filter(({ template }) => /^\/(users|invites)(\/\{|$)/.test(template));
    assert.ok(closed.length >= 7);
    const forms = { create_invite: { json: { role: 'admin' } }, update_user: { json: { role: 'admin' } } };
    for (const { id, method, template } of closed) {
      for (const { token } of [editor, viewer]) assertRefused(await holder.service.request(method, pathOf(template, ids), { token, ...forms[id] }), 403, 'forbidden');
    }
    assert.equal((await holder.service.get('/users', { token: admin.token })).status, 200);
  });

  test('a viewer writes nothing', async () => {
    const count = await holder.service.sql('SELECT COUNT(*) FROM contents');
    assertRefused(await holder.service.post('/content', { token: viewer.token, multipart: uploadParts(wav(350)) }), 403, 'forbidden');
    assertRefused(await holder.service.post('/uploads', { token: viewer.token, json: { title: 'x', description: 'x', content_type: 'audio', size: 10, file_name: 'x.wav' } }), 403, 'forbidden');
    // A key has the role that its account has when it is used.
    const { key } = (await holder.service.post('/auth/keys', { token: viewer.token, json: { name: 'x', scopes: 'content:write' } })).json();
    assertRefused(await holder.service.post('/content', { token: key, multipart: uploadParts(wav(350)) }), 403, 'forbidden');
    assert.equal(await holder.service.sql('SELECT COUNT(*) FROM contents'), count);
    assert.equal((await holder.service.post('/content', { token: editor.token, multipart: uploadParts(wav(350)) })).status, 201);
  });

  test('the owner, and an administrator, may do with those ids what the others may not', async () => {
    const { service } = holder;
    const grantless = { ...ids };
    const theirs = { begin_playback_session: victim, get_content: victim, stream_content: victim, update_content: victim, patch_content: victim, get_user: admin, update_user: admin, delete_api_key: victim, delete_content: victim, end_session: victim, delete_invite: admin, delete_user: admin };
    const order = Object.keys(theirs);
    const own = withIds().filter(({ template }) => !template.includes('{grant}') && !isPart(template) && !template.startsWith('/uploads'));
    assert.deepEqual(own.map(({ id }) => id).sort(), [...order].sort(), 'each operation has its control');
    own.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
    // Reading the upload by its id is what the state of the victim does; giving it up is left.
    assertRefused(await service.delete(`/uploads/${ids.upload_id}`, { token: victim.token }), 204);
    for (const { id, method, template } of own) {
      // Changing the account ended its sessions.
      const token = theirs[id] === victim && id !== 'get_content' ? await freshToken(victim) : theirs[id].token;
      if (id === 'end_session') grantless.session_id = (await service.get('/auth/sessions', { token })).json()[0].id;
      const form = id === 'update_user' ? { json: { role: 'editor' } } : formOf(id);
      const target = pathOf(template, grantless) + (id === 'delete_user' ? '?contents=delete' : '');
      const answer = await service.request(method, target, { token, ...form });
      assert.ok(answer.status < 300, `${method} ${template}: ${answer.status} ${answer.text()}`);
    }
  });
  const freshToken = async ({ email }) => (await holder.service.post('/auth/token', { json: { email, password: PASSWORD } })).json().access_token;
});
