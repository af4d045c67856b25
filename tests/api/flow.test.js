// The one path everything stands on: register, log in, upload, list, change, play, delete.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { PASSWORD } from '../support/client.js';
import { assertNothingLeftBehind } from '../support/leftovers.js';
import { decode, ffprobe, media } from '../support/media.js';
import { field, file } from '../support/multipart.js';
import { startServer } from '../support/server.js';

const CONTENT_MEMBERS = [
  'audio_codec', 'bit_rate', 'content_type', 'created_at', 'description', 'duration', 'duration_ms', 'height', 'id', 'language',
  'media_type', 'owner_id', 'packaging', 'packaging_reason', 'sha256', 'size', 'status', 'storage_url', 'thumbnail_url', 'title', 'truncated', 'updated_at',
  'video_codec', 'visibility', 'width',
];
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

describe('from registration to deletion', () => {
  let server, token, me, video, audio, movie, song;
  const email = 'editor@example.com';

  before(async () => {
    [server, movie, song] = await Promise.all([startServer(), media('faststart.mp4'), media('tone.mp3')]);
  });
  after(() => server?.stop());

  test('register', async () => {
    const answer = await server.post('/auth/register', { json: { email, password: PASSWORD } });
    assert.equal(answer.status, 201);
    me = answer.json();
    assert.deepEqual(Object.keys(me).sort(), ['created_at', 'email', 'email_verified_at', 'id', 'is_active', 'role']);
    assert.equal(me.email_verified_at, null);
    assert.match(me.id, UUID_V7);
    assert.equal(me.email, email);
    assert.equal(me.is_active, true);
    assert.equal(me.role, 'editor');
    assert.match(me.created_at, UTC_TIME);
    assert.ok(Math.abs(Date.parse(me.created_at) - Date.now()) < 60_000, me.created_at);
  });

  test('log in by JSON', async () => {
    const answer = await server.post('/auth/token', { json: { email, password: PASSWORD } });
    assert.equal(answer.status, 200);
    const body = answer.json();
    assert.equal(body.token_type, 'bearer');
    assert.equal(body.expires_in, 30 * 60);
    assert.match(body.access_token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.match(answer.headers['cache-control'], /no-store/); // RFC 6749 section 5.1
    token = body.access_token;
  });

  test('log in by the OAuth2 form', async () => {
    const form = { grant_type: 'password', username: email, password: PASSWORD, scope: '', client_id: 'x' };
    const answer = await server.post('/auth/token', { form });
    assert.equal(answer.status, 200);
    const seen = await server.get('/auth/me', { token: answer.json().access_token });
    assert.equal(seen.json().id, me.id);
  });

  test('who am I', async () => {
    const answer = await server.get('/auth/me', { token });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json(), me);
  });

  test('upload a video', async () => {
    const answer = await server.post('/content', {
      token,
      multipart: [
        field('title', 'Morning stretch'),
        field('description', 'Ten minutes for the back'),
        field('content_type', 'video'),
        field('duration', '600'),
        field('thumbnail_url', 'https://example.com/stretch.jpg'),
        file('file', 'stretch.mp4', movie.bytes, 'video/mp4'),
      ],
    });
    assert.equal(answer.status, 201, answer.text());
    video = answer.json();
    assert.deepEqual(Object.keys(video).sort(), CONTENT_MEMBERS);
    assert.equal(new URL(answer.headers.location, server.url).href, `${server.url}/content/${video.id}`);
    assert.match(video.id, UUID_V7);
    assert.match(video.created_at, UTC_TIME);
    assert.equal(video.updated_at, video.created_at);
    assert.equal(video.status, 'ready');
    const { title, description, content_type: kind, duration, thumbnail_url: thumbnail } = video;
    assert.deepEqual(
      { title, description, kind, duration, thumbnail },
      {
        title: 'Morning stretch',
        description: 'Ten minutes for the back',
        kind: 'video',
        duration: 600,
        thumbnail: 'https://example.com/stretch.jpg',
      },
    );
    assert.equal(video.owner_id, me.id);
    assert.equal(video.size, movie.size);
    assert.equal(video.sha256, movie.sha256);
    assert.equal(video.media_type, 'video/mp4');
    assert.equal(video.storage_url, `${server.url}/content/${video.id}/stream`);
  });

  test('upload an audio the way a browser does', async () => {
    const form = new FormData();
    form.append('title', 'Deep breathing');
    form.append('description', 'Close your eyes');
    form.append('content_type', 'audio');
    form.append('file', new Blob([song.bytes], { type: 'audio/mpeg' }), 'breathing.mp3');
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(`${server.url}/content`, { method: 'POST', body: form, headers });
    assert.equal(response.status, 201);
    audio = await response.json();
    assert.equal(audio.sha256, song.sha256);
    assert.equal(audio.media_type, 'audio/mpeg');
    assert.equal(audio.thumbnail_url, null);
    assert.equal(audio.duration, 2, 'nobody stated it, so it is the length of the recording');
    assert.equal(audio.width, null);
  });

  test('list both, the newest first', async () => {
    const answer = await server.get('/content');
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json(), [audio, video]);
    assert.equal(answer.headers.link, undefined);
  });

  test('get one', async () => {
    const answer = await server.get(`/content/${video.id}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json(), video);
  });

  for (const [how, body, changed] of [
    ['a urlencoded form', { form: { title: 'By form & more' } }, { title: 'By form & more' }],
    [
      'a multipart form',
      { multipart: [field('description', 'By multipart'), field('duration', '7')] },
      { description: 'By multipart', duration: 7 },
    ],
    [
      'JSON',
      { json: { title: 'By JSON', thumbnail_url: 'http://example.com/new.png' } },
      { title: 'By JSON', thumbnail_url: 'http://example.com/new.png' },
    ],
  ]) {
    test(`change it by ${how}; what is absent stays`, async () => {
      const answer = await server.put(`/content/${video.id}`, { token, ...body });
      assert.equal(answer.status, 200, answer.text());
      const now = answer.json();
      assert.ok(now.updated_at > video.updated_at, `${now.updated_at} after ${video.updated_at}`);
      assert.deepEqual(now, { ...video, ...changed, updated_at: now.updated_at });
      assert.deepEqual((await server.get(`/content/${video.id}`)).json(), now);
      video = now;
    });
  }

  test('stream the whole of it', async () => {
    for (const [content, item] of [[video, movie], [audio, song]]) {
      const answer = await server.get(`/content/${content.id}/stream`);
      assert.equal(answer.status, 200);
      assert.ok(answer.body.equals(item.bytes));
      assert.equal(answer.headers['content-type'], content.media_type);
      assert.equal(answer.headers['accept-ranges'], 'bytes');
    }
  });

  test('stream it by ranges that add up to the file', async () => {
    const step = 10_000;
    const pieces = [];
    for (let at = 0; at < movie.size; at += step) {
      const last = Math.min(at + step, movie.size) - 1;
      const answer = await server.get(`/content/${video.id}/stream`, { headers: { Range: `bytes=${at}-${at + step - 1}` } });
      assert.equal(answer.status, 206);
      assert.equal(answer.headers['content-range'], `bytes ${at}-${last}/${movie.size}`);
      assert.equal(answer.headers['content-length'], String(last - at + 1));
      pieces.push(answer.body);
    }
    assert.ok(Buffer.concat(pieces).equals(movie.bytes));
  });

  test('ask for its head only', async () => {
    const answer = await server.head(`/content/${video.id}/stream`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-length'], String(movie.size));
    assert.equal(answer.headers['content-type'], 'video/mp4');
    assert.equal(answer.body.length, 0);
  });

  test('real players play it over HTTP', async () => {
    const probed = await ffprobe(video.storage_url);
    assert.equal(Math.round(Number(probed.format.duration)), 2);
    assert.deepEqual(probed.streams.map((stream) => stream.codec_name).sort(), ['aac', 'h264']);
    assert.equal(await decode(video.storage_url), 20);
    assert.equal(await decode(video.storage_url, { start: 1 }), 10);
    assert.ok((await decode(audio.storage_url, { stream: 'a' })) > 50);
  });

  test('delete it: row, bytes and address are gone, the other stays', async () => {
    const answer = await server.delete(`/content/${video.id}`, { token });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json(), { detail: 'Content deleted successfully' });
    for (const again of [
      await server.get(`/content/${video.id}`),
      await server.get(`/content/${video.id}/stream`),
      await server.put(`/content/${video.id}`, { token, form: { title: 'x' } }),
      await server.delete(`/content/${video.id}`, { token }),
    ]) {
      assert.equal(again.status, 404);
      assert.equal(again.json().detail, 'Content not found');
    }
    assert.deepEqual((await server.get('/content')).json(), [audio]);
    await assertNothingLeftBehind(server);
  });
});
