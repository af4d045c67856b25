// The image by itself: what is in it, how it runs, and what it says when it cannot.

import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newUser, upload } from '../support/client.js';
import { Client, docker, dockerOk, follow, healthy, inspect, ROOT } from '../support/container.js';
import { wav } from '../support/media.js';
import { freePort } from '../support/ports.js';
import { eventually } from '../support/program.js';

const IMAGE = 'clinikk-tv';
const STOCK = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--pids-limit', '512', '--memory', '1g'];

const oneLine = (result, pattern) => {
  assert.ok(result.code > 0, `code ${result.code}: ${result.all}`);
  assert.match(result.all, pattern);
  assert.equal(result.all.split('\n').filter((line) => line.startsWith('clinikk-tv: ')).length, 1, result.all);
};

describe('the image', () => {
  test('is at most 450 MB, unpacked', async () => {
    const size = Number(await inspect(IMAGE, '{{.Size}}'));
    console.log(`image: ${(size / 1e6).toFixed(1)} MB`);
    assert.ok(size <= 450e6, `${size}`);
  });

  test('says what it is', async () => {
    const config = JSON.parse(await inspect(IMAGE, '{{json .Config}}'));
    assert.equal(config.User, '10001:10001');
    assert.deepEqual(config.Volumes, { '/data': {} });
    assert.equal(config.StopSignal, 'SIGTERM');
    const version = await dockerOk(['run', '--rm', IMAGE, 'version']);
    assert.equal(version, `clinikk-tv ${config.Labels['org.opencontainers.image.version']}`);
    for (const label of ['title', 'description', 'licenses']) assert.ok(config.Labels[`org.opencontainers.image.${label}`], label);
  });

  test('has packages that apt finds complete, and can tell which have updates', async () => {
    const said = await dockerOk(['run', '--rm', '-u', '0', '--entrypoint', 'sh', IMAGE, '-c', 'apt-get check -q && apt-get update -qq && apt list --upgradable 2>/dev/null']);
    assert.doesNotMatch(said, /upgradable from/, said);
  });

  test('installs no package again when a source file changes', async () => {
    const context = await mkdtemp(path.join(os.tmpdir(), 'clinikk-context-'));
    try {
      for (const name of ['.dockerignore', '.npmrc', 'CMakeLists.txt', 'CMakePresets.json', 'Dockerfile', 'LICENSE', 'cmake', 'package-lock.json', 'package.json', 'src', 'tools']) {
        await cp(path.join(ROOT, name), path.join(context, name), { recursive: true });
      }
      await writeFile(path.join(context, 'src/main.cpp'), 'int main() { return 0; }\n');
      const built = await dockerOk(['build', '--target', 'packages', '-t', 'clinikk-packages', '--build-arg', `DEBIAN=${process.env.SUITE ?? 'bookworm'}`, context]);
      const steps = built.split('\n').filter((line) => line.startsWith('Step ')).length;
      const cached = built.split('\n').filter((line) => line.includes('Using cache')).length;
      assert.match(built, /RUN tools\/setup run\n ---> Using cache/);
      assert.ok(cached >= steps - 2, built);
    } finally {
      await rm(context, { recursive: true });
    }
  });
});

describe('a container of it, with a read-only root and no rights', () => {
  let client, name;
  before(async () => {
    const port = await freePort();
    name = `clinikk-stock-${process.pid}`;
    await dockerOk(['volume', 'create', name]);
    await dockerOk(['run', '-d', '--name', name, ...STOCK, '-v', `${name}:/data`, '-p', `127.0.0.1:${port}:8000`, IMAGE]);
    client = new Client(port);
    await healthy(name);
  });
  after(async () => {
    client?.close();
    await docker(['rm', '-fv', name]);
    await docker(['volume', 'rm', name]);
  });

  test('says that it generated a secret', async () => assert.match((await docker(['logs', name])).all, /secret_key\.generated/));

  test('registers, uploads and plays', async () => {
    const { token } = await newUser(client);
    const bytes = wav(200_000, 3);
    const content = await upload(client, token, bytes);
    const part = await client.get(`/content/${content.id}/stream`, { headers: { Range: 'bytes=100-199' } });
    assert.equal(part.status, 206);
    assert.ok(part.body.equals(bytes.subarray(100, 200)));
  });

  test('confines media tools', async () => {
    const { sandbox } = (await client.get('/health/detailed')).json();
    console.log(`sandbox: ${JSON.stringify(sandbox)}`);
    assert.match(JSON.stringify(sandbox), /seccomp|landlock/i);
  });

  test('runs the tests of the sandbox, with planted probers, to their end', async () => {
    await dockerOk(['build', '-t', 'clinikk-tv-tests', '-'], {
      input: `FROM ${IMAGE}\nUSER 0\nRUN apt-get update -q && apt-get install -q -y --no-install-recommends nodejs\nUSER 10001\nENTRYPOINT []\n`,
    });
    const { all, code } = await docker([
      'run', '--rm', ...STOCK, '--tmpfs', '/tmp:exec', '-v', `${ROOT}:/project:ro`, '-w', '/project', '-e', 'CLINIKK_TV=/usr/local/bin/clinikk-tv', '-e', 'NO_COLOR=1',
      '-e', 'HOST=127.0.0.1', 'clinikk-tv-tests', 'node', '--test', '--test-reporter=spec', 'tests/api/media/media.test.js', 'tests/api/media/sandbox.test.js',
    ]);
    console.log(all.split('\n').filter((line) => /^. (tests|pass|fail) /.test(line)).join(', '));
    assert.equal(code, 0, all.slice(-6000));
    assert.match(all, /sees no environment, reads no file, calls nobody, writes nothing/);
  });

  test('ends with code 0 on SIGTERM', async () => {
    await dockerOk(['stop', '-t', '30', name]);
    assert.equal(await inspect(name, '{{.State.ExitCode}}'), '0');
  });
});

describe('what keeps it from starting is said in one line', () => {
  test('a volume that it may not write', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'clinikk-volume-'));
    try {
      oneLine(await docker(['run', '--rm', '-v', `${directory}:/data`, IMAGE]), /DATA_DIR: cannot write to \/data: Permission denied .*user 10001/);
      oneLine(await docker(['run', '--rm', '-v', `${directory}:/data:ro`, '-u', '0', IMAGE]), /DATA_DIR: cannot write to \/data: Read-only file system/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('a port in use', async () => {
    const name = `clinikk-squatter-${process.pid}`;
    await dockerOk(['run', '-d', '--name', name, IMAGE]);
    try {
      await healthy(name);
      oneLine(await docker(['run', '--rm', '--network', `container:${name}`, IMAGE]), /cannot listen on 0\.0\.0\.0 port 8000: Address already in use \(set HOST and PORT\)/);
    } finally {
      await docker(['rm', '-fv', name]);
    }
  });

  test('a database that never comes; and SIGTERM ends the wait', async () => {
    const env = ['-e', 'DATABASE_URL=postgresql://a:b@127.0.0.1:1/c'];
    oneLine(await docker(['run', '--rm', ...env, '-e', 'POSTGRES_WAIT=1s', IMAGE]), /PostgreSQL: connection to server at .*start it, or correct DATABASE_URL/);
    const name = `clinikk-waiting-${process.pid}`;
    await dockerOk(['run', '-d', '--name', name, ...env, IMAGE]);
    const log = follow(name);
    try {
      await eventually(() => log.text.includes('postgres.awaited'), () => log.text);
      await dockerOk(['stop', '-t', '30', name]);
      assert.equal(await inspect(name, '{{.State.ExitCode}}'), '143');
    } finally {
      log.stop();
      await docker(['rm', '-fv', name]);
    }
  });
});
