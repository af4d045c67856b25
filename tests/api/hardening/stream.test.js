// The rarer parts of RFC 9110: several ranges, preconditions, digests, names for downloads.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { newUser, upload, uploadMedia } from '../../support/client.js';
import { media, wav } from '../../support/media.js';
import { parseByteRanges } from '../../support/multipart.js';
import { sleep } from '../../support/program.js';
import { startServer } from '../../support/server.js';

describe('streaming', () => {
  let server, token, movie, address, etag, modified;
  before(async () => {
    [server, movie] = await Promise.all([startServer(), media('plain.mp4')]);
    ({ token } = await newUser(server));
    address = `/content/${(await uploadMedia(server, token, movie)).id}/stream`;
    ({ etag, 'last-modified': modified } = (await server.head(address)).headers);
  });
  after(() => server?.stop());

  const ask = (headers, path = address) => server.get(path, { headers });

  function assertWhole(answer) {
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-range'], undefined);
    assert.ok(answer.body.equals(movie.bytes));
  }

  function assertPart(answer, first, last) {
    assert.equal(answer.status, 206);
    assert.equal(answer.headers['content-range'], `bytes ${first}-${last}/${movie.size}`);
    assert.ok(answer.body.equals(movie.bytes.subarray(first, last + 1)));
  }

  describe('several ranges', () => {
    function assertParts(answer, expected) {
      assert.equal(answer.status, 206);
      assert.equal(answer.headers['content-range'], undefined);
      assert.equal(answer.headers['content-length'], String(answer.body.length));
      const parts = parseByteRanges(answer.headers['content-type'], answer.body);
      assert.deepEqual(parts.map(({ headers }) => headers['content-range']), expected.map(([first, last]) => `bytes ${first}-${last}/${movie.size}`));
      for (const [i, [first, last]] of expected.entries()) {
        assert.equal(parts[i].headers['content-type'], 'video/mp4');
        assert.ok(parts[i].body.equals(movie.bytes.subarray(first, last + 1)), `part ${i}`);
      }
    }

    test('come as parts', async () => {
      assertParts(await ask({ Range: 'bytes=0-9,1000-1099,20000-29999' }), [[0, 9], [1000, 1099], [20000, 29999]]);
    });

    test('one from the end among them', async () => {
      assertParts(await ask({ Range: 'bytes=0-9, -10' }), [[0, 9], [movie.size - 10, movie.size - 1]]);
    });

    test('those that are not there are left out', async () => {
      assertParts(await ask({ Range: 'bytes=0-9,99999999-,500-509' }), [[0, 9], [500, 509]]);
    });

    test('none that is there is 416', async () => {
      const answer = await ask({ Range: 'bytes=99999998-,99999999-' });
      assert.equal(answer.status, 416);
      assert.equal(answer.headers['content-range'], `bytes */${movie.size}`);
    });

    test('HEAD has no ranges', async () => {
      for (const range of ['bytes=0-9', 'bytes=0-9,20-29', 'bytes=99999999-']) {
        const answer = await server.head(address, { headers: { Range: range } });
        assert.equal(answer.status, 200, range);
        assert.equal(answer.headers['content-length'], String(movie.size));
        assert.equal(answer.headers['content-range'], undefined);
        assert.equal(answer.headers['accept-ranges'], 'bytes');
        assert.equal(answer.body.length, 0);
      }
    });

    for (const [what, range] of [
      ['overlapping', 'bytes=0-5000,2000-7000,4000-9000'],
      ['the same many times', `bytes=${Array(20).fill('0-999').join(',')}`],
      ['all of it many times', `bytes=${Array(200).fill('0-').join(',')}`],
      ['many small ones', `bytes=${Array.from({ length: 500 }, (_, i) => `${i * 4}-${i * 4}`).join(',')}`],
      ['many from the end', `bytes=${Array.from({ length: 300 }, (_, i) => `-${i + 1}`).join(',')}`],
      ['backwards', 'bytes=9000-9009,10-19'],
    ]) {
      test(`${what}: never more bytes than the file and some heads`, async () => {
        const answer = await ask({ Range: range });
        assert.ok([200, 206, 416].includes(answer.status), `${answer.status}`);
        assert.ok(answer.body.length < movie.size + 20_000, `${answer.body.length} bytes`);
        if (answer.status === 200) assertWhole(answer);
        if (answer.status === 206 && !answer.headers['content-range']) {
          for (const part of parseByteRanges(answer.headers['content-type'], answer.body)) {
            const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(part.headers['content-range']);
            assert.ok(part.body.equals(movie.bytes.subarray(Number(first), Number(last) + 1)));
          }
        } else if (answer.status === 206) {
          const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(answer.headers['content-range']);
          assertPart(answer, Number(first), Number(last));
        }
      });
    }
  });

  describe('validators', () => {
    test('a strong tag that follows from the bytes', async () => {
      assert.match(etag, /^"[^"]+"$/);
      const twin = await uploadMedia(server, token, movie, { title: 'The same bytes' });
      assert.equal((await server.head(`/content/${twin.id}/stream`)).headers.etag, etag);
      const other = await upload(server, token, wav(3000));
      assert.notEqual((await server.head(`/content/${other.id}/stream`)).headers.etag, etag);
    });

    test('a change of words does not change it', async () => {
      await server.put(address.replace('/stream', ''), { token, form: { title: 'Another title' } });
      const { headers } = await server.head(address);
      assert.equal(headers.etag, etag);
      assert.equal(headers['last-modified'], modified);
    });

    test('a time, and the digest of the whole on every answer with bytes', async () => {
      assert.ok(Math.abs(Date.parse(modified) - Date.now()) < 120_000, modified);
      const digest = `sha-256=:${createHash('sha256').update(movie.bytes).digest('base64')}:`; // RFC 9530 section 3
      assert.equal((await ask({})).headers['repr-digest'], digest);
      assert.equal((await ask({ Range: 'bytes=0-9' })).headers['repr-digest'], digest);
      assert.equal((await server.head(address)).headers['repr-digest'], digest);
    });
  });

  describe('preconditions', () => {
    const past = 'Sat, 01 Jan 2000 00:00:00 GMT';
    const future = new Date(Date.now() + 3_600_000).toUTCString();

    // [what, header fields, status]; `TAG` stands for the tag, `TIME` for the time of the last change.
    for (const [what, fields, status] of [
      ['If-None-Match with the tag', { 'If-None-Match': 'TAG' }, 304],
      ['If-None-Match with the tag marked weak', { 'If-None-Match': 'W/TAG' }, 304],
      ['If-None-Match with a list', { 'If-None-Match': '"x", W/"y", TAG' }, 304],
      ['If-None-Match with *', { 'If-None-Match': '*' }, 304],
      ['If-None-Match with another tag', { 'If-None-Match': '"x"' }, 200],
      ['If-None-Match with a tag that has commas', { 'If-None-Match': '"a,b", TAG' }, 304],
      ['If-None-Match with the tag unquoted', { 'If-None-Match': 'BARE' }, 200],
      ['If-None-Match before Range', { 'If-None-Match': 'TAG', Range: 'bytes=0-1' }, 304],
      ['If-None-Match before If-Modified-Since', { 'If-None-Match': '"x"', 'If-Modified-Since': future }, 200],
      ['If-Modified-Since with the time', { 'If-Modified-Since': 'TIME' }, 304],
      ['If-Modified-Since with a later time', { 'If-Modified-Since': future }, 304],
      ['If-Modified-Since with an earlier time', { 'If-Modified-Since': past }, 200],
      ['If-Modified-Since with no time', { 'If-Modified-Since': 'yesterday' }, 200],
      ['If-Modified-Since in the form of RFC 850', { 'If-Modified-Since': 'Saturday, 01-Jan-00 00:00:00 GMT' }, 200],
      ['If-Match with the tag', { 'If-Match': 'TAG' }, 200],
      ['If-Match with a list', { 'If-Match': '"x", TAG' }, 200],
      ['If-Match with *', { 'If-Match': '*' }, 200],
      ['If-Match with another tag', { 'If-Match': '"x"' }, 412],
      ['If-Match with the tag marked weak', { 'If-Match': 'W/TAG' }, 412],
      ['If-Match before If-None-Match', { 'If-Match': '"x"', 'If-None-Match': 'TAG' }, 412],
      ['If-Match before If-Unmodified-Since', { 'If-Match': 'TAG', 'If-Unmodified-Since': past }, 200],
      ['If-Match with a range', { 'If-Match': 'TAG', Range: 'bytes=0-1' }, 206],
      ['If-Unmodified-Since with the time', { 'If-Unmodified-Since': 'TIME' }, 200],
      ['If-Unmodified-Since with an earlier time', { 'If-Unmodified-Since': past }, 412],
      ['If-Unmodified-Since with no time', { 'If-Unmodified-Since': 'x' }, 200],
      ['If-Range with the tag', { 'If-Range': 'TAG', Range: 'bytes=0-1' }, 206],
      ['If-Range with another tag', { 'If-Range': '"x"', Range: 'bytes=0-1' }, 200],
      ['If-Range with the tag marked weak', { 'If-Range': 'W/TAG', Range: 'bytes=0-1' }, 200],
      ['If-Range with an earlier time', { 'If-Range': past, Range: 'bytes=0-1' }, 200],
      ['If-Range with a later time', { 'If-Range': future, Range: 'bytes=0-1' }, 200],
      ['If-Range with nonsense', { 'If-Range': 'x', Range: 'bytes=0-1' }, 200],
      ['If-Range with another tag, unsatisfiable', { 'If-Range': '"x"', Range: 'bytes=99999999-' }, 200],
      ['If-Range without Range', { 'If-Range': '"x"' }, 200],
    ]) {
      test(`${what}: ${status}`, async () => {
        const fill = (value) => value.replace('TAG', etag).replace('TIME', modified).replace('BARE', etag.slice(1, -1));
        const headers = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fill(value)]));
        const answer = await ask(headers);
        assert.equal(answer.status, status, answer.status >= 400 ? answer.text() : '');
        if (status === 200) assertWhole(answer);
        if (status === 206) assertPart(answer, 0, 1);
        if (status === 304) {
          assert.equal(answer.headers.etag, etag);
          assert.equal(answer.body.length, 0);
        }
        if (status === 412) assert.equal(answer.json().code, 'precondition_failed');
        const head = await server.head(address, { headers });
        // Range is defined for GET only, but a HEAD that tells what GET would answer is common.
        assert.ok(head.status === status || (status === 206 && head.status === 200), `HEAD: ${head.status}`);
      });
    }

    test('304 and 412 leave the connection usable', async () => {
      const wire = await server.wire();
      const get = (line) => `GET ${address} HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`;
      await wire.write(get(`If-None-Match: ${etag}`) + get('If-Match: "x"') + get('Range: bytes=0-4'));
      assert.equal((await wire.finalAnswer()).status, 304);
      assert.equal((await wire.finalAnswer()).status, 412);
      assert.equal((await wire.finalAnswer()).body.length, 5);
      wire.destroy();
    });
  });

  describe('downloads', () => {
    /** The file name of a Content-Disposition (RFC 6266), `filename*` before `filename`. */
    function nameOf(disposition) {
      assert.match(disposition, /^attachment\b/);
      assert.match(disposition, /^[\x20-\x7e]*$/, 'printable ASCII only');
      const extended = /;\s*filename\*=UTF-8''([^;\s]+)/i.exec(disposition);
      if (extended) {
        assert.match(extended[1], /^(%[0-9A-F]{2}|[\w!#$&+.^`|~-])*$/i);
        return decodeURIComponent(extended[1]);
      }
      return /;\s*filename="((?:[^"\\]|\\.)*)"/.exec(disposition)[1].replace(/\\(.)/g, '$1');
    }

    test('without ?download the file is shown in place', async () => {
      const disposition = (await ask({})).headers['content-disposition'];
      assert.ok(disposition === undefined || /^inline\b/.test(disposition), disposition);
    });

    // Without a file name in the form the title makes the name: text, whose slashes are no directories.
    for (const [title, expected] of [
      ['Trip on 3/8/22', 'Trip on 3_8_22.mp4'],
      ['A\\B', 'A_B.mp4'],
      ['../../etc/passwd', '_.._etc_passwd.mp4'],
      ['Was? Wie: <b>', 'Was_ Wie_ _b_.mp4'],
      ['...', 'download.mp4'],
      ['x'.repeat(200), /^x+\.mp4$/],
    ]) {
      test(`by the title ${JSON.stringify(title).slice(0, 40)}`, async () => {
        const content = await uploadMedia(server, token, movie, { filename: '', title });
        const answer = await server.get(`/content/${content.id}/stream?download=1`);
        const name = nameOf(answer.headers['content-disposition']);
        if (expected instanceof RegExp) assert.match(name, expected);
        else assert.equal(name, expected);
      });
    }

    for (const [sent, expected] of [
      ['stretch.mp4', 'stretch.mp4'],
      ['with space and, comma; semicolon.mp4', 'with space and, comma; semicolon.mp4'],
      ['Übung – утро – 朝 🧘.mp4', 'Übung – утро – 朝 🧘.mp4'],
      ["it's 100% (free).mp4", "it's 100% (free).mp4"],
      ['a"b.mp4', /^a.?b\.mp4$|^a%22b\.mp4$/],
      ['../../../etc/passwd.mp4', /passwd\.mp4$/],
      ['..\\..\\windows\\system.mp4', /system\.mp4$/],
      ['a\r\nX-Injected: yes\r\n\r\n<b>.mp4', /\.mp4$/],
      ['.', /./],
      ['..', /./],
      ['', /./],
      ['x'.repeat(500) + '.mp4', /^x+/],
    ]) {
      test(`by the name ${JSON.stringify(sent).slice(0, 40)}`, async () => {
        const content = await uploadMedia(server, token, movie, { filename: sent });
        const answer = await server.get(`/content/${content.id}/stream?download=1`);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['x-injected'], undefined);
        assert.equal(answer.rawHeaders.filter(([name]) => name.toLowerCase() === 'content-disposition').length, 1);
        const name = nameOf(answer.headers['content-disposition']);
        if (expected instanceof RegExp) assert.match(name, expected);
        else assert.equal(name, expected);
        assert.doesNotMatch(name, /[/\\\r\n\0]/, 'a name, not a path');
        assert.ok(!['.', '..', ''].includes(name));
        assert.ok(name.length <= 255);
        assertWhole(answer);
      });
    }

    test('a word that is no yes or no', async () => {
      for (const word of ['0', 'false']) {
        const disposition = (await ask({}, `${address}?download=${word}`)).headers['content-disposition'];
        assert.ok(disposition === undefined || /^inline\b/.test(disposition), `${word}: ${disposition}`);
      }
    });

    test('in ranges', async () => {
      const answer = await ask({ Range: 'bytes=5-9' }, `${address}?download=1`);
      assertPart(answer, 5, 9);
    });
  });

  describe('in the middle of it', () => {
    let big;
    before(async () => {
      big = wav(24 * 1024 * 1024, 7);
    });

    test('a delete lets those who read finish', async () => {
      const content = await upload(server, token, big);
      const wire = await server.wire({ readableHighWaterMark: 16384 });
      wire.pause(); // from the start: the less the kernel takes in
      await wire.write(`GET /content/${content.id}/stream HTTP/1.1\r\nHost: a\r\n\r\n`);
      await sleep(300);
      assert.equal((await server.delete(`/content/${content.id}`, { token })).status, 200);
      assert.equal((await server.get(`/content/${content.id}/stream`)).status, 404);
      wire.resume();
      const answer = await wire.finalAnswer({ timeout: 20_000 });
      assert.ok(answer.body.equals(big));
      wire.destroy();
    });

    test('a client that vanishes leaves the server well', async () => {
      const content = await upload(server, token, big);
      for (let i = 0; i < 20; ++i) {
        const wire = await server.wire();
        await wire.write(`GET /content/${content.id}/stream HTTP/1.1\r\nHost: a\r\n\r\n`);
        await wire.quiet(1_000);
        wire.destroy({ reset: i % 2 === 0 });
      }
      await sleep(100);
      assert.equal((await server.get('/health')).status, 200);
      assert.ok((await server.get(`/content/${content.id}/stream`)).body.equals(big));
    });

    test('a client that reads slowly gets every byte', async () => {
      const content = await upload(server, token, big);
      const wire = await server.wire({ readableHighWaterMark: 16384 });
      await wire.write(`GET /content/${content.id}/stream HTTP/1.1\r\nHost: a\r\n\r\n`);
      for (let i = 0; i < 5; ++i) {
        wire.pause();
        await sleep(150);
        wire.resume();
        await sleep(5);
      }
      const answer = await wire.finalAnswer({ timeout: 20_000 });
      assert.ok(answer.body.equals(big));
      wire.destroy();
    });
  });
});
