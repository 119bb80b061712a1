import type { CommandContext } from '../context.ts';
import type { DiffArguments } from './arguments.ts';
import { StateDiff } from './compare.ts';
import { knownFields } from './known.ts';
import { type PointState, stateAt, statesAt, type TwoStates } from './states.ts';

/** The difference between two states, and where they are from. */
export interface Difference extends TwoStates {
  diff: StateDiff;
  /** They are of two logs: numbers of a log say nothing about the other. */
  acrossLogs: boolean;
}

/** Throws as `statesAt` and `stateAt` do. */
export async function diffLogs(context: CommandContext, { path, a, b, other }: DiffArguments): Promise<Difference> {
  if (other === undefined) return differenceOf(await statesAt(context, path, a, b), false);
  return ofTwo(await stateAt(context, path, a), await stateAt(context, other, b));
}

/** Two states that have no log in common. */
export function ofTwo(before: PointState, after: PointState): Difference {
  return differenceOf({ before, after, backwards: false }, true);
}

export function differenceOf(states: TwoStates, acrossLogs: boolean): Difference {
  const { before, after, backwards } = states;
  const [early, late] = backwards ? [after, before] : [before, after];
  const known = acrossLogs ? knownFields(before.facts.target, after.facts.target) : undefined;
  return { ...states, acrossLogs, diff: new StateDiff(early.state, late.state, { acrossLogs, known, backwards }) };
}
