import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const document = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const begin = '<!-- results: written by npm run bench -->';
const end = '<!-- end of results -->';

/** One line for the terminal as soon as a row is done. */
export function lineOf(name, result) {
  const cpu = result.valuePerCpuSecond ? `, ${number(result.valuePerCpuSecond)} per CPU second` : '';
  const others = Object.entries(result.others).map(
    ([what, { value, share }]) => `; ${what} ${number(value)} (${share})`,
  );
  return [
    `${name.padEnd(15)} ${number(result.value)} ${result.unit} (best round ${number(result.best)})${cpu}`,
    `; ceiling ${number(result.ceiling)} (share ${result.share}, of rounds ${spread(result)})${others.join('')}`,
    `; load ${result.machine.load}`,
    result.target ? `; target ${targetText(result)}: ${result.met ? 'MET' : 'NOT MET'}` : '',
    `\n${' '.repeat(16)}exact: ${result.exact}`,
  ].join('');
}

function spread({ rounds, unit }) {
  const lessIsBetter = unit === 'ms' || unit === 'MB';
  const shares = rounds.walq.map((value, at) =>
    lessIsBetter ? rounds.ceiling[at] / value : value / rounds.ceiling[at],
  );
  return `${Math.min(...shares).toFixed(2)}..${Math.max(...shares).toFixed(2)}`;
}

function number(value) {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 6 });
}

function targetText({ target, unit }) {
  if (target.of === 'share') return `share >= ${target.min}${target.why ? ` (${target.why})` : ''}`;
  return target.max === undefined ? `>= ${number(target.min)} ${unit}` : `<= ${number(target.max)} ${unit}`;
}

export function machineText(machine) {
  const { cpu, cores, memoryGb, node, platform, fsync, load } = machine;
  return (
    `${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}, ${platform}; ` +
    `write + fdatasync of 4 KiB: p50 ${fsync.p50Ms} ms, p99 ${fsync.p99Ms} ms; load ${load}` +
    `${machine.inMemory ? '; THE FOLDER IS IN MEMORY: syncs cost nothing here' : ''}`
  );
}

/**
 * Puts the table between the markers of docs/performance.md. `results`: [name, full result] in the order of the rows.
 */
export function writeDocument(results) {
  const text = readFileSync(document, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${document} has lost its markers`);
  writeFileSync(document, `${text.slice(0, from + begin.length)}\n\n${table(results)}\n\n${text.slice(to)}`);
}

function table(results) {
  const head = ['what', 'walq: median (best round)', 'raw ceiling, same run', 'share', 'target', 'load'];
  const lines = results.map(([, result]) => [
    `${result.title} (${factsOf(result)})`,
    `${number(result.value)} (${number(result.best)}) ${result.unit}`,
    `${number(result.ceiling)} (${result.ceilingTitle})`,
    `${result.share}`,
    result.target ? `${targetText(result)}: ${result.met ? 'met' : '**not met**'}` : '',
    `${result.machine.load}`,
  ]);
  const widths = head.map((_, at) => Math.max(...[head, ...lines].map((line) => line[at].length)));
  const toLine = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  const rule = toLine(widths.map((width) => '-'.repeat(width)));
  const machines = [...new Set(results.map(([, { machine }]) => machineText({ ...machine, load: 'as in the table' })))];
  const notes = results.flatMap(([, result]) => notesOf(result));
  return [
    toLine(head),
    rule,
    ...lines.map(toLine),
    '',
    ...notes,
    '',
    ...machines.map((text) => `- Machine: ${text}.`),
  ].join('\n');
}

/** `megabytes: 1000` as "1,000 megabytes". */
function factsOf({ facts }) {
  const words = (name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return Object.entries(facts)
    .map(([name, value]) => `${number(value)} ${words(name)}`)
    .join(', ');
}

function notesOf(result) {
  const notes = Object.entries(result.others).map(
    ([what, { value, share }]) => `${what} ${number(value)}, share ${share}`,
  );
  if (result.valuePerCpuSecond) notes.push(`${number(result.valuePerCpuSecond)} ${result.unit} per second of CPU time`);
  return notes.length === 0 ? [] : [`- ${result.title}: ${notes.join('; ')}`];
}
