// Forged access tokens. Each attack forges from what an account really has; the same way of making a token, with the
// right key and the right claims, is accepted.

import assert from 'node:assert/strict';
import { constants, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { assertRefused, attack, NOBODY } from '../support/attack.js';
import { newUser } from '../support/client.js';
import { decodeToken } from '../support/jwt.js';

const base64 = (value) => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url');
const pem = (key) => key.export({ type: 'pkcs8', format: 'pem' });
const makeRsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const makeP256 = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const SECRET = 'a secret that is long enough for HS256, at least in tests';

const signers = {
  none: () => '',
  hmac: (hash, key) => (input) => createHmac(hash, key).update(input).digest(),
  rsa: (hash, key) => (input) => sign(hash, Buffer.from(input), key),
  pss: (hash, key) => (input) => sign(hash, Buffer.from(input), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  ecdsa: (hash, key, dsaEncoding = 'ieee-p1363') => (input) => sign(hash, Buffer.from(input), { key, dsaEncoding }),
};

/** What signs tokens of each algorithm: the key of the service, and one of the same kind that is not. */
const ALGORITHMS = {
  HS256: { key: SECRET, other: `${SECRET}!`, signer: (key) => signers.hmac('sha256', key) },
  RS256: { key: makeRsa(), other: makeRsa(), signer: (key) => signers.rsa('sha256', key) },
  ES256: { key: makeP256(), other: makeP256(), signer: (key) => signers.ecdsa('sha256', key) },
};

for (const [algorithm, { key, other, signer }] of Object.entries(ALGORITHMS)) {
  const isShared = typeof key === 'string';
  const settings = { ALGORITHM: algorithm, SECRET_KEY: isShared ? key : pem(key) };

  attack(`tokens with ${algorithm}`, { env: settings, processes: isShared ? 4 : 2 }, (holder) => {
    let me, victim, header, claims, genuine;
    const asked = [];
    const lure = http.createServer((request, response) => {
      asked.push(request.url);
      response.end('{"keys":[]}');
    });
    before(async () => {
      await new Promise((resolve) => lure.listen(0, '127.0.0.1', resolve));
      [me, victim] = [await newUser(holder.service), await newUser(holder.service)];
      await holder.service.setRole(victim, 'admin');
      ({ header, claims } = decodeToken(me.token));
      genuine = signer(key);
    });
    after(() => new Promise((resolve) => lure.close(resolve)));

    /** A token of these parts, which may be text already. */
    const make = (head, payload, signature = genuine) => {
      const input = `${base64(head)}.${base64(payload)}`;
      return `${input}.${base64(signature(input))}`;
    };
    const now = () => Math.floor(Date.now() / 1000);
    const present = (token) => holder.service.get('/auth/me', { headers: { Authorization: `Bearer ${token}` } });
    async function assertForged(token, what) {
      const answer = await present(token);
      assert.equal(answer.status, 401, `${what}: ${answer.text()}`);
      assert.equal(answer.json().code, 'not_authenticated', what);
      // Where everybody may look, it is nobody's token, and nobody becomes somebody.
      assertRefused(await holder.service.get('/users', { headers: { Authorization: `Bearer ${token}` } }), 401);
    }
    async function assertAllForged(attacks) {
      for (const [what, token] of Object.entries(attacks)) await assertForged(token, what);
      assert.equal((await present(make(header, claims))).status, 200, 'made rightly it is accepted');
      assert.equal((await present(me.token)).status, 200);
    }
    const without = (name) => Object.fromEntries(Object.entries(claims).filter(([each]) => each !== name));

    test('a token that is signed with the key of the service is accepted, whoever signed it', async () => {
      const answer = await present(make(header, claims));
      assert.equal(answer.status, 200, answer.text());
      assert.equal(answer.json().id, me.id);
      // The slack of clocks.
      assert.equal((await present(make(header, { ...claims, exp: now() - 10 }))).status, 200);
      assert.equal((await present(make(header, { ...claims, nbf: now() + 10, iat: now() + 10 }))).status, 200);
    });

    test('no algorithm', async () => {
      const [, , signature] = me.token.split('.');
      const attacks = {};
      for (const alg of ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', '', 'null', null, 0, false, [], ['none'], {}, undefined, 'HS0', algorithm.toLowerCase(), `${algorithm}\0`, [algorithm]]) {
        const head = { ...header, alg };
        attacks[`alg ${JSON.stringify(alg)}, no signature`] = make(head, claims, signers.none);
        attacks[`alg ${JSON.stringify(alg)}, a signature`] = `${base64(head)}.${base64(claims)}.${signature}`;
        attacks[`alg ${JSON.stringify(alg)}, rightly signed`] = make(head, claims);
      }
      attacks['the right algorithm, no signature'] = make(header, claims, signers.none);
      attacks['the last point missing'] = make(header, claims, signers.none).slice(0, -1);
      await assertAllForged(attacks);
    });

    test('another algorithm', async () => {
      const attacks = {};
      for (const hash of ['sha256', 'sha384', 'sha512']) {
        const alg = `HS${hash.slice(3)}`;
        const secrets = { 'no secret': '', 'the name of the key': header.kid, null: 'null', 'a common secret': 'secret', 'zeros': Buffer.alloc(32) };
        if (isShared && alg !== algorithm) secrets['the right secret'] = key;
        if (!isShared) {
          const open = createPublicKey(key);
          const text = open.export({ type: 'spki', format: 'pem' });
          const jwk = open.export({ format: 'jwk' });
          Object.assign(secrets, { 'the public key as PEM': text, 'that without its last line end': text.trimEnd(), 'the public key as DER': open.export({ type: 'spki', format: 'der' }),
            'the JWK': JSON.stringify(jwk), 'a number of it': jwk.n ?? jwk.x, 'that as bytes': Buffer.from(jwk.n ?? jwk.x, 'base64url') });
          if (algorithm === 'RS256') secrets['PKCS #1'] = open.export({ type: 'pkcs1', format: 'pem' });
        }
        for (const [what, secret] of Object.entries(secrets)) {
          attacks[`${alg} with ${what}`] = make({ ...header, alg }, claims, signers.hmac(hash, secret));
          if (alg !== algorithm) attacks[`${algorithm} in the header, ${alg} with ${what}`] = make(header, claims, signers.hmac(hash, secret));
        }
      }
      const [rsa, p256] = [algorithm === 'RS256' ? key : makeRsa(), algorithm === 'ES256' ? key : makeP256()];
      const others = { RS256: signers.rsa('sha256', rsa), RS384: signers.rsa('sha384', rsa), RS512: signers.rsa('sha512', rsa), PS256: signers.pss('sha256', rsa), ES256: signers.ecdsa('sha256', p256), ES384: signers.ecdsa('sha384', p256) };
      for (const [alg, signature] of Object.entries(others)) {
        if (alg === algorithm) continue;
        attacks[`${alg}, rightly signed`] = make({ ...header, alg }, claims, signature);
        attacks[`${algorithm} in the header, signed by ${alg}`] = make(header, claims, signature);
        attacks[`${alg} in the header, signed by ${algorithm}`] = make({ ...header, alg }, claims);
      }
      await assertAllForged(attacks);
    });

    test('signatures that are none', async () => {
      const [head, payload, signature] = me.token.split('.');
      const bytes = Buffer.from(signature, 'base64url');
      const flipped = (at) => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)));
      const attacks = { zeros: Buffer.alloc(bytes.length), ones: Buffer.alloc(bytes.length, 255), 'cut off': bytes.subarray(0, -1), 'a half': bytes.subarray(0, bytes.length / 2), 'one byte': bytes.subarray(0, 1), longer: Buffer.concat([bytes, Buffer.alloc(1)]) };
      for (const at of [0, bytes.length >> 1, bytes.length - 1]) attacks[`bit ${at}`] = flipped(at);
      const tokens = Object.fromEntries(Object.entries(attacks).map(([what, each]) => [what, `${head}.${payload}.${base64(each)}`]));
      if (algorithm === 'ES256') {
        tokens['an ECDSA signature in DER'] = make(header, claims, signers.ecdsa('sha256', key, 'der'));
        const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
        tokens['r and s are the order'] = `${head}.${payload}.${base64(Buffer.concat([order, order]))}`;
      }
      Object.assign(tokens, { 'padded base64': `${me.token}=`, 'a space behind': `${head}.${payload}.${signature}%20`, 'four segments': `${me.token}.${signature}`, 'two signatures': `${head}.${payload}.${signature},${signature}`,
        'the alphabet of MIME': `${head}.${payload}.${bytes.toString('base64')}=` });
      tokens['the flattened JSON form'] = JSON.stringify({ protected: head, payload, signature });
      await assertAllForged(tokens);
    });

    test('an edited payload, and parts of two tokens', async () => {
      const [head, , signature] = me.token.split('.');
      const theirs = decodeToken(victim.token).claims;
      const edited = (changed) => `${head}.${base64({ ...claims, ...changed })}.${signature}`;
      await assertAllForged({
        'the account of another': edited({ sub: victim.id }), 'the session of another': edited({ sid: theirs.sid }), both: edited({ sub: theirs.sub, sid: theirs.sid }), 'a longer life': edited({ exp: claims.exp + 3600 }), 'a role': edited({ role: 'admin' }),
        'the claims of another': `${head}.${victim.token.split('.')[1]}.${signature}`, 'the header of another': `${base64({ ...header, typ: 'x' })}.${me.token.split('.')[1]}.${signature}`,
      });
    });

    test('another key', async () => {
      const mine = signer(other);
      await assertAllForged({ 'under the name of the right one': make(header, claims, mine), 'without a name': make({ alg: algorithm, typ: 'JWT' }, claims, mine), 'under its own name': make({ ...header, kid: 'mine' }, claims, mine) });
    });

    test('times', async () => {
      await assertAllForged({
        'expired long ago': make(header, { ...claims, exp: now() - 3600 }), 'expired by more than the slack': make(header, { ...claims, exp: now() - 45 }), 'an end at 0': make(header, { ...claims, exp: 0 }), 'an end before all': make(header, { ...claims, exp: -1 }),
        'not yet valid': make(header, { ...claims, nbf: now() + 120 }), 'issued later': make(header, { ...claims, iat: now() + 120 }),
        'an end that is text': make(header, { ...claims, exp: String(claims.exp) }), 'an end with a fraction': make(header, { ...claims, exp: claims.exp + 0.5 }), 'an end beyond all numbers': make(header, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e300')),
        'an end of 80 digits': make(header, JSON.stringify(claims).replace(/"exp":\d+/, `"exp":${'9'.repeat(80)}`)), 'an end that is null': make(header, { ...claims, exp: null }), 'an end that is a list': make(header, { ...claims, exp: [claims.exp] }),
      });
    });

    test('claims that are missing, or wrong', async () => {
      const attacks = {};
      for (const name of Object.keys(claims)) attacks[`no ${name}`] = make(header, without(name));
      Object.assign(attacks, {
        'another issuer': make(header, { ...claims, iss: 'https://elsewhere.example' }), 'an issuer in a list': make(header, { ...claims, iss: [claims.iss] }), 'an issuer and more': make(header, { ...claims, iss: `${claims.iss}\0` }),
        'the account of another with the own session': make(header, { ...claims, sub: victim.id }), 'a session that never was': make(header, { ...claims, sid: NOBODY }), 'an account that never was': make(header, { ...claims, sub: NOBODY }),
        'SQL as account': make(header, { ...claims, sub: "' OR 1=1 --" }), 'SQL as session': make(header, { ...claims, sid: `${claims.sid}' OR '1'='1` }),
        'no object': make(header, '[]'), 'no JSON': make(header, 'x'), nothing: make(header, ''), 'two objects': make(header, `${JSON.stringify(claims)}{}`), 'bytes that are no UTF-8': make(header, Buffer.concat([Buffer.from(JSON.stringify(claims).slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])])),
        'a list of 40 000 lists': make(header, `{"x":${'['.repeat(900)}${']'.repeat(900)}}`),
      });
      await assertAllForged(attacks);
    });

    test('claims and header members that stand twice', async () => {
      const payload = JSON.stringify(claims).slice(1, -1);
      const head = JSON.stringify(header).slice(1, -1);
      await assertAllForged({
        'the account first': make(header, `{"sub":"${victim.id}",${payload}}`), 'the account last': make(header, `{${payload},"sub":"${victim.id}"}`), 'the same account': make(header, `{${payload},"sub":"${me.id}"}`),
        'the end': make(header, `{"exp":1,${payload}}`), 'in another spelling': make(header, `{${payload},"s\\u0075b":"${victim.id}"}`), 'the algorithm first': make(`{"alg":"none",${head}}`, claims), 'the algorithm last': make(`{${head},"alg":"none"}`, claims, signers.none),
      });
    });

    test('huge tokens', async () => {
      const padded = (bytes) => make(header, { ...claims, padding: 'x'.repeat(bytes) });
      assert.equal((await present(padded(500))).status, 200, 'a little more is no harm');
      await assertForged(padded(4096), 'more than a token may have');
      for (const bytes of [100_000, 1_000_000]) {
        const answer = await holder.service.one.raw(`GET /auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${padded(bytes)}\r\n\r\n`);
        assert.ok([400, 431].includes(answer.status), String(answer.status));
      }
      await assertForged('.'.repeat(3000), 'points only');
      await assertForged(`${'a.'.repeat(1500)}a`, 'many segments');
    });

    test('keys that the token brings along, or points at', async () => {
      const thief = algorithm === 'ES256' ? makeP256() : makeRsa();
      const alg = isShared ? 'RS256' : algorithm;
      const jwk = { ...createPublicKey(thief).export({ format: 'jwk' }), kid: 'mine', alg, use: 'sig' };
      const mine = alg === 'ES256' ? signers.ecdsa('sha256', thief) : signers.rsa('sha256', thief);
      const url = `http://127.0.0.1:${lure.address().port}`;
      const attacks = {};
      for (const name of [alg, algorithm]) {
        for (const [what, more] of Object.entries({ jwk: { jwk }, 'jwk and kid': { jwk, kid: 'mine' }, jku: { jku: `${url}/jku` }, 'jku and kid': { jku: `${url}/jku`, kid: 'mine' }, x5u: { x5u: `${url}/x5u` }, x5c: { x5c: ['AAAA'] }, 'a set in the header': { jwks: { keys: [jwk] } } })) {
          attacks[`${what} under ${name}`] = make({ ...header, alg: name, ...more }, claims, mine);
          attacks[`${what} under ${name}, no kid`] = make({ typ: 'JWT', alg: name, ...more }, claims, mine);
        }
      }
      await assertAllForged(attacks);
      assert.deepEqual(asked, [], 'nothing was fetched');
      // Such members are ignored, as RFC 7515 allows, where the signature is that of the key of the service.
      assert.equal((await present(make({ ...header, jku: `${url}/jku`, jwk }, claims))).status, 200);
      assert.deepEqual(asked, []);
      await assertForged(make({ ...header, crit: ['exp'] }, claims), 'an extension that must be understood');
      await assertForged(make({ ...header, crit: ['b64'], b64: false }, claims), 'an unencoded payload');
    });

    test('names of keys that are paths, statements, fields or something else', async () => {
      const names = ['../../../../../../dev/null', '/dev/null', '/proc/self/environ', 'file:///dev/null', `../../..${holder.service.dataDir}/secret.key`, "x' UNION SELECT '' --", "' OR '1'='1", '`id`', '$(id)', '|cat /etc/passwd', 'x\r\nX-Injected: 1', '\0', '', ' ', `${header.kid} `, `${header.kid}\0`, header.kid.slice(0, -1), 'x'.repeat(2000), '%00', '💥'];
      const attacks = {};
      for (const name of [...names, 0, null, true, [], [header.kid], {}]) {
        const what = JSON.stringify(name).slice(0, 40);
        for (const secret of ['', 'x', '\0']) attacks[`${what}, signed with ${JSON.stringify(secret)}`] = make({ ...header, kid: name }, claims, signers.hmac('sha256', secret));
        attacks[`${what}, signed rightly`] = make({ ...header, kid: name }, claims);
      }
      for (const [what, token] of Object.entries(attacks)) {
        const answer = await present(token);
        assert.equal(answer.status, 401, what);
        assert.equal(answer.headers['x-injected'], undefined, what);
      }
      assert.equal((await present(make(header, claims))).status, 200);
    });

    test('a session that has ended, in every process', async () => {
      const { token } = await newUser(holder.service);
      for (const server of holder.service.servers) assert.equal((await server.get('/auth/me', { token })).status, 200, 'each remembers the token');
      assert.equal((await holder.service.post('/auth/logout', { token })).status, 204);
      for (const server of holder.service.servers) assertRefused(await server.get('/auth/me', { token }), 401, 'not_authenticated');
      assert.equal((await present(me.token)).status, 200);
    });

    test('no token and no key is in a log', async () => {
      assert.ok(!holder.service.log.includes(me.token.split('.')[2]));
      assert.ok(!holder.service.log.includes(isShared ? SECRET : pem(createPrivateKey(pem(key))).split('\n')[1]));
    });
  });
}
