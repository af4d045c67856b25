// The sandbox around ffprobe: what a prober that an attacker has taken over can see, reach and use up.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { assertMediaRefused, newUser, uploadMedia, uploadParts } from '../../support/client.js';
import { assertNothingLeftBehind } from '../../support/leftovers.js';
import { media } from '../../support/media.js';
import { eventually, temporaryDirectory } from '../../support/program.js';
import { startServer } from '../../support/server.js';

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
        assertMediaRefused(answer, ...codes);
        assert.equal((await server.get('/health')).status, 200);
      });
    });
  }

  test('a prober that hangs is given up after 20 s, and others are served meanwhile', { timeout: 60_000 }, async () => {
    const started = Date.now();
    const file = await plant('hanging', 'sleep 1000;', '/usr/bin/perl');
    await withProbe(file, async (answer, server) => {
      assertMediaRefused(answer, 'media_probe_timeout');
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
        assertMediaRefused(await going, 'media_probe_timeout');
        assert.deepEqual(await descendants(server.pid), []);
      } finally {
        await server.stop();
      }
    });

    test(`${around}, a prober that fills memory is ended`, async () => {
      const script = told('my @held; push @held, "x" x (1 << 20) for 1 .. 512; $told += @held;');
      await withProbe(await plant('filling', script, '/usr/bin/perl'), (answer) => {
        assertMediaRefused(answer, 'media_unsupported');
        assert.match(answer.json().detail, /memory/);
      }, env);
    });

    test(`${around}, a file of 400 000 tracks is refused`, async () => {
      const server = await startServer({ env: { FFPROBE: ffprobe, ...env } });
      try {
        const { token } = await newUser(server);
        const answer = await server.post('/content', { token, multipart: uploadParts(manyTracks(400_000), { content_type: 'video' }) });
        // The walker counts them; FFmpeg 5 would take 800 MiB.
        assertMediaRefused(answer, 'media_unsupported');
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
