import type { Frame } from './disk.ts';
import { type History, timeOf } from './history.ts';
import { freeToLive, type State } from './state.ts';
import { expectFrame } from './sweep-rules.ts';
import type { Op } from './world.ts';

/** Dead jobs of this name, and those that died of their death, directly or not. */
function called(state: State, name: string | undefined): Set<string> {
  const found = new Set<string>();
  for (const { id, phase, reason, parents, name: own } of state.jobs.values()) {
    if (phase !== 'dead') continue;
    const follows = reason === 'parent' && parents.some((parent) => found.has(parent));
    if (follows || name === undefined || name === own) found.add(id);
  }
  return found;
}

/** Who is called back was decided when it was asked, and is, if it may still live when its turn comes. */
export function checkRedrivenAll(
  history: History,
  op: Op,
  { name, reset }: { name: string | undefined; reset: boolean },
  frame: Frame,
): void {
  const chosen = called(history.at(op.seq), name);
  const before = history.before(frame);
  const dead = [...before.jobs.values()].filter(({ id, phase }) => phase === 'dead' && chosen.has(id));
  const runAt = timeOf(frame.events);
  expectFrame(
    frame,
    [...freeToLive(before, dead)].map((id) => ({ type: 'RETRY', id, reason: 'redrive', reset, refund: false, runAt })),
  );
}
