import { usageError } from '../../base/errors.ts';
import type { EnqueueEvent } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';

/**
 * The same jobs, each after those of them it names as parents, otherwise in the order given. Throws usageError E_CYCLE
 * when some wait for each other in a circle, naming one.
 */
export function parentsFirst(events: readonly EnqueueEvent<Packed>[]): readonly EnqueueEvent<Packed>[] {
  if (events.every((event) => event.parents === undefined)) return events;
  const byId = new Map(events.map((event) => [event.id, event]));
  const state = new Map<string, 'open' | 'done'>();
  const sorted: EnqueueEvent<Packed>[] = [];
  for (const first of events) {
    // A walk with a list of its own: a chain of a million jobs must not end the stack.
    const path = [{ event: first, parents: parentsIn(first, byId) }];
    if (state.get(first.id) === 'done') continue;
    state.set(first.id, 'open');
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const parent = step.parents.pop();
      if (parent === undefined) {
        state.set(step.event.id, 'done');
        sorted.push(step.event);
        path.pop();
      } else if (state.get(parent.id) === 'open') throw circle([...path.map(({ event }) => event.id), parent.id]);
      else if (state.get(parent.id) === undefined) {
        state.set(parent.id, 'open');
        path.push({ event: parent, parents: parentsIn(parent, byId) });
      }
    }
  }
  return sorted;
}

/** Last one first: they are taken from the end. */
function parentsIn(
  event: EnqueueEvent<Packed>,
  byId: ReadonlyMap<string, EnqueueEvent<Packed>>,
): EnqueueEvent<Packed>[] {
  return (event.parents ?? []).flatMap((id) => byId.get(id) ?? []).reverse();
}

function circle(path: readonly string[]): Error {
  const ring = path.slice(path.indexOf(path.at(-1) ?? ''));
  const shown = ring.length > 6 ? [...ring.slice(0, 3), '…', ...ring.slice(-2)] : ring;
  return usageError('E_CYCLE', `jobs wait for each other in a circle: ${shown.join(' after ')}`, {
    data: { jobs: ring },
  });
}
