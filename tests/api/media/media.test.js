// What a file is, its bytes decide: every accepted format, every refusal, and that nothing a file says makes the
// server read another file or call another machine.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { assertMediaRefused, newUser, uploadMedia, uploadParts } from '../../support/client.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { decode, FILES, media, wav } from '../../support/media.js';
import { startServer } from '../../support/server.js';

const MEDIA_CODES = ['media_kind_mismatch', 'media_probe_timeout', 'media_truncated', 'media_unrecognised', 'media_unsupported'];

describe('formats that are accepted', () => {
  let server, token;
  before(async () => {
    server = await startServer();
    ({ token } = await newUser(server));
  });
  after(() => server?.stop());

  for (const name of Object.keys(FILES).filter((entry) => !entry.startsWith('long'))) {
    test(name, async () => {
      const item = await media(name);
      // Neither the name nor the claimed type has a say.
      const content = await uploadMedia(server, token, item, { filename: 'something.bin', type: 'text/plain' });
      assert.ok([item.type].flat().includes(content.media_type), content.media_type);
      assert.ok(Math.abs(content.duration_ms - 2000) < 150, `${content.duration_ms} ms`);
      assert.equal(content.duration, 2);
      assert.equal(content.width, item.width ?? null);
      assert.equal(content.height, item.height ?? null);
      assert.equal(content.size, item.size);
      assert.equal(content.sha256, item.sha256);
      assert.equal(content.status, 'ready');
      const stream = await server.get(`/content/${content.id}/stream`);
      assert.equal(stream.headers['content-type'], content.media_type);
      assert.ok(stream.body.equals(item.bytes));
    });
  }

  for (const name of ['plain.mp4', 'fragmented.mp4', 'clip.webm', 'clip.mkv', 'clip.ts', 'clip.avi']) {
    test(`${name} plays over HTTP, from the middle too`, async () => {
      const content = await uploadMedia(server, token, await media(name));
      assert.ok((await decode(content.storage_url)) >= 19);
      assert.ok((await decode(content.storage_url, { start: 1 })) >= 5);
    });
  }

  test('a stated duration is kept beside the measured one', async () => {
    const content = await uploadMedia(server, token, await media('tone.mp3'), { duration: '77' });
    assert.equal(content.duration, 77);
    assert.ok(Math.abs(content.duration_ms - 2000) < 150);
  });

  test('the object stands under its id, whatever it is', async () => {
    const listing = execFileSync('find', [path.join(server.dataDir, 'objects'), '-type', 'f', '-printf', '%P\n'], { encoding: 'utf8' });
    for (const line of listing.trim().split('\n')) {
      assert.match(line, /^(objects\/[0-9a-f-]{36}|index\/[0-9a-f-]{36}\.idx)$/);
    }
  });

  test('nothing else is left', () => assertNothingLeftBehind(server));
});

describe('files that are refused', () => {
  let server, token, canary, canaryUrl;
  const calls = [];
  before(async () => {
    canary = http.createServer((request, response) => {
      calls.push(request.url);
      response.end('#EXTM3U\n');
    });
    await new Promise((resolve) => canary.listen(0, '127.0.0.1', resolve));
    canaryUrl = `http://127.0.0.1:${canary.address().port}`;
    server = await startServer();
    ({ token } = await newUser(server));
  });
  after(async () => {
    canary?.close();
    await server?.stop();
  });

  const send = (bytes, over = {}) =>
    server.post('/content', { token, multipart: uploadParts(Buffer.from(bytes), { filename: 'film.mp4', type: 'video/mp4', content_type: 'video', ...over }) });

  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  const id3 = (rest) => Buffer.concat([Buffer.from('ID3\x04\x00\x00\x00\x00\x00\x00', 'latin1'), Buffer.from(rest)]);
  for (const [what, make] of [
    ['text', () => 'This is no film. '.repeat(100)],
    ['one byte', () => 'x'],
    ['HTML', () => '<!doctype html><script>alert(document.domain)</script>'],
    ['SVG', () => '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['a picture', () => png],
    ['subtitles', () => '1\n00:00:00,000 --> 00:00:02,000\nHello\n'],
    ['WebVTT', () => 'WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n'],
    ['PDF', () => '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n'],
    ['ZIP', () => Buffer.from('504b0304140000000000', 'hex')],
    ['a program', () => Buffer.concat([Buffer.from('7f454c46020101', 'hex'), Buffer.alloc(5000)])],
    ['zeros', () => Buffer.alloc(100_000)],
    ['noise', () => wav(100_000, 99).subarray(44)],
    ['an HLS manifest', () => `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:///etc/passwd\n#EXTINF:2,\n${canaryUrl}/hls.ts\n#EXT-X-ENDLIST\n`],
    ['an HLS manifest of data', () => `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nconcat:${canaryUrl}/header.m3u8|file:///etc/passwd\n#EXT-X-ENDLIST\n`],
    ['an ffconcat script', () => `ffconcat version 1.0\nfile /etc/passwd\nfile '${canaryUrl}/concat.mp4'\n`],
    ['a DASH manifest', () => `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${canaryUrl}/dash.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`],
    ['a session description', () => `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${new URL(canaryUrl).port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`],
    ['an HLS manifest behind an ID3 tag', () => id3(`#EXTM3U\n#EXTINF:2,\n${canaryUrl}/id3.ts\n`)],
    ['an HLS manifest behind an ftyp box', () => Buffer.concat([Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1'), Buffer.from(`#EXTM3U\n#EXTINF:2,\n${canaryUrl}/ftyp.ts\n`)])],
  ]) {
    for (const kind of ['video', 'audio']) {
      test(`${what} called ${kind}`, async () => {
        const answer = await send(make(), { content_type: kind });
        // Behind a tag or a box there is a format, but nothing of it.
        assertMediaRefused(answer, 'media_unrecognised', 'media_unsupported', ...(/behind/.test(what) ? ['media_truncated', 'media_kind_mismatch'] : []));
      });
    }
  }

  test('none of them made the server call anybody', () => assert.deepEqual(calls, []));

  for (const [name, stated] of [['tone.mp3', 'video'], ['tone.m4a', 'video'], ['cover.mp3', 'video'], ['tone.flac', 'video'], ['tone.opus', 'video'], ['silent.mp4', 'audio']]) {
    test(`${name} called ${stated}`, async () => {
      assertMediaRefused(await send((await media(name)).bytes, { content_type: stated }), 'media_kind_mismatch');
    });
  }

  for (const name of ['plain.mp4', 'clip.mov', 'clip.m4v', 'tone.m4a']) {
    test(`${name} with its end cut off has no index`, async () => {
      const { bytes, kind } = await media(name);
      for (const part of [0.25, 0.5, 0.75, 0.9]) {
        const answer = await send(bytes.subarray(0, Math.floor(bytes.length * part)), { content_type: kind });
        assertMediaRefused(answer, 'media_truncated');
      }
    });
  }

  test('mp4 cut off at any byte is never taken for whole', async () => {
    for (const name of ['faststart.mp4', 'plain.mp4']) {
      const { bytes } = await media(name);
      for (const less of [1, 2, 7, 8, 9, 100, 1000]) {
        const answer = await send(bytes.subarray(0, bytes.length - less));
        if (name === 'plain.mp4') assertMediaRefused(answer, 'media_truncated');
        else assert.equal(answer.json().truncated, true, answer.text());
      }
      for (const length of [4, 7, 8, 9, 24, 32, 40, 100]) {
        assertMediaRefused(await send(bytes.subarray(0, length)), 'media_truncated', 'media_unrecognised');
      }
    }
  });

  const box = (type, ...content) => {
    const body = Buffer.concat(content.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(part))));
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + body.length, 0);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, body]);
  };
  const ftyp = box('ftyp', 'isom', Buffer.alloc(4), 'isom');
  const large = (type, size) => {
    const head = Buffer.alloc(16);
    head.writeUInt32BE(1, 0);
    head.write(type, 4, 'latin1');
    head.writeBigUInt64BE(size, 8);
    return head;
  };
  for (const [what, make] of [
    ['a box of 2^63 bytes', () => Buffer.concat([ftyp, large('mdat', 2n ** 63n), Buffer.alloc(100)])],
    ['a box of 2^64 - 1 bytes', () => Buffer.concat([ftyp, large('mdat', 2n ** 64n - 1n), Buffer.alloc(100)])],
    ['a moov of 2^63 bytes', () => Buffer.concat([ftyp, large('moov', 2n ** 63n), Buffer.alloc(100)])],
    ['a moov of 4 GiB', () => Buffer.concat([ftyp, Buffer.from('ffffffff6d6f6f76', 'hex'), Buffer.alloc(100)])],
    ['a box of 4 bytes', () => Buffer.concat([ftyp, Buffer.from('000000046d6f6f76', 'hex'), Buffer.alloc(100)])],
    ['a large box of 8 bytes', () => Buffer.concat([ftyp, large('moov', 8n), Buffer.alloc(100)])],
    ['an empty moov', () => Buffer.concat([ftyp, box('moov')])],
    ['no moov', () => Buffer.concat([ftyp, box('mdat', Buffer.alloc(1000))])],
    ['boxes in boxes in boxes', () => {
      let inner = box('free');
      for (let i = 0; i < 5000; ++i) inner = box('moov', inner);
      return Buffer.concat([ftyp, inner]);
    }],
    ['100 000 empty boxes', () => Buffer.concat([ftyp, ...Array(100_000).fill(box('free')), box('moov')])],
    ['100 000 tracks', () => Buffer.concat([ftyp, box('moov', ...Array(100_000).fill(box('trak')))])],
  ]) {
    test(`${what}`, async () => {
      const started = Date.now();
      assertMediaRefused(await send(make()), ...MEDIA_CODES.filter((code) => code !== 'media_probe_timeout'));
      assert.ok(Date.now() - started < 8_000, `${Date.now() - started} ms`);
    });
  }

  test('sample tables that promise more than there is', async () => {
    const { bytes } = await media('faststart.mp4');
    for (const [type, at] of [['stsz', 8], ['stco', 4], ['stts', 4], ['stsc', 4]]) {
      const edited = Buffer.from(bytes);
      edited.writeUInt32BE(0x7fffffff, edited.indexOf(type) + 4 + at);
      assertMediaRefused(await send(edited), 'media_truncated', 'media_unrecognised', 'media_unsupported');
    }
    const offset = Buffer.from(bytes);
    offset.writeUInt32BE(0x7fffffff, offset.indexOf('stco') + 12);
    assertMediaRefused(await send(offset), 'media_truncated');
  });

  test('bytes turned over in the index do no harm', async () => {
    const { bytes } = await media('faststart.mp4');
    const moov = bytes.indexOf('moov');
    const end = bytes.indexOf('mdat');
    let state = 4711;
    const random = (below) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % below;
    for (let round = 0; round < 25; ++round) {
      const edited = Buffer.from(bytes);
      for (let i = 0; i < 8; ++i) edited[moov + random(end - moov)] ^= 1 << random(8);
      const answer = await send(edited);
      if (answer.status !== 201) assertMediaRefused(answer, ...MEDIA_CODES);
    }
  });

  test('nothing of them is left, and nobody was called', async () => {
    await assertNothingLeftBehind(server);
    assert.deepEqual(calls, []);
  });
});
