import { clampText } from '../../base/clamp-text.ts';
import type { Random } from '../../base/clock.ts';
import {
  type AttemptExit,
  type DeadEvent,
  enqueueDefaults,
  eventLimits,
  type RetryEvent,
} from '../events/event-types.ts';
import { fieldError, mustBeText } from '../events/record.ts';
import type { InFlightJob } from '../state/job.ts';
import { type Backoff, nextDelayMs, parseBackoff } from './backoff.ts';

/** What is known about an attempt that did not succeed. */
export interface Failure extends AttemptExit {
  /** For RETRY: 'failed' (default), 'asked', 'resources', ... */
  reason?: string | undefined;
  /** Text for people; anything goes, it is cut at 8 KiB. */
  error?: string | undefined;
  /** Wait this long instead of the backoff. */
  delayMs?: number | undefined;
  /** No further attempt: the job dies with this reason ('permanent', 'command', ...). */
  dead?: string | undefined;
}

/** RETRY or DEAD: the one place that decides. Jitter is drawn here, once, and stored in the event. */
export function judgeFailure(job: InFlightJob, failure: Failure, at: number, random: Random): RetryEvent | DeadEvent {
  const { error, exitCode, signal } = failure;
  const common = { id: job.id, at, error, exitCode, signal };
  if (job.cancelledAt !== undefined) return { type: 'DEAD', ...common, reason: 'cancelled' };
  if (failure.dead !== undefined) {
    mustBeText(failure.dead, 'dead');
    if (failure.dead === '') throw fieldError('dead', 'must say why');
    return { type: 'DEAD', ...common, reason: clampText(failure.dead, eventLimits.reasonBytes) };
  }
  if (job.attempt >= job.options.maxAttempts) return { type: 'DEAD', ...common, reason: 'attempts' };
  const delayMs = failure.delayMs ?? nextDelayMs(backoffOf(job), job.attempt, random);
  const reason = clampText(failure.reason ?? 'failed', eventLimits.reasonBytes);
  return { type: 'RETRY', ...common, runAt: at + delayMs, reason, refund: false, reset: false };
}

/** A form that a newer version or a foreign tool wrote must not keep an outcome from the log. */
function backoffOf(job: InFlightJob): Backoff {
  try {
    return parseBackoff(job.options.backoff);
  } catch {
    return parseBackoff(enqueueDefaults.backoff);
  }
}

/**
 * The runner died with the job in its hands. That is not the job's fault, so the attempt is given back; but a job that
 * takes its runner down again and again must end, so crashes are counted apart and the `crashesMax`-th one is the last.
 */
export function judgeCrash(job: InFlightJob, at: number, crashesMax: number): RetryEvent | DeadEvent {
  if (job.cancelledAt !== undefined) return { type: 'DEAD', id: job.id, at, reason: 'cancelled', error: undefined };
  if (job.crashes + 1 >= crashesMax) return { type: 'DEAD', id: job.id, at, reason: 'crashes', error: undefined };
  return { type: 'RETRY', id: job.id, at, runAt: at, reason: 'crash', refund: true, reset: false };
}
