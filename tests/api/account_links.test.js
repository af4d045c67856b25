// One-time links by mail: a new password, and the verification of an address. The mail server is a real one on loopback.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { login, newUser, PASSWORD } from '../support/client.js';
import { sql } from '../support/database.js';
import { mailSettings, startMailServer, tokenIn } from '../support/mail_server.js';
import { refused, runProgram, sleep, temporaryDirectory } from '../support/program.js';
import { startServer } from '../support/server.js';

const NEXT = 'another battery staple';
const NOBODY = 'nobody.at.all@example.com';

const ask = (server, email) => server.post('/auth/password-reset', { json: { email } });
const confirm = (server, token, password = NEXT) => server.post('/auth/password-reset/confirm', { json: { token, new_password: password } });
const verify = (server, token) => server.post('/auth/verify-email', { json: { token } });
const resend = (server, email) => server.post('/auth/verify-email/resend', { json: { email } });
const attempt = (server, email, password = PASSWORD) => server.post('/auth/token', { json: { email, password } });

function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text());
  assert.equal(answer.json().code, code);
}

/** What an answer tells, without what differs between any two answers. */
function told(answer) {
  const { date, 'x-request-id': id, ...headers } = answer.headers;
  assert.ok(date && id);
  return { status: answer.status, headers, body: answer.text() };
}

/** A new account whose mail of welcome has come. */
async function welcomed(server, mailServer, options) {
  const me = await newUser(server, options);
  return { ...me, welcome: await mailServer.mailTo(me.email) };
}

describe('a new password by mail', () => {
  let server, mailServer;
  before(async () => {
    mailServer = await startMailServer();
    server = await startServer({ env: mailSettings(mailServer, { LOG_FORMAT: 'json', LOG_LEVEL: 'debug' }) });
  });
  after(async () => {
    await server?.stop();
    await mailServer?.stop();
  });

  /** Asks for a link; `count` is how many mails the address has had then. */
  async function tokenFor(email, count = 2) {
    const answer = await ask(server, email);
    assert.equal(answer.status, 202, answer.text());
    return tokenIn(await mailServer.mailTo(email, count));
  }

  test('the mail has one link, and all that a mail needs', async () => {
    const { email } = await welcomed(server, mailServer);
    assert.equal((await ask(server, email)).status, 202);
    const mail = await mailServer.mailTo(email, 2);
    const { parsed, raw } = mail;
    assert.equal(parsed.subject, 'Choose a new password');
    assert.deepEqual(parsed.from.value, [{ address: 'no-reply@clinikk.example', name: 'Clinikk "TV"' }]);
    assert.deepEqual(parsed.to.value.map(({ address }) => address), [email]);
    assert.ok(Math.abs(Date.now() - parsed.date) < 60_000);
    assert.match(parsed.messageId, /^<[0-9a-f-]{36}@clinikk\.example>$/);
    assert.equal(parsed.headers.get('auto-submitted'), 'auto-generated');
    assert.equal(mail.envelope.mailFrom.address, 'no-reply@clinikk.example');
    assert.deepEqual(mail.envelope.rcptTo.map(({ address }) => address), [email]);
    assert.deepEqual(parsed.text.match(/https?:\S+/g), [`https://app.example/reset#token=${tokenIn(mail)}`]);
    assert.doesNotMatch(raw, /(?<!\r)\n/, 'every line ends in CRLF');
    await server.logs('"mail.sent"');
    assert.ok(!server.log.includes(tokenIn(mail)), 'the log has no token');
    assert.ok(!server.log.includes(email), 'and no address');
    const stored = await sql(server.dataDir, 'SELECT * FROM account_tokens');
    assert.ok(!stored.includes(tokenIn(mail)), 'the database has no token');
  });

  test('the link sets the password once, and ends all sessions', async () => {
    const { email, token: session } = await welcomed(server, mailServer);
    const refresh = (await attempt(server, email)).json().refresh_token;
    const token = await tokenFor(email);
    const done = await confirm(server, token);
    assert.equal(done.status, 204, done.text());
    assert.equal((await server.get('/auth/me', { token: session })).status, 401);
    assertRefused(await server.post('/auth/refresh', { json: { refresh_token: refresh } }), 401, 'refresh_token_invalid');
    assertRefused(await attempt(server, email), 401, 'credentials_invalid');
    const again = await login(server, email, NEXT);
    assert.ok((await server.get('/auth/me', { token: again })).json().email_verified_at, 'who has the mail has the address');
    assertRefused(await confirm(server, token, 'yet another staple'), 403, 'one_time_token_invalid');
    assert.equal((await attempt(server, email, NEXT)).status, 200);
  });

  test('of many uses of one link at the same moment one counts', async () => {
    const { email } = await welcomed(server, mailServer);
    const token = await tokenFor(email);
    const passwords = Array.from({ length: 8 }, (_, i) => `battery staple number ${i}`);
    const answers = await Promise.all(passwords.map((password) => confirm(server, token, password)));
    const winners = passwords.filter((_, i) => answers[i].status === 204);
    assert.equal(winners.length, 1, answers.map(({ status }) => status).join());
    for (const answer of answers) assert.ok([204, 403, 503].includes(answer.status), answer.text());
    assert.equal((await attempt(server, email, winners[0])).status, 200);
  });

  test('and also when two processes are asked; the sessions end in both', async () => {
    const { email, token: session } = await welcomed(server, mailServer);
    const token = await tokenFor(email);
    const other = await startServer({ dataDir: server.dataDir, env: mailSettings(mailServer) });
    try {
      const passwords = Array.from({ length: 6 }, (_, i) => `battery staple number ${i}`);
      const answers = await Promise.all(passwords.map((password, i) => confirm(i % 2 ? other : server, token, password)));
      const winners = passwords.filter((_, i) => answers[i].status === 204);
      assert.equal(winners.length, 1, answers.map(({ status }) => status).join());
      for (const process of [server, other]) {
        assert.equal((await process.get('/auth/me', { token: session })).status, 401);
        assert.equal((await attempt(process, email, winners[0])).status, 200);
      }
    } finally {
      await other.stop();
    }
  });

  test('using one link withdraws the others, and so does a changed password', async () => {
    const { email } = await welcomed(server, mailServer);
    const [first, second] = [await tokenFor(email, 2), await tokenFor(email, 3)];
    assert.equal((await confirm(server, second)).status, 204);
    assertRefused(await confirm(server, first), 403, 'one_time_token_invalid');
    const third = await tokenFor(email, 4);
    const session = await login(server, email, NEXT);
    const changed = await server.put('/auth/password', { token: session, json: { current_password: NEXT, new_password: PASSWORD } });
    assert.equal(changed.status, 204, changed.text());
    assertRefused(await confirm(server, third), 403, 'one_time_token_invalid');
  });

  test('a link expires', async () => {
    const { email } = await welcomed(server, mailServer);
    const token = await tokenFor(email);
    await sql(server.dataDir, "UPDATE account_tokens SET expires_at = issued_at WHERE purpose = 'password_reset'");
    assertRefused(await confirm(server, token), 403, 'one_time_token_invalid');
  });

  test('a refused password leaves the link as it is', async () => {
    const { email } = await welcomed(server, mailServer);
    const token = await tokenFor(email);
    for (const [password, reason] of [['password1', /common/], [email.toUpperCase(), /e-mail/], ['short', /8 to 256/]]) {
      const answer = await confirm(server, token, password);
      assertRefused(answer, 422, 'validation_failed');
      assert.equal(answer.json().errors[0].pointer, '#/new_password');
      assert.match(answer.json().errors[0].detail, reason);
    }
    assert.equal((await confirm(server, token, 'A\u030angstro\u0308m \ufb01ne')).status, 204);
    assert.equal((await attempt(server, email, '\u212bngstr\u00f6m fine')).status, 200, 'in the same normal form as everywhere');
  });

  for (const token of ['x', 'A'.repeat(43), "' OR 1=1 --", '\u{1F511}', 'A'.repeat(200)]) {
    test(`nobody's token: ${token.slice(0, 20)}`, async () => {
      assertRefused(await confirm(server, token), 403, 'one_time_token_invalid');
      assertRefused(await verify(server, token), 403, 'one_time_token_invalid');
    });
  }
  for (const token of ['', null, 7, 'A'.repeat(201), undefined]) {
    test(`no token: ${JSON.stringify(token)?.slice(0, 20)}`, async () => {
      assertRefused(await confirm(server, token), 422, 'validation_failed');
      assertRefused(await verify(server, token), 422, 'validation_failed');
    });
  }

  test('a token is good for its purpose only', async () => {
    const { email, welcome } = await welcomed(server, mailServer);
    assertRefused(await confirm(server, tokenIn(welcome)), 403, 'one_time_token_invalid');
    assertRefused(await verify(server, await tokenFor(email)), 403, 'one_time_token_invalid');
    assert.equal((await server.get('/auth/me', { token: tokenIn(welcome) })).status, 401);
  });

  test('the answers do not tell whether there is an account', async () => {
    const { email } = await welcomed(server, mailServer);
    const disabled = await welcomed(server, mailServer);
    const run = await runProgram(['user', 'disable', disabled.email], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir } });
    assert.equal(run.code, 0, run.stderr);
    for (const request of [ask, resend]) {
      const known = told(await request(server, email));
      assert.equal(known.status, 202);
      assert.equal(known.body, '');
      assert.deepEqual(told(await request(server, NOBODY)), known);
      assert.deepEqual(told(await request(server, disabled.email)), known);
    }
    await mailServer.mailTo(email, 3);
    await sleep(300);
    assert.equal(mailServer.to(NOBODY).length, 0);
    assert.equal(mailServer.to(disabled.email).length, 1, 'a disabled account gets no mail');
  });

  test('an account gets three mails of a kind within an hour, and nobody is told', async () => {
    const { email } = await welcomed(server, mailServer);
    for (let i = 0; i < 5; i += 1) assert.equal((await ask(server, email)).status, 202);
    await mailServer.mailTo(email, 4);
    await server.logs('"account_link.withheld"');
    await sleep(300);
    assert.equal(mailServer.to(email).length, 4, 'with the one of welcome');
  });

  for (const email of ['a@example.com\r\nBcc: eve@example.com', '<a@example.com>', 'a@example.com>', 'plain', '', null, ['a@example.com']]) {
    test(`no address: ${JSON.stringify(email)}`, async () => {
      for (const request of [ask, resend]) assertRefused(await request(server, email), 422, 'validation_failed');
    });
  }

  test('an address beyond ASCII gets its mail', async () => {
    const { email, welcome } = await welcomed(server, mailServer, { email: 'j\u00fcrgen.w\u00e4gele@example.com' });
    assert.ok(welcome.parsed.text.includes(email));
    assert.ok(await confirm(server, await tokenFor(email)));
  });
});

describe('requests for mail', () => {
  test('are slowed down, known address or not', async () => {
    const mailServer = await startMailServer();
    const server = await startServer({ env: mailSettings(mailServer, { RATE_LIMIT: 'on' }) });
    try {
      const { email } = await newUser(server);
      const refusals = [];
      for (const address of [email, NOBODY]) {
        for (let i = 0; i < 10; i += 1) assert.equal((await ask(server, address)).status, 202);
        const limited = await ask(server, address);
        assertRefused(limited, 429, 'rate_limited');
        assert.ok(Number(limited.headers['retry-after']) > 0);
        assertRefused(await resend(server, address), 429, 'rate_limited');
        refusals.push(limited.json().detail);
      }
      assert.equal(refusals[0], refusals[1]);
      assert.equal((await attempt(server, email)).status, 200, 'logins are counted on their own');
    } finally {
      await server.stop();
      await mailServer.stop();
    }
  });

  test('are refused without a mail server', async () => {
    const server = await startServer();
    try {
      const { email } = await newUser(server);
      for (const request of [ask, resend]) assertRefused(await request(server, email), 409, 'mail_unavailable');
    } finally {
      await server.stop();
    }
  });
});

describe('verified addresses', () => {
  let server, mailServer;
  before(async () => {
    mailServer = await startMailServer();
    server = await startServer({ env: mailSettings(mailServer, { REQUIRE_VERIFIED_EMAIL: '1' }) });
  });
  after(async () => {
    await server?.stop();
    await mailServer?.stop();
  });

  async function registered(email) {
    const answer = await server.post('/auth/register', { json: { email, password: PASSWORD } });
    assert.equal(answer.status, 201, answer.text());
    assert.equal(answer.json().email_verified_at, null);
    return mailServer.mailTo(email);
  }

  test('are needed to log in, and only who has the password is told', async () => {
    const email = 'fresh@example.com';
    const mail = await registered(email);
    assert.equal(mail.parsed.subject, 'Confirm your e-mail address');
    assert.deepEqual(mail.parsed.text.match(/https?:\S+/g), [`https://app.example/verify?token=${tokenIn(mail)}&from=mail`]);
    assertRefused(await attempt(server, email, 'not the one'), 401, 'credentials_invalid');
    assertRefused(await attempt(server, email), 403, 'email_unverified');
    assert.equal((await verify(server, tokenIn(mail))).status, 204);
    const token = await login(server, email);
    assert.ok(new Date((await server.get('/auth/me', { token })).json().email_verified_at) <= new Date());
    assertRefused(await verify(server, tokenIn(mail)), 403, 'one_time_token_invalid');
    assert.equal((await resend(server, email)).status, 202);
    await sleep(300);
    assert.equal(mailServer.to(email).length, 1, 'a verified address needs no link');
  });

  test('are needed to continue a session that is older than the setting', async () => {
    const email = 'older@example.com';
    const mail = await registered(email);
    await sql(server.dataDir, `UPDATE users SET email_verified_at = created_at WHERE email = '${email}'`);
    const { refresh_token: token } = (await attempt(server, email)).json();
    await sql(server.dataDir, `UPDATE users SET email_verified_at = NULL WHERE email = '${email}'`);
    const refresh = () => server.post('/auth/refresh', { json: { refresh_token: token } });
    assertRefused(await refresh(), 403, 'email_unverified');
    assert.equal((await verify(server, tokenIn(mail))).status, 204);
    assert.equal((await refresh()).status, 200, 'the refusal has not used it up');
  });

  test('a link can be asked for again, expires, and is used once at a time', async () => {
    const email = 'again@example.com';
    const first = tokenIn(await registered(email));
    await sql(server.dataDir, "UPDATE account_tokens SET expires_at = issued_at WHERE purpose = 'email_verification'");
    assertRefused(await verify(server, first), 403, 'one_time_token_invalid');
    assert.equal((await resend(server, email)).status, 202);
    const second = tokenIn(await mailServer.mailTo(email, 2));
    const statuses = (await Promise.all(Array.from({ length: 10 }, () => verify(server, second)))).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [204, ...Array(9).fill(403)]);
    assert.ok(await login(server, email));
  });

  test('a reset by mail verifies too, and an account of a command is verified', async () => {
    const email = 'forgetful@example.com';
    await registered(email);
    await ask(server, email);
    assert.equal((await confirm(server, tokenIn(await mailServer.mailTo(email, 2)))).status, 204);
    assert.ok(await login(server, email, NEXT));
    const made = await runProgram(['user', 'add', 'made@example.com'], { cwd: server.dataDir, env: { DATA_DIR: server.dataDir }, input: `${PASSWORD}\n` });
    assert.equal(made.code, 0, made.stderr);
    assert.ok(await login(server, 'made@example.com'));
  });

  test('nobody can verify an address by naming it', async () => {
    await registered('mass@example.com');
    for (const extra of [{ email_verified_at: '2026-01-01T00:00:00Z' }, { is_verified: true }]) {
      const answer = await server.post('/auth/register', { json: { email: 'assigned@example.com', password: PASSWORD, ...extra } });
      assertRefused(answer, 422, 'validation_failed');
    }
  });
});

describe('the way to the mail server', () => {
  const started = [];
  after(async () => {
    for (const one of started.reverse()) await one.stop();
  });
  const keep = async (starting) => {
    started.push(await starting);
    return started.at(-1);
  };

  let key, cert, directory;
  before(async () => {
    directory = await temporaryDirectory();
    const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) => path.join(directory, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile], { stdio: 'pipe' });
    [key, cert] = [readFileSync(keyFile), readFileSync(certFile)];
  });
  after(() => rm(directory, { recursive: true, force: true }));

  test('a server that is away is tried again, and meanwhile everybody is answered', async () => {
    const first = await startMailServer();
    await first.stop();
    const server = await keep(startServer({ env: mailSettings(first) }));
    const { email } = await newUser(server);
    assert.equal((await ask(server, email)).status, 202);
    await server.logs('mail.delayed');
    const mailServer = await keep(startMailServer({ port: first.port }));
    await mailServer.mailTo(email, 2, 30_000);
  });

  test('what the server refuses for good is not tried again', async () => {
    const mailServer = await keep(startMailServer({ refuse: () => 550 }));
    const server = await keep(startServer({ env: mailSettings(mailServer) }));
    await newUser(server);
    await server.logs('mail.failed');
    await sleep(2_500);
    assert.equal(mailServer.commands.length, 1);
    assert.doesNotMatch(server.log, /mail\.delayed/);
  });

  test('what it refuses for now is', async () => {
    let refusals = 0;
    const mailServer = await keep(startMailServer({ refuse: () => (refusals++ === 0 ? 451 : 0) }));
    const server = await keep(startServer({ env: mailSettings(mailServer) }));
    const { email } = await newUser(server);
    await mailServer.mailTo(email);
    assert.equal(mailServer.commands.length, 2);
  });

  test('TLS from the start, with a login, and only to a certificate that is trusted', async () => {
    const account = { user: 'clinikk', password: 'mail secret \u00e9' };
    const mailServer = await keep(startMailServer({ secure: true, key, cert, login: account }));
    const passwordFile = path.join(directory, 'password');
    await writeFile(passwordFile, `${account.password}\n`);
    const env = mailSettings(mailServer, { SMTP_USERNAME: account.user, SMTP_PASSWORD_FILE: passwordFile });
    const distrustful = await keep(startServer({ env }));
    await newUser(distrustful);
    await distrustful.logs('mail.delayed');
    assert.deepEqual(mailServer.commands, []);
    const server = await keep(startServer({ env: { ...env, SMTP_CA_FILE: path.join(directory, 'cert.pem') } }));
    const { email } = await newUser(server);
    const mail = await mailServer.mailTo(email);
    assert.deepEqual([mail.secure, mail.user], [true, 'clinikk']);
    assert.ok(!server.log.includes(account.password));
  });

  test('STARTTLS is used where TLS is required, and nothing is sent where it is not offered', async () => {
    const trusting = { SMTP_TLS: 'require', SMTP_CA_FILE: path.join(directory, 'cert.pem') };
    const offering = await keep(startMailServer({ key, cert }));
    const server = await keep(startServer({ env: mailSettings(offering, trusting) }));
    const { email } = await newUser(server);
    assert.equal((await offering.mailTo(email)).secure, true);
    const plain = await keep(startMailServer());
    const strict = await keep(startServer({ env: mailSettings(plain, trusting) }));
    await newUser(strict);
    await strict.logs('mail.delayed');
    assert.deepEqual(plain.commands, []);
  });

  test('what waits when the service stops is still sent', async () => {
    const mailServer = await keep(startMailServer());
    const server = await startServer({ env: mailSettings(mailServer) });
    const { email } = await newUser(server);
    await ask(server, email);
    await server.logs('/auth/password-reset');
    await server.stop();
    assert.ok(mailServer.to(email).length >= 1);
  });
});

describe('settings of mail', () => {
  const smtp = { SMTP_URL: 'smtp://127.0.0.1:25', MAIL_FROM: 'a@example.com', PASSWORD_RESET_URL: 'https://a.example/{token}', EMAIL_VERIFICATION_URL: 'https://a.example/{token}' };
  for (const [what, env, named] of [
    ['verified addresses without mail', { REQUIRE_VERIFIED_EMAIL: '1' }, /REQUIRE_VERIFIED_EMAIL needs SMTP_URL/],
    ['no sender', { ...smtp, MAIL_FROM: '' }, /MAIL_FROM must be set/],
    ['no page for a password', { ...smtp, PASSWORD_RESET_URL: '' }, /PASSWORD_RESET_URL must be set/],
    ['no page for a verification', { ...smtp, EMAIL_VERIFICATION_URL: '' }, /EMAIL_VERIFICATION_URL must be set/],
    ['a user without a password', { ...smtp, SMTP_USERNAME: 'a' }, /SMTP_PASSWORD/],
    ['a password without a user', { ...smtp, SMTP_PASSWORD: 'hush' }, /SMTP_USERNAME/],
    ['a password and its file', { ...smtp, SMTP_USERNAME: 'a', SMTP_PASSWORD: 'hush', SMTP_PASSWORD_FILE: '/dev/null' }, /SMTP_PASSWORD and SMTP_PASSWORD_FILE/],
    ['a password file that is not there', { ...smtp, SMTP_USERNAME: 'a', SMTP_PASSWORD_FILE: '/nonexistent' }, /SMTP_PASSWORD_FILE/],
    ...['mail.example.com', 'http://a.example', 'smtp://', 'smtp://user:hush@a.example', 'smtp://a.example/path', 'smtp://a.example:99999', 'smtp://a.example?x', 'smtp://a b']
      .map((url) => [`SMTP_URL=${url}`, { ...smtp, SMTP_URL: url }, /SMTP_URL/]),
    ...['nobody', 'A <b>', 'a@example.com\nBcc: b@example.com', 'A\nBcc: b@example.com <a@example.com>']
      .map((from) => [`MAIL_FROM=${JSON.stringify(from)}`, { ...smtp, MAIL_FROM: from }, /MAIL_FROM/]),
    ...['https://a.example', 'a.example/{token}', 'ftp://a.example/{token}', 'https://user@a.example/{token}', 'https://a.example/{token} x']
      .map((url) => [`PASSWORD_RESET_URL=${url}`, { ...smtp, PASSWORD_RESET_URL: url }, /PASSWORD_RESET_URL/]),
    ['SMTP_TLS=perhaps', { ...smtp, SMTP_TLS: 'perhaps' }, /SMTP_TLS/],
    ['REQUIRE_VERIFIED_EMAIL=perhaps', { ...smtp, REQUIRE_VERIFIED_EMAIL: 'perhaps' }, /REQUIRE_VERIFIED_EMAIL/],
  ]) {
    test(what, async () => {
      const line = await refused(env);
      assert.match(line, named);
      assert.ok(!line.includes('hush'), 'a secret is never printed');
    });
  }
});
