// What a film says of itself, and whether a player that played its package kept to that.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const EXACT = 0.001; // seconds by which video and audio may be off each other
const NEAR = 0.05; // seconds by which a player's clock may be off

/**
 * The timeline that the package of a file must have: `{video: {end, frame}, audio: …, duration, earlier}`, seconds. It
 * begins at 0 with both; where the file's edit begins inside a group of pictures, at the key frame before it, so
 * `earlier` than the file plays. `frame` is the length of the longest packet.
 */
export async function timelineOf(file) {
  const { stdout } = await run('ffprobe', [
    '-v', 'error', '-show_entries', 'stream=index,codec_type,start_time,duration:packet=stream_index,pts_time,duration_time', '-of', 'json', file,
  ], { maxBuffer: 64 * 1024 * 1024 });
  const { streams, packets } = JSON.parse(stdout);
  const tracks = {};
  for (const { index, codec_type: kind, start_time: start, duration } of streams) {
    if (kind in tracks || !['video', 'audio'].includes(kind)) continue;
    const own = packets.filter((packet) => packet.stream_index === index);
    tracks[kind] = {
      first: Math.min(...own.map((packet) => Number(packet.pts_time))),
      // ffprobe takes the last packet for a whole one, which the file may say to be shorter.
      end: Number(start) + Number(duration),
      frame: Math.max(...own.map((packet) => Number(packet.duration_time ?? 0))),
    };
  }
  const earlier = Math.max(0, -(tracks.video?.first ?? 0));
  for (const track of Object.values(tracks)) track.end += earlier;
  return { ...tracks, earlier, duration: Math.max(...Object.values(tracks).map(({ end }) => end)) };
}

/** By how much a player has shown video later than audio, against the film: at its begin and at its end, in seconds. */
export function driftOf(seen, timeline) {
  const first = (kind) => seen.begin[kind].ranges[0][0];
  const last = (kind) => seen.end[kind].ranges.at(-1)[1];
  return {
    begin: first('video') - first('audio'),
    end: last('video') - last('audio') - (timeline.video.end - timeline.audio.end),
  };
}

/**
 * Shaka puts a segment of HLS where decoding it begins at the time that the playlist says, and knows no edit lists: sound is
 * early by its priming, up to a frame.
 */
const allowedDrift = (player, { audio }) => (player === 'Shaka, HLS' ? audio?.frame : EXACT);

/** Fails unless the player has played all of the film, and video and audio together. */
export function assertPlayed(seen, { timeline, player, address, isNative, size }) {
  const told = `${player}: ${JSON.stringify(seen)}`;
  assert.deepEqual([...seen.troubles, ...seen.refused], [], told);
  assert.ok(!seen.notes.some((note) => note.includes('bufferSeekOverHole')), told);
  const allowed = allowedDrift(player, timeline);
  const duration = address ? timeline.duration : timeline.duration - timeline.earlier;
  near(seen.duration, duration, `duration; ${told}`, NEAR);
  near(seen.ended, duration, `end; ${told}`, NEAR);
  for (const { wanted, arrived } of seen.arrivals) near(arrived, wanted, `seek; ${told}`);
  if (timeline.video) {
    assert.deepEqual(seen.size, size, told);
    assert.ok(seen.picture > 10, `it shows no picture; ${told}`);
  }
  if (isNative) return;
  for (const kind of ['video', 'audio'].filter((name) => name in timeline)) {
    near(seen.begin[kind].ranges[0][0], 0, `begin of ${kind}; ${told}`);
    if (player !== 'dash.js') assert.equal(seen.end[kind].ranges.length, 1, `holes in ${kind}; ${told}`);
    near(seen.end[kind].ranges.at(-1)[1], timeline[kind].end, `end of ${kind}; ${told}`, NEAR);
  }
  if (!timeline.video || !timeline.audio) return;
  const drift = driftOf(seen, timeline);
  for (const place of ['begin', 'end']) assert.ok(Math.abs(drift[place]) <= allowed, `drift of ${drift[place]} s at the ${place}; ${told}`);
}

function near(value, wanted, what, by = NEAR) {
  assert.ok(Math.abs(value - wanted) <= by, `${what}: ${value} instead of ${wanted}`);
}

/** What shows the sound of all segments these seconds later: their `tfdt`. */
export const delaySound = (seconds, timescale = 48_000) => (type, bytes) => changed(type, bytes, 'tfdt', (box) => {
  assert.equal(bytes[box], 1, 'no tfdt of 64 bits');
  bytes.writeBigInt64BE(bytes.readBigInt64BE(box + 4) + BigInt(seconds * timescale), box + 4);
});

/** What shows the sound these seconds earlier without a trace in the segments: the edit of their init segment. */
export const hurrySound = (seconds, timescale = 48_000) => (type, bytes) => changed(type, bytes, 'elst', (box) => {
  assert.equal(bytes[box], 0, 'no elst of 32 bits');
  bytes.writeInt32BE(bytes.readInt32BE(box + 12) + seconds * timescale, box + 12);
});

function changed(type, bytes, box, change) {
  const place = bytes.indexOf(box, 0, 'latin1');
  if (type.startsWith('audio/') && place > 0) change(place + 4);
  return bytes;
}
