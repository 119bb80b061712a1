import type { Random } from '../../base/clock.ts';
import { durationMsMax, parseDuration } from '../../base/duration.ts';
import { usageError } from '../../base/errors.ts';

/** How long a failed job waits. `jitter` 0.5 means: anywhere from half the delay to the whole of it. */
export type Backoff =
  | { kind: 'none' }
  | { kind: 'fixed'; delayMs: number; jitter: number }
  | { kind: 'exp'; firstMs: number; maxMs: number; factor: number; jitter: number };

const forms =
  "allowed are 'none', 'fixed:10s', 'exp:1s..5m', with '*3' for the factor and '~0.5' for the jitter at the end, " +
  "as in 'exp:1s..5m*2~0.5'";
const standardFactor = 2;
const factorPattern = '(?:\\*(\\d{1,3}(?:\\.\\d{1,3})?))?';
const jitterPattern = '(?:~(0(?:\\.\\d{1,3})?|1(?:\\.0{1,3})?))?';
const formPattern = new RegExp(`^(?:fixed:([^~*]+)|exp:([^~*]+?)\\.\\.([^~*]+)${factorPattern})${jitterPattern}$`);

/**
 * 'none' | 'fixed:10s[~0.5]' | 'exp:1s..5m[*2][~0.5]'. Throws usageError E_BACKOFF, E_DURATION.
 */
export function parseBackoff(text: string): Backoff {
  if (text === 'none') return { kind: 'none' };
  const bad = (why: string): Error => usageError('E_BACKOFF', `backoff: '${text}' ${why}; ${forms}`);
  const match = formPattern.exec(text);
  if (match === null) throw bad('is not a backoff');
  const [, fixed, first, max, factorText, jitterText] = match;
  const jitter = Number(jitterText ?? 0);
  if (fixed !== undefined) return { kind: 'fixed', delayMs: parseDuration(fixed, 'backoff'), jitter };
  const firstMs = parseDuration(first ?? '', 'backoff');
  const maxMs = parseDuration(max ?? '', 'backoff');
  const factor = Number(factorText ?? standardFactor);
  if (firstMs === 0 || maxMs < firstMs) throw bad('must go from a delay above zero to a longer one');
  if (factor < 1) throw bad('has a factor below 1');
  return { kind: 'exp', firstMs, maxMs, factor, jitter };
}

/**
 * Whole milliseconds to wait after attempt number `attempt` (from 1) failed. Draws from `random` only where there is
 * jitter; the caller stores the outcome in the event, so that replay needs no dice.
 */
export function nextDelayMs(backoff: Backoff, attempt: number, random: Random): number {
  if (backoff.kind === 'none') return 0;
  const delayMs =
    backoff.kind === 'fixed'
      ? backoff.delayMs
      : Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** (Math.max(1, attempt) - 1));
  const spread = backoff.jitter === 0 ? 0 : delayMs * backoff.jitter * unitInterval(random);
  return Math.min(durationMsMax, Math.max(0, Math.round(delayMs - spread)));
}

/** From 0 to 1, both included. */
function unitInterval(random: Random): number {
  const bytes = new Uint8Array(4);
  random(bytes);
  return new DataView(bytes.buffer).getUint32(0) / 0xffff_ffff;
}
