import { usageError } from './errors.ts';

/** Longest first: the order in which units may follow one another. */
const timeUnits: readonly (readonly [string, number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** 100 years. Longer ones are typing errors, and sums with a wall clock stay safe integers. */
export const durationMsMax = 36_525 * 86_400_000;

const durationForms =
  "allowed are forms like '250ms', '1.5s', '30s', '5m', '1h30m', '7d' (units w d h m s ms, longest first), and '0'";

/**
 * '1h30m' -> 5400000. A number always needs a unit, except 0. Only the last number may have decimals, down to whole
 * milliseconds. `what` names the flag or field in the message. Throws usageError E_DURATION.
 */
export function parseDuration(text: string, what = 'duration'): number {
  if (text === '0') return 0;
  const bad = (): Error => usageError('E_DURATION', `${what}: '${text}' is not a duration; ${durationForms}`);
  const part = /(\d{1,15})(\.\d{1,6})?(ms|[wdhms])/y;
  let total = 0;
  let unitFrom = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) throw bad();
    const at = timeUnits.findIndex(([unit]) => unit === match[3]);
    const [, unitMs] = timeUnits[at] ?? ['', 0];
    if (at < unitFrom || (match[2] !== undefined && part.lastIndex < text.length)) throw bad();
    unitFrom = at + 1;
    const exact = Number(`${match[1]}${match[2] ?? ''}`) * unitMs;
    const ms = Math.round(exact);
    if (Math.abs(exact - ms) > 1e-4) throw bad();
    total += ms;
  }
  if (text === '') throw bad();
  if (total > durationMsMax) throw usageError('E_DURATION', `${what}: '${text}' is longer than 100 years`);
  return total;
}

/**
 * The shortest form that `parseDuration` reads back to the same number: 5400000 -> '1h30m', 1500 -> '1.5s', 250 ->
 * '250ms'.
 */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  let rest = Math.round(ms);
  if (rest < 1000) return rest === 0 ? '0s' : `${rest}ms`;
  let text = '';
  for (const [unit, unitMs] of timeUnits) {
    // Weeks read badly; seconds take the milliseconds along as decimals.
    if (unit === 'w' || unit === 'ms' || rest < (unit === 's' ? 1 : unitMs)) continue;
    const count = unit === 's' ? rest / 1000 : Math.floor(rest / unitMs);
    text += `${count}${unit}`;
    rest = unit === 's' ? 0 : rest % unitMs;
  }
  return text;
}

const sizeForms =
  "allowed are forms like '512', '10k', '64MiB', '1.5GiB' " +
  '(k M G T and KiB MiB GiB TiB count 1024, kB MB GB TB 1000)';

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
};

/**
 * '64MiB' -> 67108864, '10k' -> 10240, '10kB' -> 10000, '512' -> 512. Case does not matter; decimals may not leave a
 * fraction of a byte. `what` names the flag or field in the message. Throws usageError E_SIZE.
 */
export function parseBytes(text: string, what = 'size'): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]{0,3})$/i.exec(text);
  const unit = match === null ? undefined : byteUnits[(match[2] ?? '').toLowerCase()];
  const bytes = unit === undefined ? Number.NaN : Number(match?.[1]) * unit;
  if (!Number.isSafeInteger(bytes)) {
    throw usageError('E_SIZE', `${what}: '${text}' is not a size; ${sizeForms}`);
  }
  return bytes;
}

/**
 * For people: at most one decimal, binary units. 67108864 -> '64 MiB', 1536 -> '1.5 KiB', 512 -> '512 B'. Not exact.
 */
export function formatBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let at = 0;
  // 1023.95 would print as '1024.0'.
  while (at < names.length - 1 && Math.round(value * 10) >= 10_240) {
    value /= 1024;
    at++;
  }
  return `${at === 0 ? Math.round(value) : Number(value.toFixed(1))} ${names[at]}`;
}
