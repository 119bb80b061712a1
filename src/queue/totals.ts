import { unreachable } from '../base/errors.ts';
import type { QueueEvent } from './event-types.ts';
import type { QueueTotals } from './job-codec.ts';
import type { Packed } from './packed.ts';

/**
 * Counts an event that was applied; `died` says that a job became dead by it. Spelled out: looking the name up costs as
 * much as the rest of a replay step.
 */
export function countEvent(totals: QueueTotals, event: QueueEvent<Packed>, died: boolean): void {
  if (died) totals.dead++;
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
      return;
    case 'TIMEOUT':
      totals.timedOut++;
      return;
    case 'CANCEL':
      totals.cancelled++;
      return;
    case 'REMOVE':
      totals.removed++;
      return;
    case 'DEAD':
    case 'PRUNE':
    case 'UPDATE':
    case 'EXTEND':
    case 'PAUSE':
    case 'RESUME':
    case 'SCHEDULE':
    case 'UNSCHEDULE':
    case 'LIMIT':
      return;
    default:
      unreachable(event);
  }
}
