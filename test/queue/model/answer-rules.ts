import type { FailAnswer, Lease, PruneRequest } from '../../../src/queue/engine-types.ts';
import type { InFlightJob } from '../../../src/queue/state/job.ts';
import type { Frame } from './disk.ts';
import { fits } from './fits.ts';
import type { History } from './history.ts';
import { holder } from './operations.ts';
import type { State } from './state.ts';
import { gone, prunable } from './sweep-rules.ts';
import type { Op } from './world.ts';

/** Answers of the operations that may write several frames, against those frames. */

/** Answers how many were begun. */
export function checkDispatched({ answer }: Op, frames: readonly Frame[]): number {
  const own = frames.filter(({ events: [first] }) => first?.type === 'DISPATCH');
  if (own[0]?.seqFirst !== (answer as InFlightJob | undefined)?.dispatchSeq || own.length > 1)
    throw new Error('answered another attempt than it wrote');
  return own.length;
}

/** Answers how many were begun; undefined when the tokens stood for jobs already. */
export function checkLeased(
  history: History,
  op: Op,
  tokens: readonly string[],
  frames: readonly Frame[],
): number | undefined {
  const leases = op.answer as Lease[];
  if (frames.length === 0 && leases.length > 0) {
    const isHeld = (state: State): boolean =>
      leases.every(({ token, job }) => tokens.includes(token) && holder(state, token)?.dispatchSeq === job.dispatchSeq);
    if (!history.justifies(op, isHeld)) throw new Error('answered leases that nobody held');
    return undefined;
  }
  const events = frames.flatMap(({ events }) => events).filter((event) => event.type === 'DISPATCH');
  const taken = leases.map(({ token, job }) => ({ id: job.id, owner: { kind: 'lease', token } }));
  if (!fits(events, taken)) throw new Error('answered other leases than it wrote');
  return leases.length;
}

export function checkReclaimAnswer({ answer }: Op, frames: readonly Frame[]): void {
  const events = frames.flatMap(({ events, seqFirst }) =>
    events.map((event, index) => ({ event, seq: seqFirst + index })),
  );
  const own = events.filter(({ event }) => !('reason' in event && event.reason === 'parent')).map(({ seq }) => seq);
  const told = (answer as FailAnswer[]).map(({ seq }) => seq);
  if (own.join() !== told.join()) throw new Error('answered other jobs than it reclaimed');
}

export function checkPrune(history: History, op: Op, request: PruneRequest, frames: readonly Frame[]): void {
  const pruned = frames.flatMap((frame) => gone(history, frame)).length;
  if (pruned !== op.answer) throw new Error(`answers ${op.answer}, forgot ${pruned}`);
  if (frames.length > 0) return;
  const before = history.at(op.seq);
  const isEmpty = (state: State, at: number): boolean => {
    const then = prunable(before, at, request);
    return [...prunable(state, at, request)].every((id) => !then.has(id));
  };
  if (!history.justifies(op, isEmpty)) throw new Error('forgot nothing');
}
