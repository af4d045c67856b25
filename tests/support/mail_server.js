// A real SMTP server on loopback, and what it was sent.

import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

import { eventually } from './program.js';

/** The settings that the program needs for mail. */
export const mailSettings = (mailServer, over = {}) => ({
  SMTP_URL: mailServer.url,
  MAIL_FROM: 'Clinikk "TV" <no-reply@clinikk.example>',
  PASSWORD_RESET_URL: 'https://app.example/reset#token={token}',
  EMAIL_VERIFICATION_URL: 'https://app.example/verify?token={token}&from=mail',
  ...over,
});

/**
 * Starts a server. `port`: 0 for any; `secure`: TLS from the start; `key`, `cert`: PEM, offered by STARTTLS unless secure;
 * `login`: `{user, password}` that it wants; `refuse(address)`: a status with which it refuses a recipient.
 */
export async function startMailServer({ port = 0, secure = false, key, cert, login, refuse = () => 0 } = {}) {
  const mails = [];
  const commands = []; // of all sessions: whether each was encrypted, and its recipients
  const server = new SMTPServer({
    secure,
    ...(key && { key, cert }),
    disabledCommands: [...(key && !secure ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
    allowInsecureAuth: true,
    logger: false,
    disableReverseLookup: true,
    onAuth: (auth, session, done) => {
      const right = auth.username === login.user && auth.password === login.password;
      done(right ? null : new Error('no'), { user: auth.username });
    },
    onRcptTo: ({ address }, session, done) => {
      commands.push({ address, secure: session.secure, user: session.user });
      const status = refuse(address);
      done(status ? Object.assign(new Error('refused'), { responseCode: status }) : null);
    },
    onData: (stream, session, done) => {
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', async () => {
        const raw = Buffer.concat(chunks);
        mails.push({ raw: raw.toString('utf8'), parsed: await simpleParser(raw), envelope: session.envelope, secure: session.secure, user: session.user });
        done();
      });
    },
  });
  server.on('error', () => {}); // clients that give up a connection
  await new Promise((resolve, reject) => server.listen(port, '127.0.0.1', resolve).once('error', reject));
  const { port: bound } = server.server.address();
  const to = (address) => mails.filter(({ envelope }) => envelope.rcptTo.some((recipient) => recipient.address === address));
  return {
    port: bound,
    url: `${secure ? 'smtps' : 'smtp'}://127.0.0.1:${bound}`,
    mails,
    commands,
    to,
    /** The mail number `count` to an address, once it has come. */
    async mailTo(address, count = 1, timeout = undefined) {
      await eventually(() => to(address).length >= count, () => `${to(address).length} of ${count} mails came to ${address}`, timeout);
      return to(address)[count - 1];
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** The token of the link in a mail. */
export const tokenIn = (mail) => /token=([A-Za-z0-9_-]{43})(?:&|\s|$)/.exec(mail.parsed.text)[1];
