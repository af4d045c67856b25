// compose.yaml: the service with its database, what survives, and three processes behind nginx that are restarted under
// load.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';

import { login, newUser, upload, uploadParts } from '../support/client.js';
import { Client, compose, composeOk, docker, dockerOk, healthy, inspect } from '../support/container.js';
import { wav } from '../support/media.js';
import { multipart } from '../support/multipart.js';
import { freePort } from '../support/ports.js';
import { eventually, sleep } from '../support/program.js';

const BYTES = wav(300_000, 7);
const env = { HOST: '127.0.0.1' };
let client, me, content;

const container = (service) => composeOk(['ps', '-q', service], { env });

before(async () => {
  env.PORT = String(await freePort());
  env.NGINX_PORT = String(await freePort());
  await composeOk(['up', '--build', '-d'], { env });
  await healthy(await container('app'));
  client = new Client(Number(env.PORT));
});
after(async () => {
  client?.close();
  await compose(['--profile', 'scale', 'down', '-v', '-t', '5'], { env });
});

async function plays(from = client) {
  const answer = await from.get(`/content/${content.id}/stream`, { headers: { Range: 'bytes=1000-1999' } });
  assert.equal(answer.status, 206, answer.text());
  assert.ok(answer.body.equals(BYTES.subarray(1000, 2000)));
}

/** An upload of which half was sent. */
async function beginUpload(port) {
  const { body, type } = multipart(uploadParts(wav(2_000_000, 1)));
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`POST /content HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${me.token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`);
  socket.write(body.subarray(0, 1_000_000));
  return socket;
}

const uploadsUnderWay = () =>
  composeOk(['exec', '-T', 'postgres', 'psql', '-qAtX', '-U', 'clinikk', 'clinikk', '-c', 'SELECT count(*) FROM uploads'], { env });

test('without .env it says that it generated a secret', async () => {
  assert.match((await compose(['logs', 'app'], { env })).all, /generated_secret_key.*SECRET_KEY is not set/);
});

test('registers, uploads and plays', async () => {
  me = await newUser(client);
  content = await upload(client, me.token, BYTES);
  await plays();
});

test('killed in an upload, it comes back with everything that was acknowledged and nothing else', async () => {
  const socket = await beginUpload(Number(env.PORT));
  await eventually(async () => (await uploadsUnderWay()) === '1', 'the upload did not begin');
  const app = await container('app');
  const pid = Number(await inspect(app, '{{.State.Pid}}'));
  process.kill(pid, 'SIGKILL');
  await eventually(async () => Number(await inspect(app, '{{.RestartCount}}')) > 0, 'it is not restarted', 30_000);
  await healthy(app);
  socket.destroy();
  await plays();
  assert.deepEqual((await client.get('/content')).json().map(({ id }) => id), [content.id]);
});

test('after a restart of everything all is there, the login included', async () => {
  await composeOk(['down', '-t', '45'], { env });
  await composeOk(['up', '-d'], { env });
  await healthy(await container('app'));
  await plays();
  assert.equal((await client.get('/auth/me', { token: me.token })).status, 200);
  await login(client, me.email);
});

describe('what keeps it from starting is said in one line', () => {
  const refused = async (settings, pattern) => {
    const given = Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const result = await compose(['run', '--rm', '--no-deps', '-T', ...given, 'app'], { env });
    const lines = result.all.split('\n').filter((line) => line.startsWith('clinikk-tv: '));
    assert.ok(result.code > 0, result.all);
    assert.equal(lines.length, 1, result.all);
    assert.match(lines[0], pattern);
  };

  test('a wrong password', () => refused({ POSTGRES_PASSWORD: 'wrong' }, /password authentication failed for user "clinikk".*correct DATABASE_URL or the POSTGRES settings/));
  test('a database that the server does not have', () => refused({ POSTGRES_DB: 'nowhere' }, /database "nowhere" does not exist.*correct/));
  test('a server that is not there', () => refused({ POSTGRES_HOST: 'nowhere.invalid', POSTGRES_WAIT: '1s' }, /could not translate host name.*start it/));
  test('an old schema that it may not migrate', async () => {
    await composeOk(['exec', '-T', 'postgres', 'createdb', '-U', 'clinikk', 'old'], { env });
    await refused({ POSTGRES_DB: 'old', MIGRATE: 'off' }, /schema version 0.*run its migrate command/);
  });
});

test('it waits for a database that comes late', async () => {
  await composeOk(['stop', 'app', 'postgres'], { env });
  const app = await container('app');
  await dockerOk(['start', app]);
  await eventually(async () => /postgres\.awaited/.test((await docker(['logs', '--since', '30s', app])).all), 'it does not say that it waits');
  await composeOk(['start', 'postgres'], { env });
  await healthy(app);
  await plays();
});

describe('three processes behind nginx', () => {
  let front;
  const apps = ['app', 'app-2', 'app-3'];
  before(async () => {
    await composeOk(['--profile', 'scale', 'up', '-d'], { env });
    for (const service of apps) await healthy(await container(service));
    front = new Client(Number(env.NGINX_PORT));
    await eventually(async () => (await front.get('/health').catch(() => ({}))).status === 200, 'nginx does not answer');
  });
  after(() => front?.close());

  test('ranges and addresses pass', async () => {
    await plays(front);
    const answer = await front.post('/content', { token: me.token, multipart: uploadParts(wav(5000, 1)) });
    assert.equal(answer.status, 201, answer.text());
    assert.ok(answer.json().storage_url.startsWith(`http://127.0.0.1:${env.NGINX_PORT}/`), answer.json().storage_url);
  });

  test('an upload reaches the service as it comes, unbuffered', async () => {
    const before = Number(await uploadsUnderWay());
    const socket = await beginUpload(Number(env.NGINX_PORT));
    await eventually(async () => Number(await uploadsUnderWay()) === before + 1, 'nginx keeps the upload to itself');
    socket.destroy();
  });

  test('restarted one by one under load, no request is lost', { timeout: 300_000 }, async () => {
    const counts = { read: 0, played: 0, uploaded: 0 };
    const lost = [];
    let going = true;
    const keep = (what, act) => async () => {
      while (going) {
        try {
          await act();
          ++counts[what];
        } catch (error) {
          lost.push(`${what}: ${error.message}`);
        }
        await sleep(5);
      }
    };
    const status = async (answer, expected) => {
      const got = await answer;
      assert.equal(got.status, expected, got.text());
      return got;
    };
    const workers = [
      ...Array.from({ length: 4 }, () => keep('read', () => status(front.get('/content'), 200))),
      ...Array.from({ length: 4 }, () => keep('played', () => plays(front))),
      ...Array.from({ length: 3 }, (_, seed) => keep('uploaded', () => status(front.post('/content', { token: me.token, multipart: uploadParts(wav(400_000, seed)) }), 201))),
    ].map((work) => work());
    for (const service of apps) {
      await sleep(2000);
      await composeOk(['--profile', 'scale', 'restart', '-t', '45', service], { env });
      await healthy(await container(service));
    }
    await sleep(2000);
    going = false;
    await Promise.all(workers);
    console.log(`under load: ${JSON.stringify(counts)}, lost: ${lost.length}`);
    assert.deepEqual(lost, []);
    for (const what of Object.keys(counts)) assert.ok(counts[what] > 20, JSON.stringify(counts));
  });
});
