// Every operation × every error that the OpenAPI document lists for it: each is brought about, by a request where
// that is possible and by a hand in the database where it is not. An error listed and not produced here fails.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD, upload, uploadMedia, uploadParts } from '../../support/client.js';
import { media, wav } from '../../support/media.js';
import { field, multipart } from '../../support/multipart.js';
import { runProgram, sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';
import { lockDatabase, sql } from '../../support/database.js';
import { totp } from '../../support/totp.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';
const LIMIT = 100_000;
const SOUND = wav(1000);

// What cannot be produced, and why. Each must be listed, or it has no place here.
const EXEMPT = {
  'get_health internal': 'it touches nothing that could break',
  'get_readiness internal': 'it touches nothing that could break',
  'get_public_keys internal': 'it touches nothing that could break',
  'get_detailed_health internal': 'what breaks below it is what it reports',
  'request_password_reset internal': 'the database is asked after the answer',
  'resend_verification internal': 'the database is asked after the answer',
  'create_content upload_not_found': 'the upload must be given up, and its row removed, while its first bytes arrive',
};
// These need an identity provider: tests/api/oidc.test.js brings them about.
const OF_SIGN_INS = {
  begin_sign_in: ['identity_provider_failed', 'internal'],
  finish_sign_in: ['sign_in_expired', 'internal'],
  begin_totp: ['fresh_sign_in_required'],
  delete_own_account: ['fresh_sign_in_required'],
  redeem_sign_in: ['sign_in_code_invalid', 'account_disabled', 'totp_required', 'totp_wrong', 'rate_limited', 'internal'],
};
for (const [id, codes] of Object.entries(OF_SIGN_INS)) {
  for (const code of codes) EXEMPT[`${id} ${code}`] = 'it needs an identity provider';
}
// These need a bucket: tests/s3/direct.test.js brings them about.
const OF_DIRECT_UPLOADS = {
  begin_upload: ['upload_interrupted', 'upload_too_large', 'quota_exceeded', 'too_many_uploads', 'content_not_found'],
  add_upload_parts: ['upload_busy'],
  complete_upload: ['upload_busy', 'upload_interrupted', 'parts_mismatch', 'digest_mismatch', 'content_not_found', 'media_unrecognised', 'media_kind_mismatch',
    'media_truncated', 'media_unsupported', 'media_probe_timeout'],
  abort_upload: ['upload_busy'],
};
for (const [id, codes] of Object.entries(OF_DIRECT_UPLOADS)) {
  for (const code of codes) EXEMPT[`${id} ${code}`] = 'it needs a bucket';
}

// tests/tus and tests/api/resumable bring these about, in whichever operation of the same path and method.
const OF_RESUMABLE_UPLOADS = new Set(['upload_locked', 'upload_lost', 'upload_expired', 'upload_cancelled', 'upload_offset_mismatch', 'upload_length_mismatch',
  'upload_length_exceeded', 'upload_is_final', 'upload_checksum_unsupported', 'upload_checksum_mismatch', 'upload_metadata_malformed', 'upload_concat_invalid',
  'tus_version_unsupported', 'upload_interrupted', 'digest_mismatch']);
const OF_THEIR_BYTES = new Set(['upload_not_found', 'upload_too_large', 'quota_exceeded', 'too_many_uploads', 'insufficient_storage', 'content_not_found', 'forbidden',
  'media_unrecognised', 'media_kind_mismatch', 'media_truncated', 'media_unsupported', 'media_probe_timeout']);
const TAKES_RESUMABLE_UPLOADS = new Set(['begin_upload', 'append_to_upload']);

/** Whether another suite brings the error about. An answer to HEAD has no document that could be looked at. */
const isElsewhere = ({ id, method, template }, code) =>
  method === 'HEAD' || (/^\/(content$|uploads)/.test(template) && OF_RESUMABLE_UPLOADS.has(code)) || (TAKES_RESUMABLE_UPLOADS.has(id) && OF_THEIR_BYTES.has(code));

/** The operations of packaged contents: name, which content, and the address below it, `SEGMENT` is that of a segment. */
const PACKAGED = [
  ['hls', 'video', 'hls/master.m3u8', 'hls/{playlist}'],
  ['dash', 'video', 'dash/manifest.mpd', 'dash/manifest.mpd'],
  ['segment', 'video', 'SEGMENT', 'segments/{digest}/{track}/{segment}'],
  ['video file', 'video', 'file.mp4', 'file.mp4'],
  ['audio file', 'audio', 'file.m4a', 'file.m4a'],
];
const addressOf = (packed, kind, address) => (address === 'SEGMENT' ? packed?.[kind].segment : address);

/** A valid request for each operation, as arguments of `server.request`. */
const requests = {
  register: () => ['POST', '/auth/register', { json: { email: `new${Math.random()}@example.com`, password: PASSWORD } }],
  login: ({ me }) => ['POST', '/auth/token', { json: { email: me.email, password: PASSWORD } }],
  me: ({ me }) => ['GET', '/auth/me', { token: me.token }],
  refresh: () => ['POST', '/auth/refresh', { json: { refresh_token: 'x'.repeat(43) } }],
  password: ({ me }) => ['PUT', '/auth/password', { token: me.token, json: { current_password: PASSWORD, new_password: PASSWORD } }],
  invite: ({ admin }) => ['POST', '/invites', { token: admin.token, json: { role: 'viewer' } }],
  invites: ({ admin }) => ['GET', '/invites', { token: admin.token }],
  deleteInvite: ({ admin }) => ['DELETE', `/invites/${NOBODY}`, { token: admin.token }],
  logout: ({ me }) => ['POST', '/auth/logout', { token: me.token }],
  logoutAll: ({ me }) => ['POST', '/auth/logout-all', { token: me.token }],
  sessions: ({ me }) => ['GET', '/auth/sessions', { token: me.token }],
  endSession: ({ me }) => ['DELETE', `/auth/sessions/${NOBODY}`, { token: me.token }],
  keys: () => ['GET', '/.well-known/jwks.json', {}],
  requestReset: ({ me }) => ['POST', '/auth/password-reset', { json: { email: me.email } }],
  confirmReset: ({ links }) => ['POST', '/auth/password-reset/confirm', { json: { token: links?.reset ?? 'x', new_password: PASSWORD } }],
  verifyEmail: ({ links }) => ['POST', '/auth/verify-email', { json: { token: links?.verification ?? 'x' } }],
  resendVerification: ({ me }) => ['POST', '/auth/verify-email/resend', { json: { email: me.email } }],
  beginTotp: ({ me }) => ['POST', '/auth/totp', { token: me.token, json: { password: PASSWORD } }],
  confirmTotp: ({ me }) => ['POST', '/auth/totp/confirm', { token: me.token, json: { totp_code: '123456' } }],
  removeTotp: ({ me }) => ['DELETE', '/auth/totp', { token: me.token, json: { totp_code: '123456' } }],
  beginSignIn: () => ['GET', `/auth/oidc/authorize?redirect_uri=app:/x&code_challenge=${'A'.repeat(43)}`, {}],
  finishSignIn: () => ['GET', '/auth/oidc/callback?state=x&code=x', {}],
  redeemSignIn: () => ['POST', '/auth/oidc/token', { json: { code: 'x', code_verifier: 'A'.repeat(43) } }],
  create: ({ me }) => ['POST', '/content', { token: me.token, multipart: uploadParts(SOUND) }],
  list: () => ['GET', '/content', {}],
  get: ({ content }) => ['GET', `/content/${content.id}`, {}],
  update: ({ me, content }) => ['PUT', `/content/${content.id}`, { token: me.token, json: { title: 'x' } }],
  patch: ({ me, content }) => ['PATCH', `/content/${content.id}`, { token: me.token, json: { title: 'x' } }],
  remove: ({ me, content }) => ['DELETE', `/content/${content.id}`, { token: me.token }],
  stream: ({ content }) => ['GET', `/content/${content.id}/stream`, {}],
  play: ({ me, content }) => ['POST', `/content/${content.id}/playback-session`, { token: me.token }],
  granted: ({ playback }) => ['GET', playback, {}],
  ...Object.fromEntries(PACKAGED.flatMap(([name, kind, address]) => [
    [name, ({ packed }) => ['GET', `/content/${packed?.[kind].id}/${addressOf(packed, kind, address)}`, {}]],
    [`granted ${name}`, ({ packed }) => ['GET', `${packed?.[kind].playback}/${addressOf(packed, kind, address)}`, {}]],
  ])),
  begin: ({ me }) => ['POST', '/uploads', { token: me.token, json: { title: 'x', description: '', content_type: 'audio', file_name: 'x.wav', size: 1000 } }],
  upload: ({ me }) => ['GET', `/uploads/${NOBODY}`, { token: me.token }],
  uploads: ({ me }) => ['GET', '/uploads', { token: me.token }],
  append: ({ me }) => ['PATCH', `/uploads/${NOBODY}`, {
    token: me.token, body: 'x', headers: { 'Content-Type': 'application/partial-upload', 'Upload-Offset': '0', 'Upload-Complete': '?1' },
  }],
  parts: ({ me }) => ['POST', `/uploads/${NOBODY}/parts`, { token: me.token, json: { from: 1 } }],
  complete: ({ me }) => ['POST', `/uploads/${NOBODY}/complete`, { token: me.token, json: { parts: [{ number: 1, etag: 'x' }] } }],
  abort: ({ me }) => ['DELETE', `/uploads/${NOBODY}`, { token: me.token }],
  newKey: ({ me }) => ['POST', '/auth/keys', { token: me.token, json: { name: 'x', scopes: 'content:read' } }],
  keys: ({ me }) => ['GET', '/auth/keys', { token: me.token }],
  deleteKey: ({ me }) => ['DELETE', `/auth/keys/${NOBODY}`, { token: me.token }],
  users: ({ admin }) => ['GET', '/users', { token: admin.token }],
  user: ({ admin }) => ['GET', `/users/${admin.id}`, { token: admin.token }],
  updateUser: ({ admin, viewer }) => ['PATCH', `/users/${viewer.id}`, { token: admin.token, json: {} }],
  deleteUser: ({ admin }) => ['DELETE', `/users/${NOBODY}`, { token: admin.token }],
  audit: ({ admin }) => ['GET', '/audit', { token: admin.token }],
  export: ({ me }) => ['GET', '/users/me/export', { token: me.token }],
  deleteMe: ({ me }) => ['DELETE', '/users/me', { token: me.token, json: { password: PASSWORD } }],
  health: () => ['GET', '/health', {}],
  ready: () => ['GET', '/health/ready', {}],
  detailed: () => ['GET', '/health/detailed', {}],
};
const TEMPLATES = {
  ...Object.fromEntries(PACKAGED.flatMap(([name, , , template]) => [
    [`GET /content/{content_id}/${template}`, name], [`GET /content/{content_id}/playback/{grant}/${template}`, `granted ${name}`],
  ])),
  'POST /auth/register': 'register', 'POST /auth/token': 'login', 'GET /auth/me': 'me', 'POST /auth/refresh': 'refresh', 'PUT /auth/password': 'password',
  'POST /invites': 'invite', 'GET /invites': 'invites', 'DELETE /invites/{invite_id}': 'deleteInvite',
  'POST /auth/logout': 'logout', 'POST /auth/logout-all': 'logoutAll', 'GET /auth/sessions': 'sessions', 'DELETE /auth/sessions/{session_id}': 'endSession',
  'POST /auth/password-reset': 'requestReset', 'POST /auth/password-reset/confirm': 'confirmReset', 'POST /auth/verify-email': 'verifyEmail',
  'POST /auth/verify-email/resend': 'resendVerification', 'GET /.well-known/jwks.json': 'keys', 'POST /content/{content_id}/playback-session': 'play',
  'POST /auth/totp': 'beginTotp', 'POST /auth/totp/confirm': 'confirmTotp', 'DELETE /auth/totp': 'removeTotp', 'GET /auth/oidc/authorize': 'beginSignIn',
  'GET /auth/oidc/callback': 'finishSignIn', 'POST /auth/oidc/token': 'redeemSignIn',
  'GET /content/{content_id}/playback/{grant}/stream': 'granted', 'POST /content': 'create', 'GET /content': 'list',
  'GET /content/{content_id}': 'get', 'PUT /content/{content_id}': 'update', 'PATCH /content/{content_id}': 'patch', 'DELETE /content/{content_id}': 'remove',
  'POST /uploads': 'begin', 'GET /uploads': 'uploads', 'GET /uploads/{upload_id}': 'upload', 'PATCH /uploads/{upload_id}': 'append', 'POST /uploads/{upload_id}/parts': 'parts',
  'POST /uploads/{upload_id}/complete': 'complete', 'DELETE /uploads/{upload_id}': 'abort',
  'POST /auth/keys': 'newKey', 'GET /auth/keys': 'keys', 'DELETE /auth/keys/{key_id}': 'deleteKey', 'GET /users': 'users', 'GET /users/{user_id}': 'user',
  'PATCH /users/{user_id}': 'updateUser', 'DELETE /users/{user_id}': 'deleteUser', 'GET /audit': 'audit', 'GET /users/me/export': 'export', 'DELETE /users/me': 'deleteMe',
  'GET /content/{content_id}/stream': 'stream', 'GET /health': 'health', 'GET /health/ready': 'ready', 'GET /health/detailed': 'detailed',
};

/** A request as bytes; `lines` are added to its head. */
function bytesOf([method, target, options], { lines = [], version = 'HTTP/1.1', host = 'Host: a', body = true } = {}) {
  let content = '';
  const head = [`${method} ${target} ${version}`, host];
  if (options.token) head.push(`Authorization: Bearer ${options.token}`);
  if (options.json) head.push('Content-Type: application/json');
  if (options.json) content = JSON.stringify(options.json);
  if (options.multipart) {
    const message = multipart(options.multipart);
    head.push(`Content-Type: ${message.type}`);
    content = message.body;
  }
  if (body && content) head.push(`Content-Length: ${content.length}`);
  return Buffer.concat([Buffer.from([...head, ...lines, '', ''].filter((line, i) => line || i > 1).join('\r\n')), Buffer.from(body ? content : '')]);
}

/** What any operation may meet; each producer gets the context and the valid request. */
const COMMON = {
  bad_request: ({ server }, request) => server.raw(bytesOf(request, { lines: ['X : y'] })),
  method_not_allowed: ({ server }, [, target]) => server.request('TRACE', target, { check: false }),
  request_timeout: async ({ impatient }, request) => {
    const wire = await impatient.wire();
    await wire.write(bytesOf(request).subarray(0, 20));
    return wire.finalAnswer();
  },
  uri_too_long: ({ server }, [method, target, options]) => server.raw(bytesOf([method, `${target}?${'x'.repeat(100_000)}`, options])),
  expectation_failed: ({ server }, request) => server.raw(bytesOf(request, { lines: ['Expect: miracles'] })),
  headers_too_large: ({ server }, request) => server.raw(bytesOf(request, { lines: [`X: ${'y'.repeat(200_000)}`] })),
  not_implemented: ({ server }, request) => server.raw(bytesOf(request, { lines: ['Transfer-Encoding: gzip'], body: false })),
  version_not_supported: ({ server }, request) => server.raw(bytesOf(request, { version: 'HTTP/2.0' })),
  unavailable: async ({ crowded }, request) => {
    const other = await crowded.wire();
    await other.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
    await other.finalAnswer();
    try {
      const wire = await crowded.wire();
      await wire.write(bytesOf(request)).catch(() => {});
      return await wire.finalAnswer({ timeout: 3_000 });
    } finally {
      other.destroy();
      await sleep(100);
    }
  },
  not_authenticated: ({ server }, [method, target, options]) => server.request(method, target, { ...options, token: undefined }),
  unsupported_media_type: ({ server }, [method, target, options]) =>
    server.request(method, target, { token: options.token, body: 'x', headers: { 'Content-Type': 'text/plain' } }),
  unsupported_content_coding: ({ server }, [method, target, options]) =>
    server.request(method, target, { token: options.token, body: '{}', headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' } }),
  body_too_large: ({ server }, [method, target, options]) =>
    server.request(method, target, { token: options.token, body: JSON.stringify({ title: 'x'.repeat(2_000_000) }), headers: { 'Content-Type': 'application/json' } }),
  malformed_json: ({ server }, [method, target, options]) =>
    server.request(method, target, { token: options.token, body: '{', headers: { 'Content-Type': 'application/json' } }),
  malformed_multipart: ({ server }, [method, target, options]) =>
    server.request(method, target, { token: options.token, body: '--b\r\n', headers: { 'Content-Type': 'multipart/form-data; boundary=b' } }),
  content_not_found: ({ server }, [method, target, options]) => server.request(method, target.replace(/[0-9a-f-]{36}/, NOBODY), options),
  upload_not_found: ({ server }, [method, target, options]) => server.request(method, target, options),
  insufficient_scope: ({ server, keys }, [method, target, options]) => server.request(method, target, { ...options, token: target.startsWith('/content') && method === 'GET' ? keys.writing : keys.reading }),
  user_not_found: ({ server }, [method, target, options]) => server.request(method, target.replace(/[0-9a-f-]{36}/, NOBODY), options),
  api_key_not_found: ({ server }, [method, target, options]) => server.request(method, target, options),
  rate_limited: async ({ metered }, [method, target]) => {
    // Ten at once, one a second: whoever has no token shares the bucket of the network.
    for (let i = 0; i < 20; i += 1) {
      const answer = await metered.request(method, target, { check: false });
      if (answer.status === 429) return answer;
    }
    return assert.fail('it was never too many');
  },
  forbidden: ({ server, viewer }, [method, target, options]) => server.request(method, target, { ...options, token: viewer.token }),
};

const onPostgres = Boolean(process.env.TEST_POSTGRES_URL);
const later = onPostgres ? "now() + interval '1 h'" : '4000000000000000';
const earlier = onPostgres ? "now() - interval '1 h'" : '0';

/** The answer to a request that comes again with its Idempotency-Key, after `change` in the database. It deletes nothing. */
async function cameAgain({ server }, [method, target, options], change, query = '') {
  const headers = { 'Idempotency-Key': `"${Math.random()}"` };
  const harmless = target.replace(/content\/[0-9a-f-]{36}/, `content/${NOBODY}`);
  await server.request(method, harmless, { ...options, headers });
  if (change) await sql(server.dataDir, `UPDATE idempotency_keys SET ${change}`);
  return server.request(method, harmless + query, { ...options, headers });
}

async function withManyKeys({ server, me, admin }, [method, target, options]) {
  const owners = `SELECT id FROM users WHERE email IN ('${me.email}', '${admin.email}')`;
  await sql(server.dataDir, onPostgres
    ? `INSERT INTO idempotency_keys SELECT o.id, sha256(i::text::bytea), sha256(''), gen_random_uuid(), 'answered', NULL, '', now(), ${later} FROM generate_series(1, 1000) i, (${owners}) o`
    : `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       INSERT INTO idempotency_keys SELECT o.id, randomblob(32), randomblob(32), randomblob(16), 'answered', NULL, '', 0, ${later} FROM n, (${owners}) o`);
  try {
    return await server.request(method, target, { ...options, headers: { 'Idempotency-Key': '"one more"' } });
  } finally {
    await sql(server.dataDir, 'DELETE FROM idempotency_keys');
  }
}

Object.assign(COMMON, {
  idempotency_key_malformed: ({ server }, [method, target, options]) => server.request(method, target, { ...options, headers: { 'Idempotency-Key': '"' } }),
  idempotency_key_in_use: (context, request) => cameAgain(context, request, `state = 'running', lease_until = ${later}`),
  idempotency_key_reused: (context, request) => cameAgain(context, request, '', '?another=request'),
  idempotency_answer_lost: (context, request) => cameAgain(context, request, `state = 'applied', target_id = NULL, lease_until = ${earlier}`),
  too_many_idempotency_keys: withManyKeys,
});

const send = (context, bytes, over) => context.server.post('/content', { token: context.me.token, multipart: uploadParts(bytes, over) });

/** The path of a playback session of a new content, which `change` changes before the path is used. */
async function changedPlayback({ server, me }, change) {
  const { id } = await upload(server, me.token, SOUND, { title: 'played' });
  const target = await playbackOf(server, me, id);
  await change(id);
  return server.get(target);
}

/** What becomes of a refresh token that is used twice. */
async function reusedToken(server, { email }, use) {
  const { refresh_token: token } = (await server.post('/auth/token', { json: { email, password: PASSWORD } })).json();
  assert.equal((await use(token)).status, 200);
  return use(token);
}

async function playbackOf(server, me, id) {
  const begun = await server.post(`/content/${id}/playback-session`, { token: me.token });
  assert.equal(begun.status, 201, begun.text());
  return new URL(begun.json().url).pathname;
}

/** A packaged content, with a playback session and the address of a segment, which are below `id` and `playback`. */
async function addPacked(server, me, name) {
  const { id } = await uploadMedia(server, me.token, await media(name));
  const playback = (await playbackOf(server, me, id)).replace(/\/stream$/, '');
  const playlist = await server.get(`/content/${id}/hls/1.m3u8`);
  const [, segment] = /^\.\.\/(segments\/\w+\/1\/1\.m4s)$/m.exec(playlist.text());
  return { id, playback, segment };
}

/** A new content like that, which SQL changes before anybody has asked for its index: `{id, playback}`. */
async function changedPacked({ server, me }, kind, statement) {
  const { id } = await uploadMedia(server, me.token, await media(kind === 'video' ? 'plain.mp4' : 'tone.m4a'), { title: 'packed' });
  await sql(server.dataDir, "UPDATE contents SET packaging = NULL WHERE title = 'packed'");
  const playback = (await playbackOf(server, me, id)).replace(/\/stream$/, '');
  await sql(server.dataDir, `UPDATE contents SET packaging = 'ready' WHERE title = 'packed'; ${statement}`);
  return { id, playback };
}

/** What the operations of packaged contents have in common, with and without a playback session. */
function errorsOfPacked([, kind, address], isGranted) {
  const base = (place) => (isGranted ? place.playback : `/content/${place.id}`);
  const target = ({ packed }, place = packed[kind]) => `${base(place)}/${addressOf(packed, kind, address)}`;
  const get = (context, place, headers = {}) => context.server.get(target(context, place), { headers });
  return {
    not_found: (context) => context.server.get(target(context).replace(context.packed[kind].id, 'x')),
    source_unavailable: async (context) => get(context, await changedPacked(context, kind,
      "UPDATE objects SET state = 'deleting' WHERE id IN (SELECT object_id FROM content_objects l JOIN contents c ON c.id = l.content_id WHERE c.title = 'packed' AND l.role = 'index')")),
    packaging_unavailable: (context) => get(context, { id: context.content.id, playback: context.playback.replace(/\/stream$/, '') }),
    precondition_failed: (context) => get(context, context.packed[kind], { 'If-Match': '"x"' }),
    range_not_satisfiable: (context) => get(context, context.packed[kind], { Range: 'bytes=99999999-' }),
    ...(!isGranted ? { not_authenticated: withRefusedToken } : {
      playback_session_ended: (context) => get(context, { playback: `/content/${context.packed[kind].id}/playback/x` }),
      content_not_found: async (context) => {
        const place = await changedPacked(context, kind, '');
        await context.server.delete(`/content/${place.id}`, { token: context.me.token });
        return get(context, place);
      },
    }),
  };
}

const withRefusedToken = ({ server }, [method, target]) => server.request(method, target.replace(/[0-9a-f-]{36}/, NOBODY), { token: 'x' });

/** The answer to one request for mail too many. */
async function tooMany(server, target) {
  const wanted = { json: { email: 'target@example.com' } };
  for (let i = 0; i < 20; i += 1) {
    const answer = await server.post(target, wanted);
    if (answer.status !== 202) return answer;
  }
  return assert.fail('it was never too many');
}
/** Somebody new with an authenticator, which is confirmed unless told otherwise. */
async function guarded(server, { confirm = true } = {}) {
  const me = await newUser(server);
  const begun = await server.post('/auth/totp', { token: me.token, json: { password: PASSWORD } });
  const { secret } = begun.json();
  if (confirm) await server.post('/auth/totp/confirm', { token: me.token, json: { totp_code: totp(secret) } });
  return me;
}

/** The answer to the eleventh of the same requests, of which the others were refused. */
async function eleventh(request) {
  for (let i = 0; i < 10; i += 1) assert.equal((await request()).status, 403);
  return request();
}

const WRONG_CODE = { totp_code: '000000' };

/** What is particular to an operation. */
const OWN = {
  ...Object.fromEntries(PACKAGED.flatMap((operation) => [
    [operation[0], errorsOfPacked(operation, false)], [`granted ${operation[0]}`, errorsOfPacked(operation, true)],
  ])),
  refresh: {
    email_unverified: async ({ mailing, unverified }) => {
      const mark = (value) => sql(mailing.dataDir, `UPDATE users SET email_verified_at = ${value} WHERE email = '${unverified}'`);
      await mark('created_at');
      const login = await mailing.post('/auth/token', { json: { email: unverified, password: PASSWORD } });
      await mark('NULL');
      return mailing.post('/auth/refresh', { json: { refresh_token: login.json().refresh_token } });
    },
    refresh_token_invalid: ({ server }, [method, target, options]) => server.request(method, target, options),
    refresh_token_reused: ({ server, me }) => reusedToken(server, me, (token) => server.post('/auth/refresh', { json: { refresh_token: token } })),
    validation_failed: ({ server }) => server.post('/auth/refresh', { json: {} }),
  },
  password: {
    password_wrong: ({ server, me }) => server.put('/auth/password', { token: me.token, json: { current_password: 'not the one', new_password: PASSWORD } }),
    validation_failed: ({ server, me }) => server.put('/auth/password', { token: me.token, json: {} }),
    rate_limited: async ({ limited }) => {
      const somebody = await newUser(limited);
      const wrong = { token: somebody.token, json: { current_password: 'not the one', new_password: PASSWORD } };
      for (let i = 0; i < 10; i += 1) assert.equal((await limited.put('/auth/password', wrong)).status, 403);
      return limited.put('/auth/password', wrong);
    },
  },
  uploads: { validation_failed: ({ server, me }) => server.get('/uploads?limit=0', { token: me.token }) },
  endSession: {
    session_not_found: ({ server }, [method, target, options]) => server.request(method, target, options),
  },
  get: { not_authenticated: withRefusedToken },
  play: { validation_failed: ({ server, me, content }) => server.post(`/content/${content.id}/playback-session?expires_in=0`, { token: me.token }) },
  granted: {
    playback_session_ended: ({ server, content }) => server.get(`/content/${content.id}/playback/x/stream`),
    content_not_found: (context) => changedPlayback(context, (id) => context.server.request('DELETE', `/content/${id}`, { token: context.me.token })),
    source_unavailable: (context) => changedPlayback(context, () =>
      sql(context.server.dataDir, "DELETE FROM content_objects WHERE content_id IN (SELECT id FROM contents WHERE title = 'played')")),
    validation_failed: ({ server, playback }) => server.get(`${playback}?download=perhaps`),
    precondition_failed: ({ server, playback }) => server.get(playback, { headers: { 'If-Match': '"x"' } }),
    range_not_satisfiable: ({ server, playback }) => server.get(playback, { headers: { Range: 'bytes=99999999-' } }),
  },
  register: {
    registration_closed: ({ closed }) => closed.post('/auth/register', { json: { email: 'late@example.com', password: PASSWORD } }),
    invite_invalid: ({ server }) => server.post('/auth/register', { json: { email: 'guest@example.com', password: PASSWORD, invite: 'x' } }),
    email_taken: ({ server, me }) => server.post('/auth/register', { json: { email: me.email, password: PASSWORD } }),
    validation_failed: ({ server }) => server.post('/auth/register', { json: {} }),
  },
  login: {
    email_unverified: ({ mailing, unverified }) => mailing.post('/auth/token', { json: { email: unverified, password: PASSWORD } }),
    credentials_invalid: ({ server, me }) => server.post('/auth/token', { json: { email: me.email, password: 'not the one' } }),
    rate_limited: async ({ limited }) => {
      const wrong = { json: { email: 'target@example.com', password: 'not the one' } };
      for (let i = 0; i < 10; i += 1) assert.equal((await limited.post('/auth/token', wrong)).status, 401);
      return limited.post('/auth/token', wrong);
    },
    totp_required: async ({ server }) => server.post('/auth/token', { json: { email: (await guarded(server)).email, password: PASSWORD } }),
    totp_wrong: async ({ server }) => server.post('/auth/token', { json: { email: (await guarded(server)).email, password: PASSWORD, ...WRONG_CODE } }),
    validation_failed: ({ server }) => server.post('/auth/token', { form: {} }),
    refresh_token_invalid: ({ server }) => server.post('/auth/token', { form: { grant_type: 'refresh_token', refresh_token: 'x' } }),
    refresh_token_reused: ({ server, me }) =>
      reusedToken(server, me, (token) => server.post('/auth/token', { form: { grant_type: 'refresh_token', refresh_token: token } })),
  },
  requestReset: {
    validation_failed: ({ server }) => server.post('/auth/password-reset', { json: { email: 'nobody' } }),
    mail_unavailable: ({ server }, [method, target, options]) => server.request(method, target, options),
    rate_limited: ({ mailing }) => tooMany(mailing, '/auth/password-reset'),
  },
  confirmReset: {
    validation_failed: ({ server }) => server.post('/auth/password-reset/confirm', { json: { token: 'x', new_password: 'password1' } }),
    one_time_token_invalid: ({ server }, [method, target, options]) => server.request(method, target, options),
  },
  verifyEmail: {
    validation_failed: ({ server }) => server.post('/auth/verify-email', { json: {} }),
    one_time_token_invalid: ({ server }, [method, target, options]) => server.request(method, target, options),
  },
  resendVerification: {
    validation_failed: ({ server }) => server.post('/auth/verify-email/resend', { json: { email: 'nobody' } }),
    mail_unavailable: ({ server }, [method, target, options]) => server.request(method, target, options),
    rate_limited: ({ mailing }) => tooMany(mailing, '/auth/verify-email/resend'),
  },
  create: {
    validation_failed: (context) => send(context, SOUND, { title: '' }),
    upload_too_large: (context) => send(context, wav(LIMIT + 1)),
    body_too_large: (context) => context.server.post('/content', { token: context.me.token, multipart: [field('x', 'x'.repeat(90_000)), ...uploadParts(SOUND)] }),
    media_unrecognised: (context) => send(context, Buffer.from('no media')),
    media_kind_mismatch: (context) => send(context, SOUND, { content_type: 'video' }),
    media_truncated: async (context) => send(context, (await media('plain.mp4')).bytes.subarray(0, 30_000), { content_type: 'video' }),
    media_unsupported: (context) => send(context, Buffer.concat([Buffer.from('FLV\x01\x05\0\0\0\x09\0\0\0\0', 'latin1'), Buffer.alloc(500)]), { content_type: 'video' }),
    media_probe_timeout: ({ stuckAnswer }) => stuckAnswer, // it takes 20 s, so it was begun at the start
    quota_exceeded: ({ strict, strictUser }) => strict.post('/content', { token: strictUser.token, multipart: uploadParts(wav(60_000)) }),
    too_many_uploads: async ({ strict, strictUser }) => {
      const wire = await strict.wire();
      await wire.write(bytesOf(['POST', '/content', { token: strictUser.token, multipart: uploadParts(SOUND) }]).subarray(0, 900));
      await sleep(300);
      try {
        return await strict.post('/content', { token: strictUser.token, multipart: uploadParts(SOUND) });
      } finally {
        wire.destroy();
      }
    },
    insufficient_storage: ({ full, fullUser }) => full.post('/content', { token: fullUser.token, multipart: uploadParts(SOUND) }),
    upload_interrupted: async ({ server, me }) => {
      // Another process took the write away: its row is gone when this one wants to publish.
      const wire = await server.wire();
      const bytes = bytesOf(['POST', '/content', { token: me.token, multipart: uploadParts(SOUND) }]);
      await wire.write(bytes.subarray(0, 900));
      await sleep(300);
      await sql(server.dataDir, 'DELETE FROM uploads');
      await wire.write(bytes.subarray(900));
      return wire.finalAnswer();
    },
  },
  invite: {
    validation_failed: ({ server, admin }) => server.post('/invites', { token: admin.token, json: {} }),
    registration_closed: async ({ closed, closedAdmin }) => closed.post('/invites', { token: closedAdmin.token, json: { role: 'viewer' } }),
    too_many_invites: async ({ server, admin }) => {
      await sql(server.dataDir, process.env.TEST_POSTGRES_URL
        ? "INSERT INTO invites SELECT gen_random_uuid(), sha256(i::text::bytea), 'viewer', NULL, now(), now() + interval '1 h' FROM generate_series(1, 1000) i"
        : `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
           INSERT INTO invites SELECT randomblob(16), randomblob(32), 'viewer', NULL, 0, 4000000000000000 FROM n`);
      try {
        return await server.post('/invites', { token: admin.token, json: { role: 'viewer' } });
      } finally {
        await sql(server.dataDir, 'DELETE FROM invites');
      }
    },
  },
  deleteInvite: { invite_not_found: ({ server }, [method, target, options]) => server.request(method, target, options) },
  newKey: {
    validation_failed: ({ server, me }) => server.post('/auth/keys', { token: me.token, json: {} }),
    forbidden: ({ server, me }) => server.post('/auth/keys', { token: me.token, json: { name: 'x', scopes: 'users:admin' } }),
    too_many_api_keys: async ({ server }) => {
      const { token } = await newUser(server);
      const ask = () => server.post('/auth/keys', { token, json: { name: 'x', scopes: 'content:read' } });
      for (let i = 0; i < 100; i += 1) assert.equal((await ask()).status, 201);
      return ask();
    },
  },
  users: { validation_failed: ({ server, admin }) => server.get('/users?limit=0', { token: admin.token }) },
  audit: { validation_failed: ({ server, admin }) => server.get('/audit?limit=0', { token: admin.token }) },
  updateUser: {
    validation_failed: ({ server, admin }) => server.patch(`/users/${NOBODY}`, { token: admin.token, json: { role: 'god' } }),
    last_admin: ({ server, admin }) => server.patch(`/users/${admin.id}`, { token: admin.token, json: { role: 'viewer' } }),
  },
  deleteUser: {
    validation_failed: ({ server, admin }) => server.delete(`/users/${NOBODY}?contents=reassign`, { token: admin.token }),
    last_admin: ({ server, admin }) => server.delete(`/users/${admin.id}`, { token: admin.token }),
    account_has_contents: ({ server, admin, me }) => server.delete(`/users/${me.id}`, { token: admin.token }),
  },
  deleteMe: {
    validation_failed: ({ server, me }) => server.delete('/users/me', { token: me.token, json: {} }),
    password_wrong: ({ server, me }) => server.delete('/users/me', { token: me.token, json: { password: 'not the one' } }),
    last_admin: ({ server, admin }) => server.delete('/users/me', { token: admin.token, json: { password: PASSWORD } }),
    account_has_contents: ({ server, me }) => server.delete('/users/me', { token: me.token, json: { password: PASSWORD } }),
    rate_limited: async ({ limited }) => {
      const { token } = await newUser(limited);
      const guess = () => limited.delete('/users/me', { token, json: { password: 'not the one' } });
      for (let i = 0; i < 10; i += 1) assert.equal((await guess()).status, 403);
      return guess();
    },
  },
  beginTotp: {
    password_wrong: ({ server, me }) => server.post('/auth/totp', { token: me.token, json: { password: 'not the one' } }),
    totp_active: async ({ server }) => server.post('/auth/totp', { token: (await guarded(server)).token, json: { password: PASSWORD } }),
    rate_limited: async ({ limited }) => {
      const { token } = await newUser(limited);
      return eleventh(() => limited.post('/auth/totp', { token, json: { password: 'not the one' } }));
    },
    validation_failed: ({ server, me }) => server.post('/auth/totp', { token: me.token, json: {} }),
  },
  confirmTotp: {
    totp_wrong: async ({ server }) => server.post('/auth/totp/confirm', { token: (await guarded(server, { confirm: false })).token, json: WRONG_CODE }),
    totp_not_found: ({ server, me }) => server.post('/auth/totp/confirm', { token: me.token, json: WRONG_CODE }),
    rate_limited: async ({ limited }) => {
      const { token } = await guarded(limited, { confirm: false });
      return eleventh(() => limited.post('/auth/totp/confirm', { token, json: WRONG_CODE }));
    },
    validation_failed: ({ server, me }) => server.post('/auth/totp/confirm', { token: me.token, json: {} }),
  },
  removeTotp: {
    totp_wrong: async ({ server }) => server.delete('/auth/totp', { token: (await guarded(server)).token, json: WRONG_CODE }),
    totp_not_found: ({ server, me }) => server.delete('/auth/totp', { token: me.token, json: WRONG_CODE }),
    rate_limited: async ({ limited }) => {
      const { token } = await guarded(limited);
      return eleventh(() => limited.delete('/auth/totp', { token, json: WRONG_CODE }));
    },
    validation_failed: ({ server, me }) => server.delete('/auth/totp', { token: me.token, json: {} }),
  },
  beginSignIn: {
    sign_in_not_offered: ({ server }, [method, target, options]) => server.request(method, target, options),
    validation_failed: ({ server }) => server.get('/auth/oidc/authorize'),
  },
  finishSignIn: {
    sign_in_not_offered: ({ server }, [method, target, options]) => server.request(method, target, options),
    validation_failed: ({ server }) => server.get('/auth/oidc/callback'),
  },
  redeemSignIn: {
    sign_in_not_offered: ({ server }, [method, target, options]) => server.request(method, target, options),
    validation_failed: ({ server }) => server.post('/auth/oidc/token', { json: {} }),
  },
  begin: {
    validation_failed: ({ server, me }) => server.post('/uploads', { token: me.token, json: {} }),
    direct_upload_unavailable: ({ server }, [method, target, options]) => server.request(method, target, options),
  },
  parts: { validation_failed: ({ server, me }) => server.post(`/uploads/${NOBODY}/parts`, { token: me.token, json: { from: 0 } }) },
  complete: { validation_failed: ({ server, me }) => server.post(`/uploads/${NOBODY}/complete`, { token: me.token, json: { parts: [] } }) },
  list: { validation_failed: ({ server }) => server.get('/content?limit=0') },
  update: {
    validation_failed: ({ server, me, content }) => server.put(`/content/${content.id}`, { token: me.token, json: { title: '' } }),
    media_kind_mismatch: ({ server, me, content }) => server.put(`/content/${content.id}`, { token: me.token, json: { content_type: 'video' } }),
  },
  patch: {
    validation_failed: ({ server, me, content }) => server.patch(`/content/${content.id}`, { token: me.token, json: { title: '' } }),
    media_kind_mismatch: ({ server, me, content }) => server.patch(`/content/${content.id}`, { token: me.token, json: { content_type: 'video' } }),
  },
  stream: {
    not_authenticated: withRefusedToken,
    source_unavailable: async ({ server, me }) => {
      const { id } = await upload(server, me.token, SOUND, { title: 'lost' });
      await sql(server.dataDir, "DELETE FROM content_objects WHERE content_id = (SELECT id FROM contents WHERE title = 'lost')");
      return server.get(`/content/${id}/stream`);
    },
    validation_failed: ({ server, content }) => server.get(`/content/${content.id}/stream?download=perhaps`),
    precondition_failed: ({ server, content }) => server.get(`/content/${content.id}/stream`, { headers: { 'If-Match': '"x"' } }),
    range_not_satisfiable: ({ server, content }) => server.get(`/content/${content.id}/stream`, { headers: { Range: 'bytes=99999999-' } }),
  },
};

// The document is needed to name the tests, so the servers start before them.
const context = {};
const servers = [];
async function start(name, env) {
  context[name] = await startServer({ env });
  servers.push(context[name]);
  return context[name];
}

await start('server', { MAX_UPLOAD_SIZE: String(LIMIT) });
const contract = await context.server.contract();

describe('errors', () => {
  before(async () => {
    const { server } = context;
    context.me = await newUser(server);
    context.viewer = await newUser(server);
    const cwd = server.dataDir;
    const made = await runProgram(['user', 'role', context.viewer.email, 'viewer'], { cwd, env: { DATA_DIR: server.dataDir } });
    assert.equal(made.code, 0, `clinikk-tv user role: ${made.stderr}`);
    context.viewer.token = await login(server, context.viewer.email); // another role ends the sessions
    context.content = await upload(server, context.me.token, SOUND);
    context.playback = await playbackOf(server, context.me, context.content.id);
    context.packed = { video: await addPacked(server, context.me, 'plain.mp4'), audio: await addPacked(server, context.me, 'tone.m4a') };
    const keyFor = async (scopes) => (await server.post('/auth/keys', { token: context.me.token, json: { name: scopes, scopes } })).json().key;
    context.keys = { reading: await keyFor('content:read'), writing: await keyFor('content:write') };
    context.admin = await newUser(server);
    await sql(server.dataDir, `UPDATE users SET role = 'admin' WHERE email = '${context.admin.email}'`);

    const hanging = path.join(cwd, 'ffprobe');
    await writeFile(hanging, '#!/usr/bin/perl\nsleep 1000;\n', { mode: 0o755 });
    const stuck = await start('stuck', { FFPROBE: hanging });
    const stuckUser = await newUser(stuck);
    context.stuckAnswer = stuck.post('/content', { token: stuckUser.token, multipart: uploadParts(SOUND) });

    await start('impatient', { HEADER_TIMEOUT: '1s' });
    await start('crowded', { MAX_CONNECTIONS: 1 });
    await start('limited', { RATE_LIMIT: 'on' });
    await start('metered', { RATE_LIMIT: 'on', REQUEST_RATE: 1 });
    const strict = await start('strict', { MAX_UPLOADS_PER_USER: 1, USER_QUOTA: '50000' });
    context.strictUser = await newUser(strict);
    const full = await start('full', { DISK_RESERVE: '1048576TiB' });
    context.fullUser = await newUser(full);

    // Nothing listens at port 1: the mails fail, which no answer tells.
    const page = 'https://app.example/{token}';
    const mail = { SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'a@example.com', PASSWORD_RESET_URL: page, EMAIL_VERIFICATION_URL: page };
    const mailing = await start('mailing', { ...mail, RATE_LIMIT: 'on', REQUIRE_VERIFIED_EMAIL: '1' });
    context.unverified = 'unverified@example.com';
    assert.equal((await mailing.post('/auth/register', { json: { email: context.unverified, password: PASSWORD } })).status, 201);

    const closed = await start('closed', { REGISTRATION: 'closed' });
    const adminMade = await runProgram(['user', 'add', 'closed@example.com', '--role', 'admin'], { cwd: closed.dataDir, env: { DATA_DIR: closed.dataDir }, input: `${PASSWORD}\n` });
    assert.equal(adminMade.code, 0, adminMade.stderr);
    context.closedAdmin = { token: await login(closed, 'closed@example.com') };

    await start('broken');
  });
  after(async () => {
    for (const server of servers) await server.stop();
  });

  for (const operation of contract.operations()) {
    const name = TEMPLATES[`${operation.method} ${operation.template}`];
    for (const { status, code } of contract.errorsOf(operation)) {
      const exempt = EXEMPT[`${operation.id} ${code}`];
      if (exempt || isElsewhere(operation, code) || code === 'internal') continue; // what breaks the server is below
      test(`${operation.id}: ${status} ${code}`, async () => {
        assert.ok(name, `nothing is known of ${operation.method} ${operation.template}`);
        const produce = OWN[name]?.[code] ?? COMMON[code];
        assert.ok(produce, `nobody knows how to bring about ${code} for ${operation.id}`);
        const answer = await produce(context, requests[name](context));
        assert.equal(answer.status, status, answer.text());
        assert.equal(answer.headers['content-type'], 'application/problem+json');
        assert.equal(answer.json().code, code);
        contract.check({ method: operation.method, path: requests[name](context)[1], answer });
      });
    }
  }

  test('internal: 500 where the database is broken, and nothing of it is told', async () => {
    const { broken } = context;
    const me = await newUser(broken);
    const content = await upload(broken, me.token, SOUND);
    const playback = await playbackOf(broken, me, content.id);
    const tables = ['api_keys', 'users', 'contents', 'sessions', 'refresh_tokens', 'account_tokens'];
    await sql(broken.dataDir, tables.map((table) => `ALTER TABLE ${table} RENAME TO ${table}_away;`).join(' '));
    const place = { id: content.id, playback: playback.replace(/\/stream$/, ''), segment: 'segments/x/1/1.m4s' };
    const here = { me, content, playback, packed: { video: place, audio: place }, admin: me, viewer: me };
    for (const operation of contract.operations()) {
      const name = TEMPLATES[`${operation.method} ${operation.template}`];
      if (operation.method === 'HEAD' || EXEMPT[`${operation.id} internal`] || !contract.errorsOf(operation).some(({ code }) => code === 'internal')) continue;
      const [method, target, options] = requests[name](here);
      const answer = await broken.request(method, target, { ...options, check: false });
      assert.equal(answer.status, 500, `${operation.id}: ${answer.text()}`);
      assert.equal(answer.json().code, 'internal');
      assert.doesNotMatch(answer.text(), /table|sqlite|users/i);
      contract.check({ method, path: target, answer, publicUrl: broken.url });
      await broken.logs(answer.headers['x-request-id']); // the cause stands under the id
    }
  });

  test('unavailable: 503 where another keeps the database locked, and all is well afterwards', async () => {
    const { server, me } = context;
    const unlock = await lockDatabase(server.dataDir);
    let answer;
    try {
      answer = await server.post('/auth/register', { json: { email: 'locked-out@example.com', password: PASSWORD } });
    } finally {
      await unlock();
    }
    assert.equal(answer.status, 503, answer.text());
    assert.equal(answer.json().code, 'unavailable');
    assert.equal((await server.get('/auth/me', { token: me.token })).status, 200);
    await newUser(server, { email: 'locked-out@example.com' });
  });

  test('what is exempt is listed', () => {
    const listed = contract.operations().flatMap((operation) => contract.errorsOf(operation).map(({ code }) => `${operation.id} ${code}`));
    for (const entry of Object.keys(EXEMPT)) assert.ok(listed.includes(entry), entry);
  });
});
