// What a file is, its bytes decide: every accepted format, every refusal, and that nothing a file says makes the
// server read another file or call another machine.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newUser, uploadMedia, uploadParts } from '../../support/client.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { decode, FILES, media, wav } from '../../support/media.js';
import { eventually, temporaryDirectory } from '../../support/program.js';
import { startServer } from '../../support/server.js';

const MEDIA_CODES = ['media_kind_mismatch', 'media_probe_timeout', 'media_truncated', 'media_unrecognised', 'media_unsupported'];

function assertRefused(answer, ...codes) {
  assert.equal(answer.status, 422, answer.text());
  assert.ok(codes.includes(answer.json().code), answer.text());
}

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

  test('the object stands under its kind and its own format', async () => {
    const listing = execFileSync('find', [path.join(server.dataDir, 'objects'), '-type', 'f', '-printf', '%P\n'], { encoding: 'utf8' });
    for (const line of listing.trim().split('\n')) {
      assert.match(line, /^(video\/[0-9a-f-]{36}\.(mp4|m4v|mov|webm|mkv|ts|mpg|mpeg|avi)|audio\/[0-9a-f-]{36}\.(mp3|m4a|aac|flac|wav|ogg|oga|opus))$/);
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
        assertRefused(answer, 'media_unrecognised', 'media_unsupported', ...(/behind/.test(what) ? ['media_truncated', 'media_kind_mismatch'] : []));
      });
    }
  }

  test('none of them made the server call anybody', () => assert.deepEqual(calls, []));

  for (const [name, stated] of [['tone.mp3', 'video'], ['tone.m4a', 'video'], ['cover.mp3', 'video'], ['tone.flac', 'video'], ['tone.opus', 'video'], ['silent.mp4', 'audio']]) {
    test(`${name} called ${stated}`, async () => {
      assertRefused(await send((await media(name)).bytes, { content_type: stated }), 'media_kind_mismatch');
    });
  }

  for (const name of ['plain.mp4', 'clip.mov', 'clip.m4v', 'tone.m4a']) {
    test(`${name} with its end cut off has no index`, async () => {
      const { bytes, kind } = await media(name);
      for (const part of [0.25, 0.5, 0.75, 0.9]) {
        const answer = await send(bytes.subarray(0, Math.floor(bytes.length * part)), { content_type: kind });
        assertRefused(answer, 'media_truncated');
      }
    });
  }

  test('mp4 cut off at any byte is never taken for whole', async () => {
    for (const name of ['faststart.mp4', 'plain.mp4']) {
      const { bytes } = await media(name);
      for (const less of [1, 2, 7, 8, 9, 100, 1000]) {
        const answer = await send(bytes.subarray(0, bytes.length - less));
        if (name === 'plain.mp4') assertRefused(answer, 'media_truncated');
        else assert.equal(answer.json().truncated, true, answer.text());
      }
      for (const length of [4, 7, 8, 9, 24, 32, 40, 100]) {
        assertRefused(await send(bytes.subarray(0, length)), 'media_truncated', 'media_unrecognised');
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
      assertRefused(await send(make()), ...MEDIA_CODES.filter((code) => code !== 'media_probe_timeout'));
      assert.ok(Date.now() - started < 8_000, `${Date.now() - started} ms`);
    });
  }

  test('sample tables that promise more than there is', async () => {
    const { bytes } = await media('faststart.mp4');
    for (const [type, at] of [['stsz', 8], ['stco', 4], ['stts', 4], ['stsc', 4]]) {
      const edited = Buffer.from(bytes);
      edited.writeUInt32BE(0x7fffffff, edited.indexOf(type) + 4 + at);
      assertRefused(await send(edited), 'media_truncated', 'media_unrecognised', 'media_unsupported');
    }
    const offset = Buffer.from(bytes);
    offset.writeUInt32BE(0x7fffffff, offset.indexOf('stco') + 12);
    assertRefused(await send(offset), 'media_truncated');
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
      if (answer.status !== 201) assertRefused(answer, ...MEDIA_CODES);
    }
  });

  test('nothing of them is left, and nobody was called', async () => {
    await assertNothingLeftBehind(server);
    assert.deepEqual(calls, []);
  });
});

/** A Matroska file of nothing but as many tracks, five bytes each. */
function manyTracks(count) {
  const element = (id, body) => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(body.length));
    size[0] = 0x01;
    return Buffer.concat([Buffer.from(id, 'hex'), size, body]);
  };
  const head = element('1a45dfa3', Buffer.from('\x42\x82\x88matroska\x42\x87\x81\x04', 'latin1'));
  const info = element('1549a966', Buffer.from('2ad7b1830f4240448984' + '44fa0000', 'hex'));
  const tracks = element('1654ae6b', Buffer.alloc(5 * count, Buffer.from('ae83d78101', 'hex')));
  return Buffer.concat([head, element('18538067', Buffer.concat([info, tracks]))]);
}

/** All processes that `pid` has started, and those that these have: `[{pid, command, oomScoreAdj}]`, ended ones too. */
async function descendants(pid) {
  const processes = new Map();
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const read = (file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '');
    const [stat, command, adjustment] = await Promise.all(['stat', 'cmdline', 'oom_score_adj'].map(read));
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    processes.set(Number(name), { pid: Number(name), parent, command: command.split('\0').filter(Boolean).join(' '), oomScoreAdj: Number(adjustment) });
  }
  const descends = ({ parent }) => parent === pid || (processes.has(parent) && descends(processes.get(parent)));
  return [...processes.values()].filter(descends);
}

describe('the sandbox around ffprobe', () => {
  let directory, canary, movie;
  const calls = [];
  before(async () => {
    [directory, movie] = await Promise.all([temporaryDirectory(), media('faststart.mp4')]);
    canary = http.createServer((request, response) => {
      calls.push(request.url);
      response.end();
    });
    canary.on('connection', () => calls.push('connected'));
    await new Promise((resolve) => canary.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    canary?.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function plant(name, script, interpreter = '/bin/bash') {
    const file = path.join(directory, name);
    await writeFile(file, `#!${interpreter}\n${script}`);
    await chmod(file, 0o755);
    return file;
  }

  async function withProbe(file, check, env = {}) {
    const server = await startServer({ env: { FFPROBE: file, SECRET_KEY: 'a secret that must not be seen in there', ...env } });
    try {
      const { token } = await newUser(server);
      await check(await server.post('/content', { token, multipart: uploadParts(movie.bytes, { content_type: 'video' }) }), server, token);
      await assertNothingLeftBehind(server);
    } finally {
      await server.stop();
    }
  }

  // The spy tells what it could do by the width of the picture, the only thing that gets out.
  const spy = (port) => `
findings=1
for name in SECRET_KEY DATA_DIR FFPROBE HOME TMPDIR PORT; do
  [ -n "\${!name+set}" ] && findings=$((findings | 2))
done
{ read -r line < /etc/passwd; } 2>/dev/null && [ -n "$line" ] && findings=$((findings | 4))
{ exec 9<>/dev/tcp/127.0.0.1/${port}; } 2>/dev/null && findings=$((findings | 8))
{ echo x > "$0.written"; } 2>/dev/null && findings=$((findings | 16))
{ echo x > /tmp/clinikk-tv-spy; } 2>/dev/null && findings=$((findings | 32))
for fd in 4 5 6 7 8; do # the shell keeps some of its own from 10 on
  { true <&$fd; } 2>/dev/null && findings=$((findings | 64))
done
{ read -r line < /proc/$PPID/environ; } 2>/dev/null
case $line in *SECRET_KEY*) findings=$((findings | 128));; esac
{ kill -0 ${process.pid}; } 2>/dev/null && findings=$((findings | 256))
for name in ${directory}/*; do [ -r "$name" ] && [ "$name" != "$0" ] && findings=$((findings | 512)); done
echo '{"format":{"format_name":"mov,mp4,m4a","duration":"2.0","tags":{"major_brand":"isom"}},"streams":[{"codec_type":"video","codec_name":"h264","width":'$findings',"height":16}]}'
`;

  test('sees no environment, reads no file, calls nobody, writes nothing', async () => {
    await writeFile(path.join(directory, 'neighbour'), 'private');
    const file = await plant('spy', spy(canary.address().port));
    await withProbe(file, (answer) => {
      assert.equal(answer.status, 201, answer.text());
      const { width } = answer.json();
      const found = ['ran', 'environment', '/etc/passwd', 'network', 'wrote beside itself', 'wrote to /tmp', 'descriptors', 'environment of its parent', 'signals', 'files beside itself'];
      assert.deepEqual(found.filter((_, bit) => width & (1 << bit)), ['ran']);
      assert.deepEqual(calls, []);
    });
    await assert.rejects(readFile(`${file}.written`));
  });

  // The same spy outside finds nearly everything: the test above would notice an open sandbox.
  test('which the spy would notice', async () => {
    const file = await plant('free-spy', spy(canary.address().port));
    const output = JSON.parse(execFileSync(file, { env: { ...process.env, SECRET_KEY: 'x' }, encoding: 'utf8' }));
    const { width } = output.streams[0];
    for (const bit of [1, 2, 3, 4, 5, 8, 9]) assert.ok(width & (1 << bit), `finding ${bit} of ${width}`);
    await rm('/tmp/clinikk-tv-spy', { force: true });
  });

  for (const [what, script, codes] of [
    ['that fails', 'exit 1', ['media_unrecognised', 'media_unsupported']],
    ['that says nothing', 'exit 0', ['media_unrecognised', 'media_unsupported']],
    ['that talks nonsense', 'echo nonsense', ['media_unrecognised', 'media_unsupported']],
    ['that talks without end', 'while :; do echo "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{"; done', ['media_unrecognised', 'media_unsupported', 'media_probe_timeout']],
    ['that dies', 'kill -SEGV $$', ['media_unrecognised', 'media_unsupported']],
    ['that knows no streams', `echo '{"format":{"duration":"2"},"streams":[]}'`, ['media_unrecognised', 'media_unsupported', 'media_kind_mismatch']],
  ]) {
    test(`a prober ${what} refuses the file, not the service`, async () => {
      await withProbe(await plant(`prober-${what.replace(/\W/g, '-')}`, script), async (answer, server) => {
        assertRefused(answer, ...codes);
        assert.equal((await server.get('/health')).status, 200);
      });
    });
  }

  test('a prober that hangs is given up after 20 s, and others are served meanwhile', { timeout: 60_000 }, async () => {
    const started = Date.now();
    const file = await plant('hanging', 'sleep 1000;', '/usr/bin/perl');
    await withProbe(file, async (answer, server) => {
      assertRefused(answer, 'media_probe_timeout');
      assert.ok(Date.now() - started < 30_000, `${Date.now() - started} ms`);
      assert.equal((await server.get('/health')).status, 200);
    });
  });

  // Without bubblewrap on its PATH the server does with what the kernel has.
  const ffprobe = execFileSync('sh', ['-c', 'command -v ffprobe'], { encoding: 'utf8' }).trim();
  for (const [around, env] of [['as it comes', {}], ['without bubblewrap', { PATH: '/nonexistent' }]]) {
    // The prober tells by the width of the picture, the only thing that gets out.
    const told = (perl) => `my $told = 1;\n${perl}\nprint '{"format":{"format_name":"mov,mp4,m4a","duration":"2.0","tags":{"major_brand":"isom"}},"streams":[{"codec_type":"video","codec_name":"h264","width":', $told, ',"height":16}]}';\n`;

    test(`${around}, a prober starts no process`, async () => {
      const script = told('for (1 .. 5000) { my $child = fork; last unless defined $child; sleep 60, exit unless $child; $told++ }\n$told += 10000 if exec "/bin/true";');
      await withProbe(await plant('forking', script, '/usr/bin/perl'), (answer) => {
        assert.equal(answer.status, 201, answer.text());
        assert.equal(answer.json().width, 1);
      }, env);
    });

    test(`${around}, a prober that forks without end stays one process, which goes first when memory is short`, async () => {
      const file = await plant('bomb', 'fork while 1;', '/usr/bin/perl');
      const server = await startServer({ env: { FFPROBE: file, ...env } });
      try {
        const { token } = await newUser(server);
        const going = server.post('/content', { token, multipart: uploadParts(movie.bytes, { content_type: 'video' }) });
        const probers = async () => (await descendants(server.pid)).filter(({ command }) => command.startsWith(`/usr/bin/perl ${file}`));
        await eventually(async () => (await probers()).length > 0, 'the prober does not run');
        assert.equal((await server.get('/health')).status, 200);
        assert.deepEqual((await probers()).map(({ oomScoreAdj }) => oomScoreAdj), [1000]);
        // Its launcher and itself, and bubblewrap's two.
        const started = await descendants(server.pid);
        assert.ok(started.length <= 4, JSON.stringify(started));
        assertRefused(await going, 'media_probe_timeout');
        assert.deepEqual(await descendants(server.pid), []);
      } finally {
        await server.stop();
      }
    });

    test(`${around}, a prober that fills memory is ended`, async () => {
      const script = told('my @held; push @held, "x" x (1 << 20) for 1 .. 512; $told += @held;');
      await withProbe(await plant('filling', script, '/usr/bin/perl'), (answer) => {
        assertRefused(answer, 'media_unsupported');
        assert.match(answer.json().detail, /memory/);
      }, env);
    });

    test(`${around}, a file of 400 000 tracks is refused`, async () => {
      const server = await startServer({ env: { FFPROBE: ffprobe, ...env } });
      try {
        const { token } = await newUser(server);
        const answer = await server.post('/content', { token, multipart: uploadParts(manyTracks(400_000), { content_type: 'video' }) });
        // The walker counts them; FFmpeg 5 would take 800 MiB.
        assertRefused(answer, 'media_unsupported');
        assert.match(answer.json().detail, /tracks/);
        // What is whole is read all the same.
        for (const name of ['clip.mkv', 'faststart.mp4', 'clip.ts', 'tone.opus']) await uploadMedia(server, token, await media(name));
      } finally {
        await server.stop();
      }
    });
  }

  test('a prober that is not there stops the start', async () => {
    await assert.rejects(startServer({ env: { FFPROBE: path.join(directory, 'missing') } }), /FFPROBE/);
  });
});
