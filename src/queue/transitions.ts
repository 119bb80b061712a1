import { Exit, unreachable, WalqError } from '../base/errors.ts';
import type {
  AckEvent,
  DeadEvent,
  DispatchEvent,
  EnqueueEvent,
  PruneEvent,
  QueueEvent,
  RetryEvent,
  TimeoutEvent,
} from './event-types.ts';
import type { CompletedJob, DeadJob, InFlightJob, Job, PendingJob } from './job.ts';
import { sharedOptions } from './options.ts';
import { type Packed, pack } from './packed.ts';

/**
 * The life of a job. Nothing else changes one.
 *
 *                 +------------------ RETRY ------------------+
 *                 |   +-------------- TIMEOUT ------------+   |
 *                 v   v                                   |   |
 *     ENQUEUE    +---------+         DISPATCH           +-----------+   ACK    +-----------+
 *    ----------> | pending | -------------------------> | in_flight | -------> | completed |
 *                +---------+                            +-----------+          +-----------+
 *                 |   |   ^                                   |                      |
 *                 |   |   +-- RETRY (redrive) --+             | DEAD                 | PRUNE
 *                 |   |                         |             v                      v
 *                 |   |         DEAD          +------+ <------+                     gone
 *                 |   +---------------------> | dead | -------------- PRUNE --------->
 *                 |                           +------+
 *                 +-- RETRY, when timed out: back to pending
 *
 * TIMEOUT ends the attempt: the job is pending, marked as timed out, and RETRY or DEAD follows in the same frame.
 * DISPATCH counts an attempt; RETRY may give it back (refund) or begin the count again (reset). RETRY with reason
 * 'crash' counts a crash.
 *
 * Imported events (`from`) come from logs with holes and several writers. ACK of a pending job is believed, because its
 * DISPATCH may be missing or follow, and running a finished job again would be worse; the attempt is counted here,
 * because the foreign log does not number it.
 */
export function nextJob(job: Job | undefined, event: Exclude<QueueEvent<Packed>, PruneEvent>, seq: number): Job {
  switch (event.type) {
    case 'ENQUEUE':
      if (job !== undefined) throw misfit(event, seq, job);
      return enqueued(event, seq);
    case 'DISPATCH':
      if (job?.state !== 'pending') throw misfit(event, seq, job);
      if (event.from === undefined && event.attempt !== job.attempt + 1) {
        throw misfit(event, seq, job, `attempt ${event.attempt} follows attempt ${job.attempt}`);
      }
      return dispatched(job, event, seq);
    case 'ACK':
      if (job?.state !== 'in_flight' && !(job?.state === 'pending' && event.from !== undefined))
        throw misfit(event, seq, job);
      return completed(job, event, seq);
    case 'RETRY':
      if (!mayRetry(job, event)) throw misfit(event, seq, job);
      return retried(job, event);
    case 'TIMEOUT':
      if (job?.state !== 'in_flight') throw misfit(event, seq, job);
      return timedOut(job, event);
    case 'DEAD':
      if (job?.state !== 'in_flight' && job?.state !== 'pending') throw misfit(event, seq, job);
      return died(job, event, seq);
    default:
      return unreachable(event);
  }
}

function mayRetry(job: Job | undefined, event: RetryEvent): job is InFlightJob | PendingJob | DeadJob {
  if (job?.state === 'in_flight') return true;
  if (job?.state === 'pending') return job.timedOut;
  return job?.state === 'dead' && event.from === undefined;
}

/** `E_APPLY`: the event does not fit the state. Exit 3: a healthy log of ours cannot hold such an event. */
export function misfit(event: QueueEvent<Packed>, seq: number, job: Job | undefined, why?: string): WalqError {
  const state = job === undefined ? 'unknown' : job.state;
  const reason = why ?? `the job is ${state}`;
  return new WalqError(Exit.damage, 'E_APPLY', `${event.type} does not fit the state: ${reason}`, {
    data: { seq, event: event.type, job: event.id, state },
  });
}

function enqueued(event: EnqueueEvent<Packed>, seq: number): PendingJob {
  return {
    state: 'pending',
    id: event.id,
    seq,
    options: sharedOptions(event),
    payload: event.payload === undefined ? undefined : pack(event.payload),
    createdAt: event.at,
    from: event.from,
    attempt: 0,
    crashes: 0,
    setback: undefined,
    runAt: event.runAt,
    timedOut: false,
  };
}

function dispatched(job: PendingJob, event: DispatchEvent, seq: number): InFlightJob {
  return {
    state: 'in_flight',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt: job.attempt + 1,
    crashes: job.crashes,
    setback: job.setback,
    dispatchSeq: seq,
    startedAt: event.at,
    owner: event.owner,
    deadlineMs: event.deadlineMs,
  };
}

function completed(job: InFlightJob | PendingJob, event: AckEvent<Packed>, seq: number): CompletedJob {
  return {
    state: 'completed',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt: job.attempt,
    crashes: job.crashes,
    setback: job.setback,
    endSeq: seq,
    endedAt: event.at,
    startedAt: job.state === 'in_flight' ? job.startedAt : undefined,
    durationMs: event.durationMs,
    result: event.result === undefined ? undefined : pack(event.result),
  };
}

function retried(job: InFlightJob | PendingJob | DeadJob, event: RetryEvent): PendingJob {
  const attempt = event.reset ? 0 : Math.max(0, job.attempt - (event.refund ? 1 : 0));
  const crashes = event.reset ? 0 : job.crashes + (event.reason === 'crash' ? 1 : 0);
  const { at, reason, error, exitCode, signal } = event;
  return {
    state: 'pending',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt,
    crashes,
    setback: { at, reason, error, exitCode, signal },
    runAt: event.runAt,
    timedOut: false,
  };
}

function timedOut(job: InFlightJob, event: TimeoutEvent): PendingJob {
  return {
    state: 'pending',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt: job.attempt,
    crashes: job.crashes,
    setback: { at: event.at, reason: 'timeout', error: undefined, exitCode: undefined, signal: undefined },
    runAt: event.at,
    timedOut: true,
  };
}

function died(job: InFlightJob | PendingJob, event: DeadEvent, seq: number): DeadJob {
  return {
    state: 'dead',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt: job.attempt,
    crashes: job.crashes,
    setback: job.setback,
    endSeq: seq,
    endedAt: event.at,
    reason: event.reason,
    error: event.error,
    exitCode: event.exitCode,
    signal: event.signal,
  };
}
