import type { QueueEvent } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';

/** Larger ones are kept outside the heap, as the reader of records does. */
const payloadLengthMax = 4096;

/**
 * These events, when the state machine may take them as they are in place of reading the records just made of them: a
 * quarter of the work of a job. So it may when each of them reads back as the same, and holds nothing that somebody
 * else may change, or that is a part of a larger text. Undefined otherwise. The ids of new jobs must be our own.
 */
export function knownEvents(events: readonly QueueEvent<Packed>[]): readonly QueueEvent<Packed>[] | undefined {
  return events.every(isKnown) ? events : undefined;
}

function isKnown(event: QueueEvent<Packed>): boolean {
  switch (event.type) {
    case 'ENQUEUE': {
      const { payload, command, key, parents } = event;
      const isSmall = payload === undefined || (typeof payload === 'string' && payload.length <= payloadLengthMax);
      return isSmall && command === undefined && key === undefined && parents === undefined;
    }
    case 'DISPATCH':
      return true;
    case 'ACK':
      return event.result === undefined;
    default:
      return false;
  }
}
