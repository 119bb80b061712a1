import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median, shareOf } from './measure.js';

const folder = fileURLToPath(new URL('../results/', import.meta.url));

/** What one row measured, as it is kept: numbers with as many digits as mean something. */
export function resultOf(row, measured, around) {
  const { walq, raw, perCpu, exact, facts } = measured;
  const others = Object.keys(measured).filter((name) => !['walq', 'raw', 'perCpu', 'exact', 'facts'].includes(name));
  const share = shareOf(walq, raw, row.lessIsBetter);
  const value = median(walq);
  const result = {
    title: row.title,
    unit: row.unit,
    value: digits(value),
    best: digits(row.lessIsBetter ? Math.min(...walq) : Math.max(...walq)),
    ceiling: digits(median(raw)),
    ceilingTitle: row.ceilingTitle,
    share: digits(share),
    ...(perCpu && { valuePerCpuSecond: digits(median(perCpu)) }),
    ...(row.target && { target: row.target, met: meets(row.target, value, share) }),
    others: Object.fromEntries(
      others.map((name) => {
        const otherShare = digits(shareOf(walq, measured[name], row.lessIsBetter));
        return [name, { value: digits(median(measured[name])), share: otherShare }];
      }),
    ),
    exact,
    facts,
    rounds: { walq: walq.map(digits), ceiling: raw.map(digits) },
  };
  return { ...result, ...around };
}

function meets({ of, min, max }, value, share) {
  const measured = of === 'value' ? value : share;
  return max === undefined ? measured >= min : measured <= max;
}

function digits(value) {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
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
