// Every accepted format, plain, with fillers and covers, with tags in front and behind, and cut: what the service
// stores of it must be what ffprobe says when it reads the whole file packet by packet.
//
// Tolerances: durations may differ by one unit (frame, packet, page or block of the format, `unit` in milliseconds),
// everything else not at all. Of a cut file ffprobe counts the last, broken packet too, which is one unit again.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { newUser, uploadParts } from '../../support/client.js';
import { FORMATS, variants } from '../../support/format_variants.js';
import { temporaryDirectory } from '../../support/program.js';
import { startServer } from '../../support/server.js';

const run = promisify(execFile);

/** What ffprobe tells of the whole file by its packets: `{duration_ms, width, height, codecs}`. */
async function byPackets(file, demuxer) {
  const { stdout } = await run('ffprobe', [
    '-v', 'error', ...(demuxer ? ['-f', demuxer] : []), '-count_packets', '-show_streams', '-show_packets', '-show_entries',
    'packet=stream_index,pts_time,dts_time,duration_time:stream=index,codec_type,codec_name,width,height,nb_read_packets,r_frame_rate:stream_disposition=attached_pic',
    '-of', 'json', file,
  ], { maxBuffer: 64 << 20 });
  const report = JSON.parse(stdout);
  const streams = report.streams.filter((stream) => !stream.disposition?.attached_pic);
  const lengths = streams.map(({ index }) => {
    const packets = report.packets.filter((packet) => packet.stream_index === index);
    const times = packets.map((packet) => [Number(packet.pts_time ?? packet.dts_time), Number(packet.duration_time ?? 0)]).filter(([time]) => Number.isFinite(time));
    // Streams without time stamps of their own, and links of a chain, are as long as their packets together.
    if (times.length === 0) return packets.reduce((sum, packet) => sum + Number(packet.duration_time ?? 0), 0) * 1000;
    return { start: Math.min(...times.map(([time]) => time)), end: Math.max(...times.map(([time, duration]) => time + duration)) };
  });
  const spans = lengths.filter((length) => typeof length === 'object');
  const ends = Math.max(...spans.map(({ end }) => end)) - Math.min(...spans.map(({ start }) => start));
  const video = streams.find((stream) => stream.codec_type === 'video');
  return {
    duration_ms: spans.length > 0 ? ends * 1000 : Math.max(...lengths),
    width: video?.width ?? null,
    height: video?.height ?? null,
  };
}

describe('what is stored of a file is what its packets say', () => {
  let server, token, directory;
  const counts = { files: 0, accepted: 0, refused: 0, facts: 0 };
  before(async () => {
    [server, directory] = await Promise.all([startServer(), temporaryDirectory()]);
    ({ token } = await newUser(server));
  });
  after(async () => {
    console.log(`# formats: ${JSON.stringify(counts)}`);
    await rm(directory, { recursive: true, force: true });
    await server?.stop();
  });

  for (const format of FORMATS) {
    test(format.name, async (t) => {
      for (const variant of await variants(format)) {
        await t.test(variant.name, async () => {
          counts.files += 1;
          const answer = await server.post('/content', { token, multipart: uploadParts(variant.bytes, { content_type: format.kind, filename: 'x.bin' }) });
          if (variant.refused) {
            counts.refused += 1;
            assert.equal(answer.status, 422, answer.text());
            assert.ok(variant.refused.includes(answer.json().code), answer.text());
            return;
          }
          assert.equal(answer.status, 201, answer.text());
          counts.accepted += 1;
          const content = answer.json();
          const file = path.join(directory, 'whole');
          await writeFile(file, variant.media ?? variant.bytes);
          const truth = await byPackets(file, format.demuxer);
          const close = Math.abs(content.duration_ms - truth.duration_ms) <= format.unit * (variant.truncated ? 2 : 1) + 1;
          assert.ok(close, `${content.duration_ms} ms stored, ${truth.duration_ms} ms by packets`);
          assert.equal(content.media_type, format.type);
          assert.equal(content.width, truth.width);
          assert.equal(content.height, truth.height);
          assert.equal(content.truncated, variant.truncated ?? false);
          counts.facts += 5;
          await server.delete(`/content/${content.id}`, { token });
        });
      }
    });
  }
});
