import type { QueueEvent } from '../events/event-types.ts';
import { type Wanted, wants } from '../state/lane.ts';
import type { QueueMachine } from '../state/machine.ts';

/**
 * How many jobs that one of these would take died by these events, which the state has taken in: of their attempts or
 * of anything else, such as their time, the death of a parent, or a cancel.
 */
export function deathsIn(
  events: readonly Pick<QueueEvent, 'type' | 'id'>[],
  machine: QueueMachine,
  wanted: readonly Wanted[],
): number {
  let deaths = 0;
  for (const { type, id } of events) {
    if (type !== 'DEAD' && type !== 'CANCEL') continue;
    const job = machine.get(id);
    // One that is cancelled at work lives on until its process has ended.
    if (job?.state === 'dead' && wanted.some((each) => wants(each, job))) deaths++;
  }
  return deaths;
}
