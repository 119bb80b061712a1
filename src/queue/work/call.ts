import { clampText } from '../../base/clamp-text.ts';
import { durationMsMax, parseDuration } from '../../base/duration.ts';
import { isError } from '../../base/errors.ts';
import { compactJson } from '../../base/json.ts';
import { isRawJson } from '../../base/raw-json.ts';
import type { AttemptVerdict } from '../process/verdict.ts';
import { errorBytesMax, errorText, looked } from './error-text.ts';
import type { WorkContext, WorkFunction, WorkJob } from './function-types.ts';

const noLimits = { depthMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY };

/** Calls a function for a job and says what came of it. Never rejects. */
export async function callFunction(
  work: WorkFunction | undefined,
  job: WorkJob,
  context: WorkContext,
): Promise<AttemptVerdict> {
  if (work === undefined) return { kind: 'broken', error: `no function for jobs of the name ${job.name}` };
  try {
    const result = resultOf(await work(job, context));
    return { kind: 'ack', ...(result !== undefined && { result }) };
  } catch (error) {
    return verdictOfThrow(error);
  }
}

/** What has no JSON form is left out: the work is done, and for that alone it must not be done again. */
function resultOf(value: unknown): string | undefined {
  try {
    // How deep and how long it may be the queue decides, and says of one that it leaves out.
    return isRawJson(value) ? compactJson(value.text, noLimits) : JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/**
 * By name and not by class: the handler may have its own copy of this library. Anything may be thrown, also what has no
 * text, or throws when it is looked at.
 */
function verdictOfThrow(error: unknown): AttemptVerdict {
  const text = errorText(error);
  const thrown = looked(() => (isError(error) ? error : undefined));
  const name = looked(() => thrown?.name);
  const message = looked(() => clampText(thrown?.message ?? text, errorBytesMax)) ?? text;
  if (name === 'DeadError') return { kind: 'dead', reason: 'permanent', error: message };
  const after =
    name === 'RetryError' ? looked(() => (thrown && 'after' in thrown ? thrown.after : undefined)) : undefined;
  const delayMs = delayOf(after);
  if (delayMs === undefined) return { kind: 'retry', reason: 'failed', error: text };
  return { kind: 'retry', reason: 'asked', delayMs, error: message };
}

function delayOf(after: unknown): number | undefined {
  if (typeof after === 'number') return after >= 0 && after <= durationMsMax ? Math.round(after) : undefined;
  if (typeof after !== 'string') return undefined;
  try {
    return parseDuration(after, 'retry');
  } catch {
    return undefined;
  }
}

/** Milliseconds of `extend(time)`. Throws E_DURATION, RangeError. */
export function extensionMs(time: number | string): number {
  if (typeof time === 'string') return parseDuration(time, 'extend');
  if (Number.isFinite(time) && time >= 0 && time <= durationMsMax) return time;
  throw new RangeError(`extend: ${time} is no time; give milliseconds, or text such as '5m'`);
}

/** Throws RangeError. */
export function checkedShare(share: number): number {
  if (share >= 0 && share <= 1) return share;
  throw new RangeError(`progress: ${share} is not from 0 to 1`);
}
