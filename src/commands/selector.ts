import { durationMsMax } from '../base/duration.ts';
import { usageError, type WalqError } from '../base/errors.ts';
import { excerpt } from '../base/escape.ts';
import { parseTime } from './time.ts';

/**
 * The one grammar for points of a log:
 *
 *     123            this seq
 *     @-10  (-10)    counted from the tail: @-1 is the last event, @-10 the tenth from the end
 *     @tail  @snap   the last event; the last event the newest good snapshot covers
 *     2026-09-01T03:00Z  2026-09-01  "2026-09-01 03:00:07.5"   a time; without a zone it is local
 *     "5m ago"  "1h30m ago"
 *
 * and for ranges, inclusive: `A..B`, `A..`, `..B`, `A`.
 */
export type Selector =
  | { kind: 'seq'; seq: number }
  /** 1 is the last event. */
  | { kind: 'from-tail'; back: number }
  | { kind: 'tail' }
  | { kind: 'snap' }
  /** Milliseconds since the epoch. */
  | { kind: 'time'; ms: number }
  | { kind: 'ago'; ms: number };

export interface SelectorRange {
  from?: Selector;
  to?: Selector;
}

const selectorHelp =
  'a seq (123), from the tail (@-10), @tail, @snap, a time (2026-09-01T03:00Z, local without a zone) or "5m ago"';

/** Parses one point; `flag` is what takes it. Throws E_SELECTOR (exit 2). */
export function parseSelector(text: string, flag?: string): Selector {
  const selector = trySelector(text.trim());
  if (selector !== undefined) return selector;
  if (flag === undefined || tryRange(text) === undefined) throw badSelector(text, flag);
  throw usageError('E_SELECTOR', `${flag}: '${excerpt(text, 60)}' is a range, and one point is meant`, {
    data: { selector: text },
    next: `${flag} POINT, where POINT is ${selectorHelp}`,
  });
}

/** Parses a point or a range. A single point is the range from itself to itself; a single time ends with it. */
export function parseRange(text: string): SelectorRange {
  const range = tryRange(text);
  if (range === undefined) throw badSelector(text);
  return range;
}

/** As `parseRange`, `undefined` for what is no selector: the caller has another meaning for it (a path). */
export function tryRange(text: string): SelectorRange | undefined {
  const trimmed = text.trim();
  const dots = trimmed.indexOf('..');
  if (dots < 0) {
    const only = trySelector(trimmed);
    return only === undefined ? undefined : { from: only, to: only };
  }
  const [before, after] = [trimmed.slice(0, dots).trim(), trimmed.slice(dots + 2).trim()];
  if (before === '' && after === '') return undefined;
  const from = before === '' ? undefined : trySelector(before);
  const to = after === '' ? undefined : trySelector(after);
  if ((before !== '' && from === undefined) || (after !== '' && to === undefined)) return undefined;
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** No form is longer; and a search for 'ago' in a text of spaces takes the square of its length. */
const lengthMax = 200;

/** As `parseSelector`, `undefined` for what is no point. */
export function trySelector(text: string): Selector | undefined {
  if (text.length > lengthMax) return undefined;
  if (/^\d+$/.test(text)) {
    const seq = Number(text);
    return Number.isSafeInteger(seq) ? { kind: 'seq', seq } : undefined;
  }
  const back = /^@?-(\d+)$/.exec(text)?.[1];
  if (back !== undefined) {
    const steps = Number(back);
    return Number.isSafeInteger(steps) && steps > 0 ? { kind: 'from-tail', back: steps } : undefined;
  }
  if (text === '@tail') return { kind: 'tail' };
  if (text === '@snap') return { kind: 'snap' };
  const ago = /^(.+?)\s+ago$/.exec(text)?.[1];
  if (ago !== undefined) {
    const ms = parseSpan(ago);
    return ms === undefined ? undefined : { kind: 'ago', ms };
  }
  const ms = parseTime(text);
  return ms === undefined ? undefined : { kind: 'time', ms };
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['sec', 1000],
  ['second', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['minute', 60_000],
  ['h', 3_600_000],
  ['hour', 3_600_000],
  ['d', 86_400_000],
  ['day', 86_400_000],
  ['w', 604_800_000],
  ['week', 604_800_000],
]);

/** '5m', '1h30m', '2 days' in milliseconds, up to 100 years; undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?\s*[a-z]+\s*)+$/i.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const name = (unit ?? '').toLowerCase();
    const scale = unitMs.get(name) ?? unitMs.get(name.replace(/s$/, ''));
    if (scale === undefined) return undefined;
    total += Number(amount) * scale;
  }
  return total > durationMsMax ? undefined : Math.round(total);
}

export function formatSelector(selector: Selector): string {
  switch (selector.kind) {
    case 'seq':
      return String(selector.seq);
    case 'from-tail':
      return `@-${selector.back}`;
    case 'tail':
    case 'snap':
      return `@${selector.kind}`;
    case 'time':
      return new Date(selector.ms).toISOString();
    case 'ago':
      return `${selector.ms / 1000}s ago`;
  }
}

function badSelector(text: string, flag?: string): WalqError {
  return usageError(
    'E_SELECTOR',
    `${flag === undefined ? '' : `${flag}: `}'${excerpt(text, 60)}' is not a point or range of a log; allowed: ${selectorHelp}; ranges A..B, A.., ..B`,
    {
      data: { selector: text },
    },
  );
}
