import type { QueueEvent } from '../../queue/events/event-types.ts';
import { decodeEvent, recordJobId, recordTime } from '../../queue/events/events.ts';
import { tookMs } from '../../queue/state/took.ts';
import type { JobTold } from './job-table.ts';
import type { Step } from './state-track.ts';
import { jobCodes } from './types.ts';

/** What one record says, and what it does to its job. */

export function decoded(bytes: Uint8Array): QueueEvent | undefined {
  try {
    return decodeEvent(bytes);
  } catch {
    // A newer type, or the work of a faulty writer: `wal verify --deep` says which.
    return undefined;
  }
}

export function idOf(bytes: Uint8Array): string {
  try {
    return recordJobId(bytes);
  } catch {
    return '';
  }
}

export function timeOf(bytes: Uint8Array): number | undefined {
  try {
    return recordTime(bytes);
  } catch {
    return undefined;
  }
}

export function enqueuedAs(event: Extract<QueueEvent, { type: 'ENQUEUE' }>): JobTold {
  const { name, group, maxAttempts, at } = event;
  return { options: { name, group, maxAttempts }, createdAt: at };
}

/** What the job is now; where the state is not known, what the event itself says. */
export function stateAfter(event: QueueEvent | undefined, step: Step | undefined, before: number): number {
  if (step?.after !== undefined) return jobCodes[step.after.state];
  switch (event?.type) {
    case 'ENQUEUE':
    case 'RETRY':
    case 'TIMEOUT':
      return jobCodes.pending;
    case 'DISPATCH':
      return jobCodes.in_flight;
    case 'ACK':
      return jobCodes.completed;
    case 'DEAD':
      return jobCodes.dead;
    case 'REMOVE':
      return jobCodes.gone;
    default:
      return before;
  }
}

/** How long the job waited, or the attempt took: by the times of the log. */
export function spanMs(event: QueueEvent | undefined, step: Step | undefined): number {
  const before = step?.before;
  if (event === undefined || before === undefined) return -1;
  if (event.type === 'DISPATCH' && before.state === 'pending') return Math.max(0, event.at - before.runAt);
  const ends = event.type === 'ACK' || event.type === 'RETRY' || event.type === 'DEAD' || event.type === 'TIMEOUT';
  return ends && before.state === 'in_flight' ? tookMs(before.startedAt, event.at) : -1;
}
