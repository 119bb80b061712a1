import { Exit, usageError, WalqError } from '../../base/errors.ts';
import { shellPath } from '../../base/shell-word.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { surveyStore } from '../../storage/survey.ts';
import type { CommandContext } from '../context.ts';
import { openLog } from '../log-source.ts';
import { replayTarget } from '../replay.ts';
import type { ReplayResult } from '../replay-types.ts';
import { resolveRange } from '../resolve.ts';
import type { SelectorRange } from '../selector.ts';
import type { Target } from '../target.ts';

/** The points of a log: the states after its events, by seq; 0 is the state before the first event. */
export interface Points {
  /** Good, if anything is: the event sought comes after it. */
  lower: number;
  /** The event sought is this one, or one before it. Undefined: the end of the log. */
  upper: number | undefined;
  /** Those whose state a snapshot has, ascending; all of them after `lower`. */
  snapshots: number[];
}

/**
 * Throws E_BEFORE_BASE (2) for a range that begins where no state is left, E_SELECTOR (2), E_NO_BASE (3) when there is
 * none at all.
 */
export async function pointsOf(
  context: CommandContext,
  target: Target,
  range: SelectorRange | undefined,
): Promise<Points> {
  if (range !== undefined && range.from === range.to) {
    throw usageError('E_SELECTOR', 'bisect looks for an event among several: give a range A..B, A.. or ..B');
  }
  const { begins, snapshots } = target.kind === 'store' ? await basesOf(context, target.path) : noBases;
  const earliest = begins ? 0 : await earliestOf(context, target, snapshots);
  if (range?.from?.kind === 'seq' && range.from.seq <= earliest && earliest > 0) {
    throw noStateBefore(range.from.seq, earliest + 1);
  }
  const { from, to } = range === undefined ? {} : await resolveRange(range, openLog(context, target).look());
  if (from !== undefined && from <= earliest) throw noStateBefore(from, earliest + 1);
  const lower = from === undefined ? earliest : from - 1;
  return { lower, upper: to, snapshots: snapshots.filter((seq) => seq > lower) };
}

/** A search begins with the state before its first event: it needs one event more than a replay. */
function noStateBefore(from: number, earliest: number): WalqError {
  const text = `no state is left from before seq ${from}: the first event that can be searched is seq ${earliest}`;
  return usageError('E_BEFORE_BASE', text, { data: { earliest }, next: `the same with ${earliest}..` });
}

const noBases = { begins: true, snapshots: [] };

/** `begins`: the log is there from its first event on. */
async function basesOf(context: CommandContext, store: string): Promise<{ begins: boolean; snapshots: number[] }> {
  const { live, snapshots } = await surveyStore(context.env, store);
  const first = live[0]?.seqFirst ?? 1;
  const seqs = snapshots.flatMap(({ seq, point }) => (point === undefined || seq < first - 1 ? [] : [seq]));
  return { begins: first === 1, snapshots: seqs.sort((a, b) => a - b) };
}

/** Where compaction has left no beginning: the oldest snapshot that can be read and fits the log. */
async function earliestOf(context: CommandContext, target: Target, snapshots: readonly number[]): Promise<number> {
  for (const seq of snapshots) {
    try {
      await stateAt(context, target, seq);
      return seq;
    } catch (error) {
      if (!(error instanceof WalqError && (error.code === 'E_NO_BASE' || error.code === 'E_BEFORE_BASE'))) throw error;
    }
  }
  return 0;
}

/** The state after an event, from the nearest snapshot before it. Throws as `replayPath` does. */
export async function stateAt(context: CommandContext, target: Target, seq: number): Promise<ReplayResult> {
  const until = { kind: 'seq', seq } as const;
  return await replayTarget(context, target, {
    until,
    snapshot: 'auto',
    partial: true,
    make: () => new QueueMachine(),
  });
}

/** The whole way from the base of an earlier state to a point, with a state of one's own. */
export async function foldTo<M extends QueueMachine>(
  context: CommandContext,
  target: Target,
  base: ReplayResult['snapshot'],
  until: number,
  make: () => M,
): Promise<ReplayResult<M>> {
  const snapshot = baseFile(target, base);
  return await replayTarget(context, target, { until: { kind: 'seq', seq: until }, snapshot, partial: true, make });
}

/** A base as `replayTarget` wants it named. */
export function baseFile(target: Target, base: ReplayResult['snapshot']): string {
  return base === undefined ? 'none' : `${target.path}/${base.file}`;
}

/** A writer that cleans so often is faster than any search. */
const startsMax = 5;

/**
 * Searches the points of a log, and begins again with those that are left when a writer takes some of them away in the
 * middle of it. Throws E_RACE (1) when that goes on.
 */
export async function besideCleaning<T>(
  context: CommandContext,
  target: Target,
  range: SelectorRange | undefined,
  search: (points: Points) => Promise<T>,
): Promise<T> {
  for (let start = 1; ; start++) {
    const points = await pointsOf(context, target, range);
    try {
      return await search(points);
    } catch (error) {
      if (target.kind !== 'store' || !mayBeCleaning(error)) throw error;
      const { lower } = await pointsOf(context, target, range);
      if (lower === points.lower) throw error;
      if (start === startsMax) throw cleaned(target.path);
      context.note(`the log was cleaned up to seq ${lower} meanwhile: beginning again from there`);
    }
  }
}

/** What a state is made of is not there any more. */
function mayBeCleaning(error: unknown): boolean {
  return error instanceof WalqError && ['E_BEFORE_BASE', 'E_NO_BASE', 'E_NO_FILE'].includes(error.code);
}

function cleaned(store: string): WalqError {
  const text = `the log of ${store} was cleaned during each of ${startsMax} searches`;
  return new WalqError(Exit.failed, 'E_RACE', text, {
    data: { store },
    next: `walq backup ${shellPath(store)} COPY, and search that`,
  });
}
