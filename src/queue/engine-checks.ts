import { Exit, usageError, WalqError } from '../base/errors.ts';
import { compactJson } from '../base/json.ts';
import type { AttemptRef, FailAnswer } from './engine-types.ts';
import type { DeadEvent, RetryEvent } from './event-types.ts';
import type { InFlightJob, Job } from './job.ts';

/** The job, if this is still its current attempt. */
export function attemptOf(job: Job | undefined, ref: AttemptRef): InFlightJob | undefined {
  return job?.state === 'in_flight' && job.dispatchSeq === ref.dispatchSeq ? job : undefined;
}

/** E_ATTEMPT_OVER: somebody else decided about this attempt first. */
export function lostAttempt(ref: AttemptRef, job: Job | undefined): WalqError {
  const now = job === undefined ? 'gone' : job.state;
  return new WalqError(
    Exit.failed,
    'E_ATTEMPT_OVER',
    `job ${ref.id}: attempt of seq ${ref.dispatchSeq} is over; the job is ${now}`,
    {
      data: { job: ref.id, dispatchSeq: ref.dispatchSeq, state: now },
    },
  );
}

export function unknownJob(id: string): WalqError {
  return new WalqError(Exit.failed, 'E_JOB_UNKNOWN', `no job ${id}`, {
    data: { job: id },
    next: 'walq queue status; a finished job may have been pruned',
  });
}

/**
 * A result too large is left out, because losing the ACK over it would run the job again. Throws usageError E_JSON for
 * what is not JSON.
 */
export function resultBytes(text: string | undefined, bytesMax: number): { result?: Uint8Array; dropped: boolean } {
  if (text === undefined) return { dropped: false };
  let compact: string;
  try {
    compact = compactJson(text, { bytesMax: 4 * bytesMax });
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    if (error.code === 'E_JSON_SIZE') return { dropped: true };
    throw usageError(error.code, `result: ${error.message}`, { data: { ...error.data, field: 'result' } });
  }
  const result = Buffer.from(compact);
  return result.length > bytesMax ? { dropped: true } : { result, dropped: false };
}

export function wrongState(job: Job, why: string): WalqError {
  return new WalqError(Exit.failed, 'E_JOB_STATE', `job ${job.id} is ${job.state}; ${why}`, {
    data: { job: job.id, state: job.state },
  });
}

export function failAnswer(event: RetryEvent | DeadEvent, seq: number): FailAnswer {
  return event.type === 'RETRY'
    ? { verdict: 'retry', seq, runAt: event.runAt, reason: event.reason }
    : { verdict: 'dead', seq, reason: event.reason };
}
