// A checker of HLS playlists and the segments in them: RFC 8216, and what players need beyond it (CMAF: ISO/IEC
// 23000-19). It reads through `load(address)`, so it checks directories and servers alike, and collects what is wrong.

import { readInit, readSegment } from './boxes.js';

const ATTRIBUTE = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^",]*)(?:,|$)/y;
const MASTER_TAGS = ['EXTM3U', 'EXT-X-VERSION', 'EXT-X-INDEPENDENT-SEGMENTS', 'EXT-X-MEDIA', 'EXT-X-STREAM-INF', 'EXT-X-I-FRAME-STREAM-INF'];
const MEDIA_TAGS = ['EXTM3U', 'EXT-X-VERSION', 'EXT-X-TARGETDURATION', 'EXT-X-PLAYLIST-TYPE', 'EXT-X-I-FRAMES-ONLY', 'EXT-X-INDEPENDENT-SEGMENTS', 'EXT-X-MAP', 'EXTINF', 'EXT-X-ENDLIST'];
const LONGEST_SEGMENT = 12.5; // seconds
const SHORTEST_SEGMENT = 0.1; // seconds; Chromecast refuses shorter ones

/** The address of what a playlist names. */
const resolve = (playlist, address) => new URL(address, `http://x/${playlist}`).pathname.slice(1);

/**
 * Checks a multivariant playlist and all that it leads to. `load(address)` gives a Buffer, of addresses relative to
 * the root of `master`'s. Returns `{problems, playlists}`: sentences, and per address what was measured.
 */
export async function checkHls(load, master) {
  const problems = [];
  const say = (where, what) => problems.push(`${where}: ${what}`);
  const lines = readLines(await load(master), master, MASTER_TAGS, say);
  const { groups, variants, keyFrames } = readMaster(lines, master, say);
  const playlists = new Map();
  const check = async (address, isKeyFrames) => {
    if (!playlists.has(address)) playlists.set(address, await checkPlaylist(load, address, isKeyFrames, say));
    return playlists.get(address);
  };
  for (const { attributes, address } of variants) {
    const video = await check(resolve(master, address), false);
    const members = groups.get(attributes.AUDIO) ?? [];
    const audio = [];
    for (const { URI } of members) if (URI) audio.push(await check(resolve(master, URI), false));
    checkBandwidth(attributes, video, audio, `${master} ${address}`, say);
    checkTogether(video, audio, address, say);
  }
  for (const { attributes } of keyFrames) {
    const frames = await check(resolve(master, attributes.URI), true);
    checkBandwidth(attributes, frames, [], `${master} ${attributes.URI}`, say);
  }
  return { problems, playlists };
}

function readLines(bytes, where, known, say) {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) say(where, 'not UTF-8');
  if (text.startsWith('\ufeff')) say(where, 'a byte order mark');
  // eslint-disable-next-line no-control-regex
  if (/[\0-\x09\x0b-\x1f\x7f-\x9f]/.test(text)) say(where, 'control characters');
  if (!text.endsWith('\n')) say(where, 'the last line has no end');
  const lines = text.split('\n').slice(0, -1).map((line) => {
    const [, tag, value] = /^#(EXT[A-Z0-9-]*)(?::(.*))?$/.exec(line) ?? [];
    if (tag && !known.includes(tag)) say(where, `${tag} does not belong here`);
    if (!tag && (line.startsWith('#') || line === '')) say(where, `a line that says nothing: ${line}`);
    return { tag, value, line };
  });
  if (lines[0]?.tag !== 'EXTM3U') say(where, 'the first line is not #EXTM3U');
  for (const tag of ['EXTM3U', 'EXT-X-VERSION', 'EXT-X-TARGETDURATION', 'EXT-X-PLAYLIST-TYPE', 'EXT-X-MAP', 'EXT-X-ENDLIST', 'EXT-X-INDEPENDENT-SEGMENTS']) {
    if (lines.filter((line) => line.tag === tag).length > 1) say(where, `${tag} more than once`);
  }
  if (lines.find(({ tag }) => tag === 'EXT-X-VERSION')?.value !== '7') say(where, 'not of version 7, which all that is in it needs');
  return lines;
}

function readAttributes(value, where, say) {
  const attributes = {};
  ATTRIBUTE.lastIndex = 0;
  let read = 0;
  for (let match; read < value.length && (match = ATTRIBUTE.exec(value)); read = ATTRIBUTE.lastIndex) {
    if (match[1] in attributes) say(where, `${match[1]} twice`);
    attributes[match[1]] = match[2];
  }
  if (read !== value.length) say(where, `not an attribute list: ${value}`);
  for (const [name, text] of Object.entries(attributes)) {
    const isQuoted = text.startsWith('"');
    const isString = ['URI', 'GROUP-ID', 'NAME', 'LANGUAGE', 'CHANNELS', 'CODECS', 'AUDIO'].includes(name);
    if (isQuoted !== isString) say(where, `${name} ${isString ? 'needs' : 'has'} quotes`);
    if (isQuoted) attributes[name] = text.slice(1, -1);
  }
  return attributes;
}

const FORMS = {
  BANDWIDTH: /^[1-9]\d*$/, 'AVERAGE-BANDWIDTH': /^[1-9]\d*$/, RESOLUTION: /^[1-9]\d*x[1-9]\d*$/, 'FRAME-RATE': /^\d+\.\d{3}$/,
  TYPE: /^AUDIO$/, DEFAULT: /^(YES|NO)$/, AUTOSELECT: /^(YES|NO)$/, CHANNELS: /^[1-9]\d*$/, LANGUAGE: /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/,
  CODECS: /^[A-Za-z0-9.-]+(,[A-Za-z0-9.-]+)*$/, URI: /^[^\s"]+$/, 'GROUP-ID': /./, NAME: /./, AUDIO: /./,
};

function checkForms(attributes, needed, where, say) {
  for (const name of needed) if (!(name in attributes)) say(where, `no ${name}`);
  for (const [name, value] of Object.entries(attributes)) {
    if (!(name in FORMS)) say(where, `${name} is not known`);
    else if (!FORMS[name].test(value)) say(where, `${name} is ${value}`);
  }
  if (Number(attributes['AVERAGE-BANDWIDTH']) > Number(attributes.BANDWIDTH)) say(where, 'the average is above the peak');
  if (attributes.URI && /^([a-z]+:|\/)/.test(attributes.URI)) say(where, 'an address that is not relative');
}

function readMaster(lines, where, say) {
  const groups = new Map();
  const variants = [];
  const keyFrames = [];
  lines.forEach(({ tag, value, line }, i) => {
    const attributes = tag?.match(/MEDIA|STREAM-INF/) ? readAttributes(value, `${where} ${tag}`, say) : {};
    if (tag === 'EXT-X-MEDIA') {
      checkForms(attributes, ['TYPE', 'GROUP-ID', 'NAME'], `${where} ${tag}`, say);
      groups.set(attributes['GROUP-ID'], [...(groups.get(attributes['GROUP-ID']) ?? []), attributes]);
    } else if (tag === 'EXT-X-STREAM-INF') {
      checkForms(attributes, ['BANDWIDTH', 'AVERAGE-BANDWIDTH', 'CODECS'], `${where} ${tag}`, say);
      const next = lines[i + 1];
      if (!next || next.tag) say(where, 'EXT-X-STREAM-INF without an address');
      else variants.push({ attributes, address: next.line });
    } else if (tag === 'EXT-X-I-FRAME-STREAM-INF') {
      checkForms(attributes, ['BANDWIDTH', 'CODECS', 'URI'], `${where} ${tag}`, say);
      keyFrames.push({ attributes });
    } else if (!tag && lines[i - 1]?.tag !== 'EXT-X-STREAM-INF') say(where, `an address of no variant: ${line}`);
  });
  if (variants.length === 0) say(where, 'no variant');
  for (const [id, members] of groups) checkGroup(id, members, where, say);
  for (const { attributes } of variants) {
    if (attributes.AUDIO && !groups.has(attributes.AUDIO)) say(where, `no group ${attributes.AUDIO}`);
  }
  return { groups, variants, keyFrames };
}

/** RFC 8216 section 4.3.4.1.1. */
function checkGroup(id, members, where, say) {
  const place = `${where} group ${id}`;
  if (new Set(members.map(({ NAME }) => NAME)).size !== members.length) say(place, 'two members of one name');
  if (members.filter(({ DEFAULT }) => DEFAULT === 'YES').length !== 1) say(place, 'not one default');
  if (members.some(({ DEFAULT, AUTOSELECT }) => DEFAULT === 'YES' && AUTOSELECT !== 'YES')) say(place, 'a default that is not selected');
  const selected = members.filter(({ AUTOSELECT }) => AUTOSELECT === 'YES').map(({ LANGUAGE }) => LANGUAGE);
  if (new Set(selected).size !== selected.length) say(place, 'two of one language to select from');
}

async function checkPlaylist(load, where, isKeyFrames, say) {
  const lines = readLines(await load(where), where, MEDIA_TAGS, say);
  const value = (tag) => lines.find((line) => line.tag === tag)?.value;
  const target = Number(value('EXT-X-TARGETDURATION'));
  if (value('EXT-X-PLAYLIST-TYPE') !== 'VOD') say(where, 'not of type VOD');
  if (lines.at(-1).tag !== 'EXT-X-ENDLIST') say(where, 'EXT-X-ENDLIST is not last');
  if (lines.some(({ tag }) => tag === 'EXT-X-I-FRAMES-ONLY') !== isKeyFrames) say(where, 'EXT-X-I-FRAMES-ONLY where it does not belong');
  const firstSegment = lines.findIndex(({ tag }) => tag === 'EXTINF');
  const map = lines.findIndex(({ tag }) => tag === 'EXT-X-MAP');
  if (map < 0 || map > firstSegment) say(where, 'no EXT-X-MAP in front of the segments');
  const init = readInit(await load(resolve(where, readAttributes(lines[map].value, where, say).URI)));
  const segments = [];
  for (let i = firstSegment; i < lines.length - 1; i += 2) {
    const duration = /^(\d+\.\d{6}),$/.exec(lines[i].value ?? '')?.[1];
    const address = lines[i + 1].line;
    if (lines[i].tag !== 'EXTINF' || duration === undefined || lines[i + 1].tag) say(where, `no segment: ${lines[i].line} ${address}`);
    const bytes = await load(resolve(where, address));
    segments.push({ address, seconds: Number(duration), bytes: bytes.length, ...parse(bytes, init, `${where} ${address}`, say) });
  }
  checkDurations(segments, target, isKeyFrames, where, say);
  (isKeyFrames ? checkKeyFrames : checkSegments)(segments, init, where, say);
  return { init, segments, target, ...measure(segments, target) };
}

function parse(bytes, init, where, say) {
  try {
    const segment = readSegment(bytes, init);
    if (segment.trackId !== init.trackId) say(where, 'of another track');
    return segment;
  } catch (failure) {
    say(where, failure.message);
    return { samples: [], decodeTime: 0 };
  }
}

function checkDurations(segments, target, isKeyFrames, where, say) {
  const longest = Math.max(...segments.map(({ seconds }) => seconds));
  if (target !== Math.max(1, Math.round(longest))) say(where, `target duration ${target}, longest segment ${longest}`);
  if (new Set(segments.map(({ address }) => address)).size !== segments.length) say(where, 'two segments of one address');
  if (isKeyFrames) return;
  segments.forEach(({ seconds, address }) => {
    if (seconds > LONGEST_SEGMENT) say(where, `${address} lasts ${seconds} s`);
    if (seconds < SHORTEST_SEGMENT && segments.length > 1) say(where, `${address} lasts ${seconds} s only`);
  });
}

/** Presentation time of a segment's first sample after the edit; what the edit cuts off is not presented. */
const startOf = (segment, init) => Math.max(0, segment.decodeTime + (segment.samples[0]?.offset ?? 0) - init.mediaStart) / init.timescale;

/** Times must go on from segment to segment, and the playlist must say the same. */
function checkSegments(segments, init, where, say) {
  segments.forEach((segment, i) => {
    const next = segments[i + 1];
    if (segment.sequence !== i + 1) say(where, `${segment.address} has sequence number ${segment.sequence}`);
    if (!segment.samples[0]?.isSync) say(where, `${segment.address} does not begin with a sync sample`);
    if (!next) return;
    const end = segment.decodeTime + segment.samples.reduce((sum, { duration }) => sum + duration, 0);
    if (next.decodeTime !== end) say(where, `${next.address} begins at ${next.decodeTime}, the one before ends at ${end}`);
    // Players that take times from playlists put the decoding time there.
    const seconds = (next.decodeTime - segment.decodeTime) / init.timescale;
    if (Math.abs(seconds - segment.seconds) > 2e-6) say(where, `${segment.address} lasts ${seconds}, the playlist says ${segment.seconds}`);
  });
}

function checkKeyFrames(segments, init, where, say) {
  segments.forEach((segment, i) => {
    const next = segments[i + 1];
    if (segment.samples.length !== 1 || !segment.samples[0].isSync) say(where, `${segment.address} is not one key frame`);
    const seconds = next ? startOf(next, init) - startOf(segment, init) : segment.seconds;
    if (Math.abs(seconds - segment.seconds) > 2e-6) say(where, `${segment.address} stands ${seconds}, the playlist says ${segment.seconds}`);
  });
}

/** Bits a second: the peak of any run of segments of 0.5 to 1.5 target durations, and the average. */
function measure(segments, target) {
  const seconds = segments.reduce((sum, segment) => sum + segment.seconds, 0);
  const average = (8 * segments.reduce((sum, segment) => sum + segment.bytes, 0)) / seconds;
  let peak = average;
  segments.forEach((_, first) => {
    let [bytes, time] = [0, 0];
    for (let i = first; i < segments.length && time + segments[i].seconds <= target * 1.5; ++i) {
      bytes += segments[i].bytes;
      time += segments[i].seconds;
      if (time >= target / 2) peak = Math.max(peak, (8 * bytes) / time);
    }
  });
  return { peak, average, seconds };
}

function checkBandwidth(attributes, video, audio, where, say) {
  // Of a variant without video the playlist is one of the group's.
  const parts = video.init.handler === 'vide' ? [[video], audio] : [[video, ...audio]];
  for (const [name, key] of [['BANDWIDTH', 'peak'], ['AVERAGE-BANDWIDTH', 'average']]) {
    const measured = parts.reduce((sum, playlists) => sum + Math.max(0, ...playlists.map((playlist) => playlist[key])), 0);
    // A bit for rounding at either end, and what durations rounded to microseconds make of it.
    if (Math.abs(Number(attributes[name]) - measured) > 4 + measured * 1e-5) say(where, `${name} is ${attributes[name]}, measured ${measured.toFixed(1)}`);
  }
}

/** Tracks are cut at the same times: nowhere do they drift apart. */
function checkTogether(video, audio, where, say) {
  for (const playlist of audio) {
    let [first, second] = [0, 0];
    for (let i = 0; i + 1 < Math.min(video.segments.length, playlist.segments.length); ++i) {
      first += video.segments[i].seconds;
      second += playlist.segments[i].seconds;
      if (Math.abs(first - second) > 0.2) say(where, `audio is cut at ${second}, video at ${first}`);
    }
  }
}
