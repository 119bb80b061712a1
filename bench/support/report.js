import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { peerTable } from './peer-table.js';
import { number, tableOf } from './text.js';

const document = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const begin = '<!-- results: written by npm run bench -->';
const end = '<!-- end of results -->';
const indent = ' '.repeat(16);

const inMemoryText = 'THE FOLDER IS IN MEMORY: syncs cost nothing here';
const hourTitle = 'load, sync, memory';

/** Some lines for the terminal as soon as a row is done. */
export function linesOf(name, result) {
  const { unit } = result;
  const cpu = result.valuePerCpuSecond ? `, ${number(result.valuePerCpuSecond)} per CPU second` : '';
  const others = Object.entries(result.others).map(
    ([what, { value, share }]) => `; ${what} ${number(value)} (${share})`,
  );
  const also = Object.entries(result.also).map(
    ([what, each]) => `${indent}${what}: ${number(each.value)} ${each.unit}`,
  );
  const peers = Object.entries(result.peers ?? {}).map(
    ([peer, { value, best, times }]) =>
      `${indent}${peer}: ${number(value)} ${unit} (best round ${number(best)}); walq is ${times} x as fast`,
  );
  return [
    `${name.padEnd(15)} ${number(result.value)} ${unit} (best round ${number(result.best)})${cpu}` +
      `; ceiling ${number(result.ceiling)} (share ${result.share}, of rounds ${spread(result)})${others.join('')}` +
      `; load ${result.machine.load}`,
    ...also,
    ...peers,
    ...Object.entries(result.skipped ?? {}).map(([peer, why]) => `${indent}SKIPPED ${peer}: ${why}`),
    ...result.targets.map(
      (target) => `${indent}target ${targetText(target, result)}: ${metText(target).toUpperCase()}`,
    ),
    `${indent}exact: ${result.exact}`,
  ].join('\n');
}

function spread({ rounds, lessIsBetter }) {
  const shares = rounds.walq.map((value, at) =>
    lessIsBetter ? rounds.ceiling[at] / value : value / rounds.ceiling[at],
  );
  return `${Math.min(...shares).toFixed(2)}..${Math.max(...shares).toFixed(2)}`;
}

function targetText({ of, min, max, why }, { unit, also, peers }) {
  const bound = max === undefined ? `>= ${number(min)}` : `<= ${number(max)}`;
  const reason = why ? ` (${why})` : '';
  if (of === 'share') return `share ${bound}${reason}`;
  if (of === 'value') return `${bound} ${unit}${reason}`;
  if (also?.[of]) return `${of} ${bound} ${also[of].unit}${reason}`;
  return `${bound} x ${of}${peers?.[of] ? '' : ', which is not here'}${reason}`;
}

function metText({ met }) {
  return met === undefined ? 'not measured' : met ? 'met' : 'not met';
}

export function machineText(machine) {
  const { fsync, memoryNs, load, inMemory } = machine;
  return (
    `${makeOf(machine)}; write + fdatasync of 4 KiB: p50 ${fsync.p50Ms} ms, p99 ${fsync.p99Ms} ms; ` +
    `one read of memory ${memoryNs} ns; load ${load}` +
    `${inMemory ? `; ${inMemoryText}` : ''}`
  );
}

function makeOf({ cpu, cores, memoryGb, node, platform }) {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}, ${platform}`;
}

/** What the machine was like in the hour of a row. */
function hourText({ load, fsync, memoryNs }) {
  const memory = memoryNs === undefined ? '' : `, ${memoryNs} ns`;
  return `${load}, ${fsync.p50Ms.toFixed(2)} ms${memory}`;
}

/** Puts the tables between the markers of docs/performance.md. `results`: full ones, in the order of the rows. */
export function writeDocument(results) {
  const text = readFileSync(document, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${document} has lost its markers`);
  writeFileSync(document, `${text.slice(0, from + begin.length)}\n\n${sections(results)}\n\n${text.slice(to)}`);
}

function sections(results) {
  const alone = results.filter(({ peers }) => peers === undefined);
  const besides = results.filter(({ peers }) => peers !== undefined);
  const machines = [...new Set(results.map(({ machine }) => makeOf(machine)))];
  return [
    rowTable(alone),
    alone.flatMap(notesOf).join('\n'),
    ...(besides.length > 0 ? ['### Beside others', peerTable(besides, targetCell, hourTitle, hourText)] : []),
    `Measured on ${machines.join('; ')}${results.some(({ machine }) => machine.inMemory) ? `; ${inMemoryText}` : ''}. ` +
      `_${hourTitle}_: runnable processes in the minute before a row, the median of one write + fdatasync, ` +
      'and of one read at a random place in 64 MiB, where that was taken.',
  ].join('\n\n');
}

function rowTable(results) {
  return tableOf(
    ['what', 'walq: median (best round)', 'raw ceiling, same run', 'share', 'target', hourTitle],
    results.map((result) => [
      `${result.title}${factsOf(result)}`,
      `${number(result.value)} (${number(result.best)}) ${result.unit}`,
      `${number(result.ceiling)} (${result.ceilingTitle})`,
      `${result.share}`,
      targetCell(result),
      hourText(result.machine),
    ]),
  );
}

function targetCell(result) {
  return result.targets
    .map((target) => `${targetText(target, result)}: ${target.met === false ? '**not met**' : metText(target)}`)
    .join('; ');
}

/** `megabytes: 1000` as " (1,000 megabytes)". */
function factsOf({ facts }) {
  const words = (name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const texts = Object.entries(facts).map(([name, value]) => `${number(value)} ${words(name)}`);
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`;
}

function notesOf(result) {
  const notes = Object.entries(result.others).map(
    ([what, { value, share }]) => `${what} ${number(value)}, share ${share}`,
  );
  if (result.valuePerCpuSecond) notes.push(`${number(result.valuePerCpuSecond)} ${result.unit} per second of CPU time`);
  for (const [what, { value, unit }] of Object.entries(result.also ?? {}))
    notes.push(`${what} ${number(value)} ${unit}`);
  return notes.length === 0 ? [] : [`- ${result.title}: ${notes.join('; ')}`];
}
