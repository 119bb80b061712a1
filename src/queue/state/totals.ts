import { unreachable } from '../../base/errors.ts';
import type { DeadEvent, JobChangeEvent, RetryEvent } from '../events/event-types.ts';
import type { Job } from './job.ts';

/** Counts since the queue began; they survive PRUNE. */
export interface QueueTotals {
  enqueued: number;
  dispatched: number;
  completed: number;
  retried: number;
  /** Of those retried: because the runner died. */
  crashed: number;
  timedOut: number;
  dead: number;
  pruned: number;
  /** Imported events that did not fit and were left out. */
  skipped: number;
  /** Asked to be: some complete all the same. */
  cancelled: number;
  /** One by one, at somebody's wish; `pruned` are the others. */
  removed: number;
  /** Attempts that ended without success, and counted: not those given back, cut short by a crash or cancelled. */
  failed: number;
  /** Of the dead: nobody began them in time. */
  expired: number;
}

export function noTotals(): QueueTotals {
  return {
    enqueued: 0,
    dispatched: 0,
    completed: 0,
    retried: 0,
    crashed: 0,
    timedOut: 0,
    dead: 0,
    pruned: 0,
    skipped: 0,
    cancelled: 0,
    removed: 0,
    failed: 0,
    expired: 0,
  };
}

/** Counts an event that changed a job. Spelled out: looking a name up costs as much as the rest of a replay step. */
export function countChange(totals: QueueTotals, event: JobChangeEvent, before: Job | undefined, after: Job): void {
  if (after.state === 'dead') totals.dead++;
  switch (event.type) {
    case 'ENQUEUE':
      totals.enqueued++;
      return;
    case 'DISPATCH':
      totals.dispatched++;
      return;
    case 'ACK':
      totals.completed++;
      return;
    case 'RETRY':
      totals.retried++;
      if (event.reason === 'crash') totals.crashed++;
      if (isFailure(event, before)) totals.failed++;
      return;
    case 'DEAD':
      if (isFailure(event, before)) totals.failed++;
      else if (event.reason === 'expired') totals.expired++;
      return;
    case 'TIMEOUT':
      totals.timedOut++;
      return;
    case 'CANCEL':
      totals.cancelled++;
      return;
    case 'UPDATE':
    case 'EXTEND':
      return;
    default:
      unreachable(event);
  }
}

/** Did an attempt end that counts as a failure? After TIMEOUT it is what follows in the same frame that says so. */
function isFailure(event: RetryEvent | DeadEvent, before: Job | undefined): boolean {
  if (before?.state === 'in_flight') {
    if (event.type === 'RETRY') return !event.refund;
    return before.cancelledAt === undefined && event.reason !== 'crashes';
  }
  return before?.state === 'pending' && before.timedOut && !(event.type === 'RETRY' && event.refund);
}
