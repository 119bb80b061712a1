import type { ComparedState } from '../../src/commands/diff/compare.ts';
import { stateOfCut, stateOfMachine } from '../../src/commands/diff/states.ts';
import { PointMachine } from '../../src/commands/point-machine.ts';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';

export const oneLog = { acrossLogs: false, known: undefined };

/** The states after the first events and after all of them, as one reading of the log gives them. */
export function statesOf(
  first: readonly QueueEvent[],
  more: readonly QueueEvent[],
): { early: ComparedState; late: ComparedState; machine: PointMachine } {
  const machine = new PointMachine(first.length);
  for (const [index, event] of [...first, ...more].entries()) machine.apply(encodeEvent(event), index + 1);
  const late = stateOfMachine(machine);
  const early = machine.taken === undefined ? late : stateOfCut(machine.taken, first.length);
  return { early, late, machine };
}
