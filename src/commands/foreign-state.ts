import { damageError, WalqError } from '../base/errors.ts';
import type { ForeignEvent, ForeignJob } from '../formats/types.ts';
import { enqueueDefaults, type QueueEvent } from '../queue/events/event-types.ts';
import { encodeEvent } from '../queue/events/events.ts';
import { pack } from '../queue/events/packed.ts';
import type { Job } from '../queue/state/job.ts';
import { encodeJob, encodeTotals } from '../queue/state/job-codec.ts';
import { noTotals } from '../queue/state/totals.ts';
import type { ForeignIds } from './foreign-ids.ts';

/**
 * Foreign events and jobs in our own form. Their old seq stays in `from`, which also lets the state machine skip what
 * does not fit.
 */

/**
 * The record of a foreign event; `undefined` for a type that our log has no name for. `fallbackMs` where the format has
 * no times.
 */
export function recordOfForeign(event: ForeignEvent, ids: ForeignIds, fallbackMs: number): Uint8Array | undefined {
  const at = safeMs(event.timeMs) ?? fallbackMs;
  const converted = convert(event.type, { id: ids.map(event.jobId), at, from: event.seq });
  return converted === undefined ? undefined : encodeEvent(converted);
}

function convert(type: string, base: { id: string; at: number; from: string }): QueueEvent | undefined {
  switch (type) {
    case 'ENQUEUE':
      return { type, ...base, ...enqueueDefaults, runAt: base.at };
    case 'DISPATCH':
      return { type, ...base, attempt: 1, owner: { kind: 'unknown' } };
    case 'ACK':
    case 'TIMEOUT':
      return { type, ...base };
    case 'RETRY':
      return { type, ...base, runAt: base.at, reason: 'failed', refund: false, reset: false };
    case 'DEAD':
      return { type, ...base, reason: 'attempts' };
    default:
      return undefined;
  }
}

function safeMs(text: string | undefined): number | undefined {
  const value = Number(text ?? Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/**
 * A foreign snapshot as the entries of one of ours. The jobs take seqs 1..n by creation time, then by their place in
 * the file. Throws E_IMPORT_JOB (exit 3) for a job our format cannot hold.
 */
export function entriesOfForeign(jobs: readonly ForeignJob[], ids: ForeignIds, fallbackMs: number): Uint8Array[] {
  const created = (job: ForeignJob): number => safeMs(job.createdMs) ?? fallbackMs;
  const sorted = jobs
    .map((job, place) => ({ job, place }))
    .sort((a, b) => created(a.job) - created(b.job) || a.place - b.place);
  const totals = noTotals();
  totals.enqueued = jobs.length;
  const entries = sorted.map(({ job }, at) => {
    const converted = jobOfForeign(job, ids.map(job.id), at + 1, fallbackMs);
    if (converted.state === 'completed') totals.completed++;
    if (converted.state === 'dead') totals.dead++;
    try {
      return encodeJob(converted);
    } catch (error) {
      if (!(error instanceof WalqError) || error.code !== 'E_FIELD') throw error;
      throw damageError(
        'E_IMPORT_JOB',
        `${job.file}: job at offset ${job.offset} cannot be taken over: ${error.message}`,
        {
          data: { file: job.file, offset: job.offset, job: job.id },
          cause: error,
        },
      );
    }
  });
  return [encodeTotals(totals), ...entries];
}

function jobOfForeign(job: ForeignJob, id: string, seq: number, fallbackMs: number): Job {
  const createdAt = safeMs(job.createdMs) ?? fallbackMs;
  // These systems count an attempt when it has failed, we count it when it begins.
  const attempt = job.attempt + (job.status === 'pending' ? 0 : 1);
  const updatedAt = safeMs(job.updatedMs) ?? createdAt;
  const base = {
    id,
    seq,
    options: {
      ...enqueueDefaults,
      maxAttempts: Math.max(enqueueDefaults.maxAttempts, attempt),
      timeoutMs: job.timeoutMs ?? enqueueDefaults.timeoutMs,
      command: undefined,
    },
    payload: job.payload === undefined ? undefined : pack(Buffer.from(job.payload)),
    createdAt,
    from: undefined,
    attempt,
    crashes: 0,
    setback: undefined,
    special: undefined,
  };
  switch (job.status) {
    case 'pending':
      return { ...base, state: 'pending', runAt: createdAt, timedOut: false };
    case 'in_flight':
      return {
        ...base,
        state: 'in_flight',
        dispatchSeq: seq,
        startedAt: updatedAt,
        owner: { kind: 'unknown' },
        deadlineMs: safeMs(job.deadlineMs),
        cancelledAt: undefined,
      };
    case 'completed':
      return {
        ...base,
        state: 'completed',
        endSeq: seq,
        endedAt: updatedAt,
        startedAt: undefined,
        durationMs: undefined,
        result: undefined,
      };
    case 'dead':
      return {
        ...base,
        state: 'dead',
        endSeq: seq,
        endedAt: updatedAt,
        reason: 'attempts',
        error: undefined,
        exitCode: undefined,
        signal: undefined,
      };
  }
}
