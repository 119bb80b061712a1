import type { DeadEvent, QueueEvent } from '../events/event-types.ts';
import type { EngineContext } from './context.ts';

/** These jobs and all that wait for them, directly or not: what a death of theirs concerns. */
export function* withDescendants(engine: EngineContext, ids: readonly string[]): Generator<string> {
  for (const id of ids) {
    yield id;
    yield* engine.machine.family.descendantsOf(id);
  }
}

/** DEAD, reason 'parent', of all that wait for those jobs which these events let die. Belongs into the same frame. */
export function deathOfChildren(engine: EngineContext, events: readonly QueueEvent[], at: number): DeadEvent[] {
  const deaths = new Map<string, DeadEvent>();
  for (const event of events) {
    if (event.type !== 'DEAD' && event.type !== 'CANCEL') continue;
    for (const id of engine.machine.family.descendantsOf(event.id)) {
      if (deaths.has(id)) continue;
      const error = `job ${event.id}, which it waited for, ${event.type === 'CANCEL' ? 'was cancelled' : `died: ${event.reason}`}`;
      deaths.set(id, { type: 'DEAD', id, at, reason: 'parent', error });
    }
  }
  return [...deaths.values()];
}
