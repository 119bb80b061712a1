import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median, shareOf } from './measure.js';

const folder = fileURLToPath(new URL('../results/', import.meta.url));
const known = ['walq', 'raw', 'perCpu', 'exact', 'facts', 'also', 'peers', 'skipped'];

/** What one row measured, as it is kept: numbers with as many digits as mean something. */
export function resultOf(row, measured, around) {
  const { walq, raw, perCpu, exact, facts, also = {}, peers, skipped } = measured;
  const { lessIsBetter = false } = row;
  const others = Object.keys(measured).filter((name) => !known.includes(name));
  const result = {
    title: row.title,
    unit: row.unit,
    ...(lessIsBetter && { lessIsBetter }),
    ...summaryOf(walq, lessIsBetter),
    ceiling: digits(median(raw)),
    ceilingTitle: row.ceilingTitle,
    share: digits(shareOf(walq, raw, lessIsBetter)),
    ...(perCpu && { valuePerCpuSecond: digits(median(perCpu)) }),
    others: mapped(pick(measured, others), (values) => ({
      value: digits(median(values)),
      share: digits(shareOf(walq, values, lessIsBetter)),
    })),
    also: mapped(also, ({ unit, values }) => ({ value: digits(median(values)), unit })),
    ...(peers && { peers: mapped(peers, (peer) => peerResult(peer, walq)) }),
    ...(skipped && { skipped }),
    exact,
    facts,
    rounds: { walq: walq.map(digits), ceiling: raw.map(digits) },
  };
  return { ...result, targets: targetsOf(row, result), ...around };
}

/** `times`: how many times as fast walq was, the median of the pairs. */
function peerResult({ values, ...about }, walq) {
  const times = digits(shareOf(walq, values, false));
  return { ...about, ...summaryOf(values, false), times, rounds: values.map(digits) };
}

function summaryOf(values, lessIsBetter) {
  return { value: digits(median(values)), best: digits(lessIsBetter ? Math.min(...values) : Math.max(...values)) };
}

/**
 * The targets of a row as they are today, beside what a kept result measured. `of` names the value, the share, one of
 * the numbers that were measured also, or a peer (then it is how many times as fast walq was). What was not measured
 * is neither met nor missed.
 */
export function targetsOf(row, result) {
  return (row.targets ?? []).map((target) => {
    const { of, min, max } = target;
    const measured = result[of] ?? result.also?.[of]?.value ?? result.peers?.[of]?.times;
    if (measured === undefined) return target;
    return { ...target, met: max === undefined ? measured >= min : measured <= max };
  });
}

function digits(value) {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}

function pick(object, names) {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}

function mapped(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

/** The kept results of a row, one per mode; an empty object when there are none. */
export function readResults(name) {
  try {
    return JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

export function writeResult(name, mode, result) {
  const kept = { ...readResults(name), [mode]: result };
  writeFileSync(`${folder}${name}.json`, `${toJson({ full: kept.full, quick: kept.quick }, '')}\n`);
}

/** As the formatter of this project writes JSON: lists of numbers on one line. */
function toJson(value, indent) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((each) => JSON.stringify(each)).join(', ')}]`;
  const inner = `${indent}  `;
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  if (fields.length === 0) return '{}';
  const lines = fields.map(([key, each]) => `${inner}${JSON.stringify(key)}: ${toJson(each, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
