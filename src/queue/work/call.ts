import { clampText } from '../../base/clamp-text.ts';
import { parseDuration } from '../../base/duration.ts';
import { compactJson } from '../../base/json.ts';
import { isRawJson } from '../../base/raw-json.ts';
import type { AttemptVerdict } from '../process/verdict.ts';
import type { WorkContext, WorkFunction, WorkJob } from './function-types.ts';

const errorBytesMax = 2048;
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
    try {
      return verdictOfThrow(error);
    } catch {
      // Anything may be thrown, also what has no text, or throws when it is looked at.
      return {
        kind: 'retry',
        reason: 'failed',
        error: `the handler threw something (${typeof error}) that cannot be shown`,
      };
    }
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

/** By name and not by class: the handler may have its own copy of this library. */
function verdictOfThrow(error: unknown): AttemptVerdict {
  const text = errorText(error);
  if (!(error instanceof Error)) return { kind: 'retry', reason: 'failed', error: text };
  if (error.name === 'DeadError')
    return { kind: 'dead', reason: 'permanent', error: clampText(error.message, errorBytesMax) };
  if (error.name !== 'RetryError' || !('after' in error)) return { kind: 'retry', reason: 'failed', error: text };
  const delayMs = delayOf(error.after);
  if (delayMs === undefined) return { kind: 'retry', reason: 'failed', error: text };
  return { kind: 'retry', reason: 'asked', delayMs, error: clampText(error.message, errorBytesMax) };
}

/** With the stack of the handler, but not ours below it. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return clampText(String(error), errorBytesMax);
  const lines = (error.stack ?? error.message).split('\n');
  // In a bundle its name comes after that of what it was called on.
  const own = /at (\w+\.)?callFunction \(/;
  const ours = lines.findIndex((line) => own.test(line));
  return clampText(lines.slice(0, ours < 0 ? undefined : ours).join('\n'), errorBytesMax);
}

function delayOf(after: unknown): number | undefined {
  if (typeof after === 'number') return Number.isFinite(after) && after >= 0 ? Math.round(after) : undefined;
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
  if (Number.isFinite(time) && time >= 0) return time;
  throw new RangeError(`extend: ${time} is no time; give milliseconds, or text such as '5m'`);
}

/** Throws RangeError. */
export function checkedShare(share: number): number {
  if (share >= 0 && share <= 1) return share;
  throw new RangeError(`progress: ${share} is not from 0 to 1`);
}
