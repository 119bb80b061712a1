import { Exit, unreachable, WalqError } from '../../base/errors.ts';
import type { EnqueueEvent, JobChangeEvent, QueueEvent, RetryEvent } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';
import type { DeadJob, InFlightJob, Job, PendingJob } from './job.ts';
import {
  cancelRequested,
  completed,
  died,
  dispatched,
  enqueued,
  extended,
  retried,
  timedOut,
  updated,
} from './make-job.ts';

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
 *                 |   |   +-- RETRY (redrive) --+             | DEAD, CANCEL         | PRUNE, REMOVE
 *                 |   |                         |             v                      v
 *                 |   |      DEAD, CANCEL     +------+ <------+                     gone
 *                 |   +---------------------> | dead | ---------- PRUNE, REMOVE ----->
 *                 |                           +------+
 *                 +-- RETRY, when timed out; UPDATE: back to pending;  REMOVE: gone
 *
 * TIMEOUT ends the attempt: the job is pending, marked as timed out, and RETRY or DEAD follows in the same frame.
 * DISPATCH counts an attempt; RETRY may give it back (refund) or begin the count again (reset). RETRY with reason
 * 'crash' counts a crash. CANCEL of a job that a runner has marks it: DEAD follows when its process is over, or ACK
 * when that was faster. A job with parents waits in pending until all of them have completed; DEAD of a parent and DEAD
 * of those that wait for it share a frame.
 *
 * Imported events (`from`) come from logs with holes and several writers. ACK of a pending job is believed, because its
 * DISPATCH may be missing or follow, and running a finished job again would be worse; the attempt is counted here,
 * because the foreign log does not number it.
 */
export function nextJob(job: Job | undefined, event: JobChangeEvent, seq: number, unmet: UnmetParents): Job {
  switch (event.type) {
    case 'ENQUEUE':
      if (job !== undefined) throw misfit(event, seq, job);
      return enqueued(event, seq, event.parents && unmet(event.parents, event, seq));
    case 'DISPATCH':
      if (job?.state !== 'pending' || job.special?.waitingFor !== undefined) throw misfit(event, seq, job);
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
      return retried(job, event, job.state === 'dead' ? againUnmet(job, unmet, event, seq) : undefined);
    case 'TIMEOUT':
      if (job?.state !== 'in_flight') throw misfit(event, seq, job);
      return timedOut(job, event.at);
    case 'DEAD':
      if (job?.state !== 'in_flight' && job?.state !== 'pending') throw misfit(event, seq, job);
      return died(job, event, seq);
    case 'CANCEL':
      if (job?.state === 'in_flight' && job.owner.kind !== 'lease') {
        if (job.cancelledAt !== undefined) throw misfit(event, seq, job, 'the job is cancelled already');
        return cancelRequested(job, event.at);
      }
      if (job?.state !== 'pending' && job?.state !== 'in_flight') throw misfit(event, seq, job);
      return died(job, cancelled(event.at, event.error), seq);
    case 'UPDATE':
      if (job?.state !== 'pending' || job.timedOut) throw misfit(event, seq, job);
      return updated(job, event);
    case 'EXTEND':
      if (job?.state !== 'in_flight' || job.owner.kind !== 'lease') throw misfit(event, seq, job);
      return extended(job, event.deadlineMs);
    default:
      return unreachable(event);
  }
}

/**
 * Those of these parents that have not completed, or undefined when all have. Throws E_APPLY for one that is dead, and
 * at ENQUEUE for one that is unknown.
 */
export type UnmetParents = (
  parents: readonly string[],
  event: EnqueueEvent<Packed> | RetryEvent,
  seq: number,
) => readonly string[] | undefined;

function againUnmet(job: DeadJob, unmet: UnmetParents, event: RetryEvent, seq: number): readonly string[] | undefined {
  const parents = job.special?.parents;
  return parents && unmet(parents, event, seq);
}

function mayRetry(job: Job | undefined, event: RetryEvent): job is InFlightJob | PendingJob | DeadJob {
  if (job?.state === 'in_flight') return true;
  if (job?.state === 'pending') return job.timedOut;
  return job?.state === 'dead' && event.from === undefined;
}

function cancelled(at: number, error: string | undefined) {
  return { at, reason: 'cancelled', error, exitCode: undefined, signal: undefined };
}

/** `E_APPLY`: the event does not fit the state. Exit 3: a healthy log of ours cannot hold such an event. */
export function misfit(event: QueueEvent<Packed>, seq: number, job: Job | undefined, why?: string): WalqError {
  const state = job === undefined ? 'unknown' : job.state;
  const reason = why ?? `the job is ${state}`;
  return new WalqError(Exit.damage, 'E_APPLY', `${event.type} does not fit the state: ${reason}`, {
    data: { seq, event: event.type, job: event.id, state },
  });
}

/** E_APPLY for an entry of a snapshot that does not fit what came before. */
export function misplaced(why: string, data?: { job: string; seq: number }): WalqError {
  const text = `snapshot entry does not fit: ${why}`;
  return new WalqError(Exit.damage, 'E_APPLY', text, data === undefined ? {} : { data });
}
