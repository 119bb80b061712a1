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

/**
 * A duration for people: whole seconds from a second on, minutes from an hour on, hours from two days on. Never
 * negative.
 */
export function roughly(ms: number): string {
  const grain = ms < 1000 ? 1 : ms < 3_600_000 ? 1000 : ms < 172_800_000 ? 60_000 : 3_600_000;
  return formatDuration(Math.max(0, Math.round(ms / grain) * grain));
}

/** `5m ago`, for people; `5m ahead of this clock` of a time that is still to come, because a clock was set back. */
export function agoText(ms: number): string {
  return ms <= -1000 ? `${roughly(-ms)} ahead of this clock` : `${roughly(ms)} ago`;
}
