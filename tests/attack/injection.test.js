// SQL, header fields and other languages in every string of every operation. The strings come from openapi.json: path,
// query, header fields and bodies. A sound value is sent beside each, and no value may change what is others'.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { attack, NOBODY } from '../support/attack.js';
import { newUser, PASSWORD, upload, uploadParts } from '../support/client.js';
import { wav } from '../support/media.js';

const PAYLOADS = [
  "'", "' OR '1'='1", "'; DROP TABLE users; --", "' UNION SELECT id, email, password_hash FROM users --", "x'); DELETE FROM contents; --", "' || (SELECT pg_sleep(3)) || '", "1; SELECT pg_sleep(3)", '" OR ""="', "\\'; UPDATE users SET role = 'admin'; --",
  '$$; DROP TABLE users; $$', '%', '_', '*', '0x27', 'x\r\nSet-Cookie: injected=1\r\nX-Injected: 1', 'x\nX-Injected: 1', 'x\rX-Injected: 1', '%0d%0aX-Injected:%201', 'x\u0000y', '../../../../etc/passwd', '..%2f..%2fetc%2fpasswd', '{{7*7}}', '${jndi:ldap://127.0.0.1/x}', '<script>alert(1)</script>', '; id', '$(id)', '`id`',
  '\u2028x', '\ud83d\udca5', 'x'.repeat(3000),
];
const SLOWEST = 2_500; // milliseconds; the statements that sleep would take 3 s

attack('injection', { env: { MAX_FILE_SIZE: '1MB' } }, (holder) => {
  let contract, victim, admin, content;
  before(async () => {
    contract = await holder.service.contract();
    [victim, admin] = [await newUser(holder.service), await newUser(holder.service)];
    await holder.service.setRole(admin, 'admin');
    content = await upload(holder.service, victim.token, wav(300), { title: 'of the victim' });
  });

  /** What no request here may change. */
  const untouched = () => holder.service.sql(`SELECT COUNT(*), MIN(role), MIN(password_hash) FROM users WHERE email = '${victim.email}';
    SELECT COUNT(*), MIN(title), MIN(description) FROM contents WHERE id = ${holder.service.id(content.id)};
    SELECT COUNT(*) FROM users WHERE role = 'admin'; SELECT COUNT(*) FROM objects WHERE size = ${content.size}; SELECT MAX(version) FROM schema_version`);

  /** A value that the schema accepts, as far as that can be said without the service. */
  function soundValue(schema) {
    const { enum: choices, examples, type, minimum, minLength, format, properties, items, pattern } = contract.resolve(schema);
    const kind = [type].flat()[0];
    if (choices) return choices[0];
    if (examples) return examples[0];
    if (kind === 'integer') return minimum ?? 1;
    if (kind === 'boolean') return true;
    if (kind === 'array') return [soundValue(items)];
    if (kind === 'object') return Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, soundValue(each)]));
    if (format === 'uuid') return NOBODY;
    if (format === 'email') return 'somebody@example.com';
    if (/A-Za-z0-9_-/.test(pattern ?? '')) return 'A'.repeat(43);
    return 'x'.repeat(Math.max(minLength ?? 1, 8));
  }
  // Where a header field chooses among the operations of one method and path: the fields of a sound request.
  const CHOOSING = {
    'Upload-Complete': { 'Upload-Complete': '?0', 'Upload-Offset': '0', 'Content-Type': 'application/partial-upload' },
    'Tus-Resumable': { 'Tus-Resumable': '1.0.0', 'Upload-Length': '10', 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' },
  };
  const isText = (schema) => [contract.resolve(schema).type].flat().includes('string');

  /** `[where, put]` for each string of an operation: `put` sets it in a request. */
  function stringsOf({ operation, chosenBy }) {
    const places = [];
    for (const each of operation.parameters ?? []) {
      const { name, in: place, schema } = contract.resolve(each);
      if (isText(schema) || place !== 'header') places.push([`${place} ${name}`, (request, value) => (request[place][name] = value)]);
    }
    for (const [type, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
      const { properties = {} } = contract.resolve(schema); // a file as the body has none
      for (const [name, each] of Object.entries(chosenBy ? {} : properties)) {
        if (isText(each)) places.push([`${type} ${name}`, (request, value) => Object.assign(request, { type }).body[name] = value]);
      }
    }
    return places;
  }

  /** A request in which everything that is required is sound. */
  function soundRequest({ operation, chosenBy }) {
    const request = { path: {}, query: {}, header: { ...CHOOSING[chosenBy] }, body: {} };
    for (const each of operation.parameters ?? []) {
      const { name, in: place, schema, required } = contract.resolve(each);
      if (required) request[place][name] = place === 'path' && name !== 'grant' ? NOBODY : soundValue(schema);
    }
    const [first] = chosenBy ? [] : Object.entries(operation.requestBody?.content ?? {});
    if (first) {
      const { properties, required = [] } = contract.resolve(first[1].schema);
      request.type = first[0];
      for (const name of required) request.body[name] = soundValue(properties[name]);
    }
    return request;
  }

  function send({ method, template }, { path, query, header, body, type }) {
    const target = template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name])) + (Object.keys(query).length ? `?${new URLSearchParams(query)}` : '');
    // Node sends no field with a line end; the service sees the rest.
    const headers = Object.fromEntries(Object.entries(header).map(([name, value]) => [name, Buffer.from(String(value)).toString('latin1').replace(/[^\t\x20-\x7e\x80-\xff]/g, '')]));
    const options = { token: admin.token, headers };
    if (type === 'application/json') options.json = body;
    if (type === 'application/x-www-form-urlencoded') options.form = body;
    if (type === 'multipart/form-data') options.multipart = method === 'POST' ? uploadParts(wav(200), Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'file'))) : Object.entries(body).map(([name, value]) => ({ name, body: Buffer.from(String(value)) }));
    return holder.service.request(method, target, options);
  }

  /** Of statements that sleep none sleeps: alone, since what the service does for others at once takes time too. */
  async function assertAwake(each, put) {
    for (const payload of PAYLOADS.filter((text) => text.includes('pg_sleep'))) {
      const times = [];
      // A busy machine is slow once; a statement that sleeps, each time.
      while (times.length < 3 && !times.some((time) => time < SLOWEST)) {
        const request = soundRequest(each);
        put(request, payload);
        const began = Date.now();
        await send(each, request);
        times.push(Date.now() - began);
      }
      assert.ok(times.at(-1) < SLOWEST, `${each.method} ${each.template} takes ${times.join(', ')} ms`);
    }
  }

  // What ends the session that sends the requests is sent by others.
  const OWN_SESSION = ['log_out', 'log_out_everywhere', 'delete_own_account'];

  test('no string of any operation is more than a value', { timeout: 180_000 }, async () => {
    const before = await untouched();
    let sent = 0;
    const operations = contract.operations().filter(({ id }) => !OWN_SESSION.includes(id)).flatMap(({ method, template, operation }) => {
      const fields = (operation['x-operations'] ?? []).map(({ header }) => header).filter(Boolean);
      return [undefined, ...fields].map((chosenBy) => ({ method, template, operation, chosenBy }));
    });
    for (const each of operations) {
      for (const [where, put] of stringsOf(each)) {
        const attempts = PAYLOADS.map(async (payload) => {
          const request = soundRequest(each);
          put(request, payload);
          const what = `${each.method} ${each.template}, ${where}: ${JSON.stringify(payload).slice(0, 60)}`;
          const answer = await send(each, request);
          assert.ok(answer.status < 500 || answer.status === 503, `${what}: ${answer.status} ${answer.text()}`);
          for (const name of ['x-injected', 'set-cookie']) assert.equal(answer.headers[name], undefined, what);
          assert.doesNotMatch(answer.text(), /root:x:0|\$argon2|syntax error|SQLITE_|sqlstate/i, what);
        });
        for (const settled of await Promise.allSettled(attempts)) if (settled.reason) throw settled.reason;
        await assertAwake(each, put);
        sent += PAYLOADS.length;
      }
    }
    assert.ok(sent > 2000, `${sent} requests`);
    assert.equal(await untouched(), before);
    assert.equal((await holder.service.get(`/content/${content.id}`)).json().title, 'of the victim');
    // Nobody has got a role or a session out of it, and sound requests are answered.
    assert.equal((await holder.service.get('/auth/me', { token: victim.token })).json().role, 'editor');
    assert.equal((await holder.service.get('/users', { token: admin.token })).status, 200);
  });

  test('statements are found as text where text is kept', async () => {
    const { service } = holder;
    for (const title of PAYLOADS.filter((each) => each.length < 200 && ![...each].some((c) => c < ' ' || c === '\u2028'))) {
      const answer = await service.patch(`/content/${content.id}`, { token: victim.token, json: { title, description: title } });
      assert.equal(answer.status, 200, title);
      assert.equal((await service.get(`/content/${content.id}`)).json().title, title);
    }
    await service.patch(`/content/${content.id}`, { token: victim.token, json: { title: 'of the victim', description: 'A description' } });
    for (const search of ["' OR '1'='1", '%', "x' --"]) assert.deepEqual((await service.get(`/users?search=${encodeURIComponent(search)}`, { token: admin.token })).json(), []);
    assert.equal((await service.get(`/users?search=${encodeURIComponent(victim.email)}`, { token: admin.token })).json().length, 1);
  });

  test('titles and file names end no header field', async () => {
    const { service } = holder;
    for (const end of ['\r\n', '\n', '\r', '\0', '\u0085', '\u2028']) {
      const title = `x${end}X-Injected: 1`;
      const refused = await service.patch(`/content/${content.id}`, { token: victim.token, json: { title } });
      assert.equal(refused.status, 422, JSON.stringify(title));
      const uploaded = await service.post('/content', { token: victim.token, multipart: uploadParts(wav(210), { title }) });
      assert.equal(uploaded.status, 422, JSON.stringify(title));
    }
    for (const title of ['a "title"', 'a; filename=evil.exe', '../../etc/passwd', 'C:\\boot.ini', 'Größe \u{1F4A5}', '%0d%0aX-Injected: 1', "it's", '=1+1']) {
      assert.equal((await service.patch(`/content/${content.id}`, { token: victim.token, json: { title } })).status, 200);
      const answer = await service.get(`/content/${content.id}/stream?download=true`);
      assert.equal(answer.status, 200, answer.text());
      assert.equal(answer.headers['x-injected'], undefined);
      const disposition = answer.headers['content-disposition'];
      assert.match(disposition, /^attachment; filename="[^"\\/\r\n]*"(; filename\*=UTF-8''[\w.~!#$&+^`|%-]+)?$/, title);
    }
    for (const filename of ['x\r\nX-Injected: 1.wav', '../../../x.wav', 'x".wav', 'x\u0000.wav', `${'x'.repeat(5000)}.wav`]) {
      const answer = await service.post('/content', { token: victim.token, multipart: uploadParts(wav(220), { filename }) });
      assert.ok([201, 400, 422].includes(answer.status), `${JSON.stringify(filename)}: ${answer.text()}`);
      if (answer.status === 201) assert.doesNotMatch(JSON.stringify(answer.json()), /Injected|\.\.\//);
    }
  });

  test('addresses that others follow are web addresses', async () => {
    const patch = (url) => holder.service.patch(`/content/${content.id}`, { token: victim.token, json: { thumbnail_url: url } });
    for (const url of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', ' javascript:alert(1)', 'java\nscript:alert(1)', 'http://x/\r\nX: 1', '//evil.example/x']) assert.equal((await patch(url)).status, 422, url);
    assert.equal((await patch('https://images.example/poster.jpg')).status, 200);
  });

  test('passwords are never told', async () => {
    assert.ok(!holder.service.log.includes(PASSWORD));
    assert.doesNotMatch(holder.service.log, /\$argon2/);
  });
});
