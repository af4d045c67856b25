// Settings: what they mean, where they come from, and that a wrong one stops the start with one clear line.

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newUser } from '../support/client.js';
import { decodeToken } from '../support/jwt.js';
import { postgresUrl, refused, runProgram, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const SETTINGS = [
  'HOST', 'PORT', 'PUBLIC_URL', 'TRUSTED_PROXIES', 'DATA_DIR', 'DATABASE_URL', 'POSTGRES_USER', 'POSTGRES_PASSWORD', 'POSTGRES_DB', 'POSTGRES_HOST',
  'POSTGRES_PORT', 'POSTGRES_CONNECTIONS', 'POSTGRES_WAIT', 'MIGRATE', 'SECRET_KEY', 'ALGORITHM',
  'ACCESS_TOKEN_EXPIRE_MINUTES', 'STORAGE_PROVIDER', 'STORAGE_BUCKET', 'AWS_DEFAULT_REGION', 'AWS_REGION', 'AWS_ENDPOINT_URL',
  'STORAGE_ADDRESSING', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CA_BUNDLE', 'STORAGE_TIMEOUT',
  'STREAM_MODE', 'PRESIGN_EXPIRES', 'PRIVATE_PRESIGN_EXPIRES', 'PLAYBACK_SESSION_EXPIRE', 'STORAGE_PUBLIC_URL', 'INDEX_CACHE', 'UPLOAD_MEMORY', 'MAX_UPLOAD_SIZE', 'USER_QUOTA', 'MAX_UPLOADS_PER_USER',
  'DISK_RESERVE', 'THREADS', 'MAX_CONNECTIONS', 'MIN_RATE', 'HEADER_TIMEOUT', 'IDLE_TIMEOUT', 'SHUTDOWN_GRACE', 'GC_GRACE', 'AUDIT_RETENTION',
  'LOG_LEVEL', 'LOG_FORMAT', 'CORS_ORIGINS', 'FFPROBE', 'SANDBOX', 'PROBE_CONCURRENCY', 'RATE_LIMIT', 'REQUEST_RATE', 'REUSE_PORT', 'REGISTRATION', 'INVITE_URL', 'REGISTRATION_ROLE',
  'DEFAULT_VISIBILITY', 'PASSWORD_MEMORY', 'PASSWORD_ITERATIONS', 'SMTP_URL', 'SMTP_USERNAME', 'SMTP_PASSWORD', 'SMTP_PASSWORD_FILE', 'SMTP_TLS',
  'SMTP_CA_FILE', 'MAIL_FROM', 'PASSWORD_RESET_URL', 'EMAIL_VERIFICATION_URL', 'REQUIRE_VERIFIED_EMAIL',
];

describe('a wrong value stops the start and is named', () => {
  for (const [name, ...values] of [
    ['HOST', 'not a host', '256.1.1.1', 'example.com', '::g'],
    ['PORT', 'abc', '-1', '65536', '80 80', '8e3'],
    ['PUBLIC_URL', 'clinikk', 'ftp://example.com', 'http://', 'http://example.com/?a=b'],
    ['TRUSTED_PROXIES', 'proxy', '10.0.0.1/8', '10.0.0.0/33', '10.0.0.0/8;::1', '10.0.0/8'],
    ['DATABASE_URL', 'mysql://localhost/x', 'nonsense', 'postgresql:/', 'sqlite:', 'sqlite::memory:'],
    ['POSTGRES_PORT', '0', '65536', 'x'],
    ['POSTGRES_CONNECTIONS', '0', 'x'],
    ['POSTGRES_WAIT', 'x', '-1s'],
    ['MIGRATE', 'perhaps'],
    ['SECRET_KEY', 'short', 'x'.repeat(31)],
    ['ALGORITHM', 'none', 'HS1', 'hs256x'],
    ['ACCESS_TOKEN_EXPIRE_MINUTES', '0', '-5', 'x', '1.5', '99999999999999999999'],
    ['STORAGE_PROVIDER', 'floppy'],
    ['STORAGE_BUCKET', 'No/Bucket'],
    ['AWS_ENDPOINT_URL', 'http://host/path'],
    ['AWS_ENDPOINT_URL', 's3.example.org'],
    ['STORAGE_ADDRESSING', 'sideways'],
    ['STREAM_MODE', 'teleport'],
    ['PRESIGN_EXPIRES', '8d'],
    ['PRESIGN_EXPIRES', '0s'],
    ['STORAGE_PUBLIC_URL', 'cdn'],
    ['INDEX_CACHE', 'much'],
    ['UPLOAD_MEMORY', '63MiB'],
    ['MAX_UPLOAD_SIZE', 'big', '-1', '0', '10XB', '1.5.2GiB', '99999999999999999999GiB'],
    ['USER_QUOTA', 'x'],
    ['MAX_UPLOADS_PER_USER', '0', '-1', 'x'],
    ['DISK_RESERVE', 'x'],
    ['THREADS', '0', '-1', 'x', '100000'],
    ['MAX_CONNECTIONS', '0', 'x'],
    ['MIN_RATE', 'x'],
    ['HEADER_TIMEOUT', '0', '-1s', 'x'],
    ['IDLE_TIMEOUT', '0', 'x'],
    ['SHUTDOWN_GRACE', 'x', '-1s'],
    ['GC_GRACE', 'x'],
    ['AUDIT_RETENTION', 'x', '-1d'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_FORMAT', 'xml'],
    ['CORS_ORIGINS', 'example.com', 'https://example.com/path'],
    ['FFPROBE', '/nonexistent/ffprobe'],
    ['SANDBOX', 'maybe'],
    ['PROBE_CONCURRENCY', '0', 'x'],
    ['PASSWORD_MEMORY', 'x', '18MiB', '8KiB', '0', '5GiB'],
    ['PASSWORD_ITERATIONS', '0', '1', '101', 'x'],
  ]) {
    for (const value of values) {
      test(`${name}=${value.slice(0, 30)}`, async () => {
        const line = await refused({ [name]: value });
        assert.ok(line.includes(name), line);
        if (name === 'SECRET_KEY') assert.ok(!line.includes(value), 'a secret is never printed');
      });
    }
  }

  for (const [iterations, memory] of [[1, 46], [2, 19], [3, 12], [4, 9], [5, 7], [100, 7]]) {
    test(`${iterations} iterations for less than ${memory} MiB`, async () => {
      const line = await refused({ PASSWORD_ITERATIONS: iterations, PASSWORD_MEMORY: `${memory - 1}MiB` });
      assert.ok(line.includes(`PASSWORD_MEMORY must be at least ${memory}MiB for PASSWORD_ITERATIONS ${iterations}`), line);
      const { code, stderr } = await runProgram(['settings'], { env: { PASSWORD_ITERATIONS: iterations, PASSWORD_MEMORY: `${memory}MiB` } });
      assert.equal(code, 0, stderr);
    });
  }

  test('as a flag', async () => assert.match(await refused({ PORT: null }, { args: ['--port', 'abc'] }), /port/i));
  test('as a flag that nobody knows', async () => assert.match(await refused({}, { args: ['--prot', '80'], lines: 2 }), /prot/));
  test('in .env', async () => {
    const cwd = await temporaryDirectory();
    await writeFile(path.join(cwd, '.env'), 'LOG_LEVEL=loud\n');
    assert.match(await refused({ LOG_LEVEL: null }, { cwd }), /LOG_LEVEL/);
  });

  test('a DATA_DIR that is a file', async () => {
    const cwd = await temporaryDirectory();
    await writeFile(path.join(cwd, 'file'), '');
    assert.match(await refused({ DATA_DIR: path.join(cwd, 'file') }, { cwd }), /^clinikk-tv: DATA_DIR/);
  });

  test('a DATA_DIR that it may not write', async () => {
    const line = await refused({ DATA_DIR: '/proc/self' });
    assert.match(line, /^clinikk-tv: DATA_DIR: cannot write to \/proc\/self: .*\(give it to user \d+/);
  });
});

describe('a port that is taken', () => {
  test('by another server of ours stops the start', async () => {
    const first = await startServer();
    try {
      const line = await refused({ PORT: first.port });
      assert.match(line, new RegExp(`PORT|${first.port}`));
      assert.equal((await first.get('/health')).status, 200);
    } finally {
      await first.stop();
    }
  });

  test('by somebody else stops the start', async () => {
    const squatter = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    try {
      const { port } = squatter.address();
      assert.match(await refused({ PORT: port }), new RegExp(`PORT|${port}`));
    } finally {
      squatter.close();
    }
  });
});

describe('where settings come from', () => {
  const fromFile = (text) => async (directory) => writeFile(path.join(directory, '.env'), text);

  for (const [what, prepare, env, args, minutes] of [
    ['nothing: the default', async () => {}, {}, [], 30],
    ['.env', fromFile('# a comment\n\nACCESS_TOKEN_EXPIRE_MINUTES=7\n'), {}, [], 7],
    ['.env from an editor that marks its byte order', fromFile('\ufeffACCESS_TOKEN_EXPIRE_MINUTES=6\r\n'), {}, [], 6],
    ['.env with a comment behind the value', fromFile('ACCESS_TOKEN_EXPIRE_MINUTES=5 # minutes\n'), {}, [], 5],
    ['.env with quotes and export', fromFile('export ACCESS_TOKEN_EXPIRE_MINUTES="8"\r\n'), {}, [], 8],
    ['the environment before .env', fromFile('ACCESS_TOKEN_EXPIRE_MINUTES=7\n'), { ACCESS_TOKEN_EXPIRE_MINUTES: 9 }, [], 9],
    ['a flag before both', fromFile('ACCESS_TOKEN_EXPIRE_MINUTES=7\n'), { ACCESS_TOKEN_EXPIRE_MINUTES: 9 }, ['--access-token-expire-minutes', '11'], 11],
    ['.env with what others put there', fromFile('ACCESS_TOKEN_EXPIRE_MINUTES=7\nSOMEBODY_ELSES=x\n'), {}, [], 7],
  ]) {
    test(what, async () => {
      const dataDir = await temporaryDirectory();
      await prepare(dataDir);
      const server = await startServer({ dataDir, env, args });
      try {
        const { claims } = decodeToken((await newUser(server)).token);
        assert.equal(claims.exp - claims.iat, minutes * 60);
      } finally {
        await server.stop();
        await rm(dataDir, { recursive: true });
      }
    });
  }
});

describe('what settings do', () => {
  let server;
  const publicUrl = 'https://tv.example/api';
  before(async () => {
    server = await startServer({
      env: { PUBLIC_URL: `${publicUrl}/`, ALGORITHM: 'HS512', SECRET_KEY: 'k'.repeat(64), CORS_ORIGINS: 'https://a.example,https://b.example', LOG_FORMAT: 'json', LOG_LEVEL: 'debug', THREADS: 2 },
    });
  });
  after(() => server?.stop());

  test('PUBLIC_URL is in every address', async () => {
    const answer = await server.get('/nothing', { publicUrl });
    assert.equal(answer.json().type, `${publicUrl}/problems/not_found`);
  });

  test('ALGORITHM signs the tokens', async () => {
    const { token } = await newUser(server);
    assert.equal(decodeToken(token).header.alg, 'HS512');
    assert.equal((await server.get('/auth/me', { token })).status, 200);
  });

  test('CORS_ORIGINS lists who may read', async () => {
    const origin = async (name) => (await server.get('/health', { headers: { Origin: name } })).headers;
    assert.equal((await origin('https://a.example'))['access-control-allow-origin'], 'https://a.example');
    assert.equal((await origin('https://b.example'))['access-control-allow-origin'], 'https://b.example');
    assert.match((await origin('https://b.example')).vary, /origin/i);
    assert.equal((await origin('https://c.example'))['access-control-allow-origin'], undefined);
    assert.equal((await origin('https://a.example.evil'))['access-control-allow-origin'], undefined);
  });

  test('LOG_FORMAT=json writes one object a line, without secrets', async () => {
    await server.get('/health?token=\u00e9%0a%22', { check: false });
    await server.logs('/health');
    const whole = server.log.slice(0, server.log.lastIndexOf('\n'));
    const lines = whole.split('\n').filter((line) => line && !line.startsWith('clinikk-tv listening'));
    assert.ok(lines.length > 0);
    for (const line of lines) assert.equal(typeof JSON.parse(line), 'object', line);
    assert.ok(!server.log.includes('k'.repeat(64)));
  });
});

describe('PostgreSQL by settings', () => {
  test('that is not there stops the start with one line, and tells no password', async () => {
    for (const scheme of ['postgresql', 'postgres', 'postgresql+psycopg2']) {
      const said = await refused({ POSTGRES_WAIT: '1s', DATABASE_URL: `${scheme}://somebody:hunter-two@127.0.0.1:1/nothing` });
      assert.match(said, /PostgreSQL/);
      assert.ok(!said.includes('hunter-two'));
    }
    const said = await refused({ POSTGRES_WAIT: '1s', POSTGRES_HOST: '127.0.0.1', POSTGRES_PORT: '1', POSTGRES_USER: 'somebody', POSTGRES_PASSWORD: "hunter-'two", POSTGRES_DB: 'nothing' });
    assert.match(said, /PostgreSQL/);
    assert.ok(!said.includes('hunter'));
  });

  test('in parts needs a user and a database', async () => {
    assert.match(await refused({ POSTGRES_HOST: '127.0.0.1' }), /POSTGRES_USER/);
    assert.match(await refused({ POSTGRES_USER: 'somebody' }), /POSTGRES_DB/);
  });

  test('in parts, with a password that needs quoting', { skip: !process.env.TEST_POSTGRES_URL && 'no PostgreSQL here' }, async () => {
    const dataDir = await temporaryDirectory();
    const { hostname, port, username, pathname } = new URL(postgresUrl(dataDir));
    const parts = { POSTGRES_HOST: hostname, POSTGRES_PORT: port, POSTGRES_USER: username, POSTGRES_DB: pathname.slice(1), POSTGRES_PASSWORD: "it's \\ quoted" };
    const server = await startServer({ dataDir, env: { DATABASE_URL: '', ...parts } });
    try {
      assert.equal((await server.get('/health/detailed')).json().database.driver, 'postgres');
    } finally {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

describe('SQLite by DATABASE_URL', () => {
  test('stands where it says', async () => {
    const dataDir = await temporaryDirectory();
    await mkdir(path.join(dataDir, 'elsewhere'));
    const file = path.join(dataDir, 'elsewhere', 'tv.db');
    const server = await startServer({ dataDir, env: { DATABASE_URL: `sqlite:///${file}` } });
    try {
      await newUser(server);
      assert.equal((await readFile(file)).subarray(0, 15).toString(), 'SQLite format 3');
    } finally {
      await server.stop();
      await rm(dataDir, { recursive: true });
    }
  });
});

describe('the command line', () => {
  let cwd;
  before(async () => (cwd = await temporaryDirectory()));
  after(() => rm(cwd, { recursive: true }));
  const run = (args, env) => runProgram(args, { cwd, env });

  test('serve --help lists every setting and touches nothing', async () => {
    const { code, stdout } = await run(['serve', '--help']);
    assert.equal(code, 0);
    for (const name of SETTINGS) assert.match(stdout, new RegExp(`\\b${name}\\b`), name);
    assert.deepEqual(await readdir(cwd), []);
  });

  test('--help lists the commands', async () => {
    const { code, stdout } = await run(['--help']);
    assert.equal(code, 0);
    for (const command of ['serve', 'migrate', 'openapi', 'health', 'version']) assert.match(stdout, new RegExp(`\\b${command}\\b`));
  });

  test('the region may have its other name, in .env too', async () => {
    const env = { STORAGE_PROVIDER: 'S3', STORAGE_BUCKET: 'clinic-media', AWS_REGION: null, AWS_DEFAULT_REGION: null, AWS_ENDPOINT_URL: null };
    const file = path.join(cwd, '.env');
    const without = await run(['migrate'], env);
    assert.match(without.stderr, /AWS_REGION must be set/);
    await writeFile(file, 'AWS_DEFAULT_REGION=eu-central-1\n');
    assert.equal((await run(['migrate'], env)).code, 0);
    await rm(file);
  });

  test('settings --env prints every setting, and the program takes that as it is', async () => {
    const { code, stdout } = await run(['settings', '--env']);
    assert.equal(code, 0);
    const names = [...stdout.matchAll(/^# \S.*\n([A-Z0-9_]+)=.*$/gm)].map(([, name]) => name);
    assert.deepEqual(SETTINGS.filter((name) => !names.includes(name)), []);
    assert.match(stdout, /^PORT=8000$/m);
    const directory = await temporaryDirectory();
    await writeFile(path.join(directory, '.env'), stdout);
    const server = await startServer({ dataDir: directory });
    try {
      await newUser(server);
    } finally {
      await server.stop();
      await rm(directory, { recursive: true });
    }
  });

  test('settings tells what each is set to and where, and no secret', async () => {
    const directory = await temporaryDirectory();
    await writeFile(path.join(directory, '.env'), 'IDLE_TIMEOUT=90s # a comment\nPORT=1\n');
    const secrets = { SECRET_KEY: 'k'.repeat(40), POSTGRES_PASSWORD: 'hunter-two', AWS_SECRET_ACCESS_KEY: 's3-secret', AWS_SESSION_TOKEN: 's3-token', SMTP_PASSWORD: 'mail-secret' };
    const env = { ...secrets, POSTGRES_USER: 'clinic', POSTGRES_DB: 'tv', AWS_ACCESS_KEY_ID: 'key', PORT: 2, DATA_DIR: '' };
    const { code, stdout } = await runProgram(['settings', '--port', '3'], { cwd: directory, env });
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    const { stdout: example } = await run(['settings', '--env']);
    const names = [...example.matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name);
    assert.deepEqual(lines.map((line) => line.slice(0, line.indexOf('='))), names);
    for (const line of ['PORT=3  # command line', 'POSTGRES_USER=clinic  # environment', 'IDLE_TIMEOUT=90s  # .env', 'MAX_UPLOAD_SIZE=10GiB  # default', 'DATA_DIR=./data  # default', 'SECRET_KEY=(not shown)  # environment', 'DATABASE_URL=  # default']) {
      assert.ok(lines.includes(line), `${line}\n${stdout}`);
    }
    for (const secret of Object.values(secrets)) assert.ok(!stdout.includes(secret), secret);
    const url = await runProgram(['settings'], { cwd: directory, env: { DATABASE_URL: 'postgresql://clinic:hunter-two@host/tv' } });
    assert.ok(url.code === 0 && !url.stdout.includes('hunter-two'));
    assert.deepEqual(await readdir(directory), ['.env']);
    await rm(directory, { recursive: true });
  });

  test('settings refuses what serve would refuse, in one line', async () => {
    for (const [env, named] of [[{ PORT: 'x' }, /^clinikk-tv: PORT must be a whole number from 0 to 65535\n$/], [{ STORAGE_PROVIDER: 's3' }, /STORAGE_BUCKET/], [{ ALGORITHM: 'RS256' }, /SECRET_KEY/]]) {
      const { code, stdout, stderr } = await run(['settings'], env);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, named);
    }
  });

  test('compose.yaml hands on every setting that is not a file of the container', async () => {
    const project = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
    const [{ stdout }, compose] = await Promise.all([run(['settings', '--env']), readFile(path.join(project, 'compose.yaml'), 'utf8')]);
    const missing = [...stdout.matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name).filter((name) => !new RegExp(`^  ${name}:`, 'm').test(compose));
    assert.deepEqual(missing, ['SMTP_CA_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CA_BUNDLE', 'FFPROBE']);
  });

  test('version', async () => {
    const { code, stdout } = await run(['version']);
    assert.equal(code, 0);
    assert.match(stdout, /^(clinikk-tv )?\d+\.\d+\.\d+\S*\n/);
  });

  test('an unknown command fails with one line', async () => {
    const { code, stdout, stderr } = await run(['dance']);
    assert.ok(code > 0);
    assert.equal(stdout, '');
    assert.match(stderr, /dance/);
    assert.ok(stderr.trim().split('\n').length <= 2, stderr);
  });

  test('without a command it says what there is', async () => {
    const { code, stdout, stderr } = await run([]);
    assert.ok(code > 0);
    assert.match(stdout + stderr, /serve|--help/);
  });

  test('migrate makes the schema, and a second time nothing', async () => {
    const env = { DATA_DIR: path.join(cwd, 'migrated') };
    const refusal = await refused({ ...env, MIGRATE: 'off' }, { cwd: await temporaryDirectory() });
    assert.match(refusal, /MIGRATE|migrate/);
    assert.equal((await run(['migrate'], env)).code, 0);
    assert.equal((await run(['migrate'], env)).code, 0);
    const server = await startServer({ dataDir: env.DATA_DIR, env: { MIGRATE: 'off' } });
    try {
      await newUser(server);
    } finally {
      await server.stop();
    }
  });
});
