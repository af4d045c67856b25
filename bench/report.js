// From samples to a verdict for each row, and to a table.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';

const SHORT_OF_CPU = 0.9;

/** The median, the least and the most of one number of the samples. */
export function spread(samples, metric) {
  const values = samples.map((sample) => sample[metric]).sort((a, b) => a - b);
  const middle = values.length / 2;
  const median = (values[Math.ceil(middle) - 1] + values[Math.floor(middle)]) / 2;
  return { median, min: values[0], max: values.at(-1) };
}

/** One row's result, from the samples of each side. */
export function judge(row, samples) {
  const mine = samples[row.ours];
  const theirs = row.theirs && samples[row.theirs];
  const result = {
    id: row.id,
    work: row.work,
    reference: row.reference ?? null,
    unit: row.unit,
    ours: spread(mine, row.metric),
    theirs: theirs ? spread(theirs, row.metric) : null,
    ratio: null,
    bar: bar(row),
    cpuSeconds: { ours: spread(mine, 'cpu').median, theirs: cpuOf(theirs) },
    cpuPerUnit: { ours: perUnit(row, mine), theirs: theirs ? perUnit(row, theirs) : null },
    peakBytes: Math.max(...mine.map(({ peak }) => peak)),
    note: mine[0].note ?? null,
  };
  // Rounds are compared with themselves: what slows the machine for a while slows both sides.
  if (theirs) result.ratio = spread(mine.map((sample, i) => ({ ratio: sample[row.metric] / theirs[i][row.metric] })), 'ratio');
  const judged = (result.ratio ?? result.ours).median;
  result.pass = passes(row, judged);
  if (theirs && row.unit !== 'milliseconds' && [...mine, ...theirs].every(({ cpu, seconds }) => cpu < seconds * SHORT_OF_CPU)) {
    result.note = 'neither server used its CPU up';
  }
  return result;
}

/** A client that is a reference is no server, and has no CPU time (null). */
function cpuOf(samples) {
  return samples && samples[0].cpu !== null ? spread(samples, 'cpu').median : null;
}

function passes({ atLeast, atMost, below }, value) {
  if (atLeast !== undefined) return value >= atLeast;
  return atMost !== undefined ? value <= atMost : value < below;
}

/** CPU seconds for each request or byte, which other load on the machine disturbs less than the rate; else null. */
function perUnit(row, samples) {
  if (row.metric !== 'rate' || cpuOf(samples) === null) return null;
  return spread(samples.map(({ cpu, rate, seconds }) => ({ each: cpu / (rate * seconds) })), 'each').median;
}

function bar(row) {
  if (row.atLeast !== undefined) return `≥ ${row.atLeast}×`;
  if (row.atMost !== undefined) return `≤ ${amount(row.atMost, row.unit)}`;
  return row.theirs ? `< ${row.below}×` : `< ${amount(row.below, row.unit)}`;
}

function amount(value, unit) {
  switch (unit) {
    case 'requests':
      return `${Math.round(value).toLocaleString('en').replaceAll(',', ' ')}/s`;
    case 'bytes':
      return `${Math.round(value / 1e6).toLocaleString('en').replaceAll(',', ' ')} MB/s`;
    case 'memory':
      return `${(value / 1024 / 1024).toFixed(value % (1024 * 1024) ? 1 : 0)} MiB`;
    case 'count':
      return String(value);
    case 'microseconds':
      return `${value.toFixed(value < 10 ? 2 : 0)} µs`;
    case 'deviations':
      return value.toFixed(1);
    case 'bytes each':
      return `${value.toFixed(value % 1 ? 2 : 0)} bytes`;
    case 'milliseconds':
      return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
    default:
      throw new Error(`no such unit: ${unit}`);
  }
}

function withSpread({ median, min, max }, write) {
  const bare = (value) => write(value).replace(/(\/s|×| MB\/s| MiB| bytes| ms| µs)$/, '');
  return `${write(median)} (${bare(min)}–${bare(max)})`;
}

/** The conditions under which the numbers are true. */
export function conditions(context) {
  const version = (program, args, prefix) => {
    const told = execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', program, ...args], { encoding: 'utf8' });
    return told.trim().split('\n')[0].replace(prefix, '');
  };
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${os.cpus()[0].model.trim()} (${os.cpus().length} cores)`,
    kernel: os.release(),
    congestion: readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim(),
    program: version(context.program, ['version'], ''),
    servers: [version('nginx', ['-v'], 'nginx version: '), ...context.stores],
    rounds: context.rounds,
    seconds: context.seconds,
    pinned: context.serverCpu !== context.loadCpu,
  };
}

function cpu({ unit, cpuSeconds, cpuPerUnit }) {
  const both = ({ ours, theirs }, factor, digits) =>
    [ours, theirs].filter((value) => value !== null).map((value) => (value * factor).toFixed(digits)).join(' : ');
  if (cpuPerUnit.ours === null) return `${both(cpuSeconds, 1, 2)} s`;
  return unit === 'requests' ? `${both(cpuPerUnit, 1e6, 1)} µs each` : `${both(cpuPerUnit, 2 ** 30, 2)} s/GiB`;
}

/** The whole table in Markdown. */
export function table(results, told) {
  const header = [
    '| work | Clinikk TV | reference | ratio | bar | | server CPU | peak memory |',
    '|---|---|---|---|---|---|---|---|',
  ];
  const rows = results.map((result) => {
    const write = (value) => amount(value, result.unit);
    return '| ' + [
      result.note ? `${result.work} [${result.note}]` : result.work,
      withSpread(result.ours, write),
      result.theirs ? `${result.reference}: ${withSpread(result.theirs, write)}` : '',
      result.ratio ? withSpread(result.ratio, times) : '',
      result.bar,
      result.pass ? 'pass' : '**miss**',
      cpu(result),
      amount(result.peakBytes, 'memory').replace(/\.\d/, ''),
    ].join(' | ') + ' |';
  });
  return [...header, ...rows, '', footer(told, 'Medians (least–most)'), ''].join('\n');
}

/** What was measured and what was promised, one line a row. */
export function shortTable(results, told) {
  const header = ['| work | against | measured | promised |', '|---|---|---|---|'];
  const rows = results.map(({ work, reference, ratio, ours, unit, bar: promised, pass }) => {
    const measured = ratio ? times(ratio.median) : amount(ours.median, unit);
    return `| ${work} | ${reference ?? ''} | ${pass ? measured : `**${measured}**`} | ${promised} |`;
  });
  return [...header, ...rows, '', footer(told, 'Medians'), ''].join('\n');
}

const times = (value) => `${value.toFixed(value < 0.1 ? 3 : 2)}×`;

function footer(told, what) {
  return `${told.date}, ${told.cpu}, Linux ${told.kernel} (TCP ${told.congestion}), ${told.servers.join(', ')}. ${what} of ${told.rounds} ` +
    `interleaved rounds, ${told.seconds} s each; one server thread against one nginx worker` +
    (told.pinned ? ', the server on one CPU, the load generator on another.' : ', on one CPU with the load generator.');
}

/** Puts the table between the markers of a page. */
export function insert(page, text) {
  const place = /(?<=<!-- bench -->\n)[^]*?(?=<!-- \/bench -->)/;
  const before = readFileSync(page, 'utf8');
  if (!place.test(before)) throw new Error(`${page} has no place for the table`);
  writeFileSync(page, before.replace(place, () => text));
}
