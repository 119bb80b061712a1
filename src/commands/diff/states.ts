import { usageError, WalqError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { shellPath, shellWord } from '../../base/shell-word.ts';
import type { Job } from '../../queue/state/job.ts';
import type { QueueMachine } from '../../queue/state/machine.ts';
import type { Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { type LogSource, openLog } from '../log-source.ts';
import { lastChangeMs, PointMachine, type StateCut } from '../point-machine.ts';
import { logTarget, replayTarget } from '../replay.ts';
import type { ReplayResult } from '../replay-types.ts';
import { resolveSelector } from '../resolve.ts';
import { formatSelector, type Selector } from '../selector.ts';
import { type Seq, seqOf } from '../seq.ts';
import { isForeign, type Target, type TargetName } from '../target.ts';
import type { ComparedState } from './compare.ts';

/** Where a state is from. */
export interface PointFacts {
  target: TargetName;
  /** Last seq in the state; of a foreign log its own number, as text; undefined where nothing says. */
  seq: Seq | undefined;
  /** When its last event was, as far as is known, ms since the epoch; when a snapshot was written. */
  atMs?: number;
  /** What it was built from. */
  snapshot?: { file: string; seq: Seq };
  /** Events applied after that. */
  replayed: number;
}

export interface PointState {
  facts: PointFacts;
  state: ComparedState;
  verdict: Verdict;
  findings: readonly Finding[];
  /** It lacks nothing up to its point, whatever is wrong elsewhere. */
  whole: boolean;
  /** A foreign log lacks numbers, and all that is there was applied. */
  gaps?: boolean;
  /** A job's id as its own log has it. */
  originalId?: (id: string) => string;
}

export interface TwoStates {
  before: PointState;
  after: PointState;
  /** The first of the two is the later one. */
  backwards: boolean;
  /** How a job that is gone has left, where the events in between were read. */
  departureOf?: (id: string) => 'removed' | 'pruned';
}

/** The state that a replay led to. */
function stateOfReplay(result: ReplayResult): PointState {
  const { machine, target, seq, snapshot, replayed, verdict, findings, whole, gaps, originalId } = result;
  const atMs = machine instanceof PointMachine ? machine.lastMs : (result.atMs ?? lastChangeMs(machine));
  return {
    facts: { target, seq: seqOf(seq), ...(atMs !== undefined && { atMs }), ...(snapshot && { snapshot }), replayed },
    state: stateOfMachine(machine),
    verdict,
    findings,
    whole: whole === true || verdict === 'clean' || verdict === 'padded',
    ...(gaps !== undefined && { gaps }),
    ...(originalId && { originalId }),
  };
}

export function stateOfMachine(machine: QueueMachine): ComparedState {
  return {
    jobs: () => machine.jobs(),
    get: (id) => machine.get(id),
    has: ({ id }) => machine.get(id) !== undefined,
    counts: { ...machine.counts },
    settings: machine.settings.entries(),
    totals: { ...machine.totals },
  };
}

/** The state at a point of one log. Throws as `replayTarget` does. */
export async function stateAt(context: CommandContext, path: string, point: Selector): Promise<PointState> {
  const target = await logTarget(context, path);
  const until = isForeign(target) ? untilOf(point) : await seqUntil(openLog(context, target), point);
  return stateOfReplay(await replay(context, target, until));
}

/**
 * The states at two points of one log, in one reading of it where the same snapshot, or none, leads to both. Throws as
 * `replayTarget` does; E_BEFORE_BASE names the earliest point there is.
 */
export async function statesAt(context: CommandContext, path: string, a: Selector, b: Selector): Promise<TwoStates> {
  const target = await logTarget(context, path);
  try {
    return isForeign(target) ? await ofForeign(context, target, a, b) : await ofLog(context, target, a, b);
  } catch (error) {
    throw error instanceof WalqError && error.code === 'E_BEFORE_BASE' ? withNext(error, target.path, b) : error;
  }
}

async function ofForeign(context: CommandContext, target: Target, a: Selector, b: Selector): Promise<TwoStates> {
  const before = stateOfReplay(await replay(context, target, untilOf(a)));
  const after = stateOfReplay(await replay(context, target, untilOf(b)));
  return { before, after, backwards: before.facts.replayed > after.facts.replayed };
}

async function ofLog(context: CommandContext, target: Target, a: Selector, b: Selector): Promise<TwoStates> {
  const log = openLog(context, target);
  const [untilA, untilB] = [await seqUntil(log, a), await seqUntil(log, b)];
  const backwards = endOf(untilA) > endOf(untilB);
  const [low, high] = backwards ? [untilB, untilA] : [untilA, untilB];
  const late = await replay(context, target, high, endOf(low));
  const early = earlyOf(late, endOf(low)) ?? stateOfReplay(await replay(context, target, low));
  const sides = { early, late: stateOfReplay(late) };
  const { machine } = late;
  const seen = !backwards && early.facts.snapshot?.seq === late.snapshot?.seq && machine instanceof PointMachine;
  return {
    before: backwards ? sides.late : sides.early,
    after: backwards ? sides.early : sides.late,
    backwards,
    ...(seen && { departureOf: (id: string) => (machine.removed.has(id) ? 'removed' : 'pruned') }),
  };
}

/** The earlier state, when the reading that led to the later one came by it. */
function earlyOf(late: ReplayResult, low: number): PointState | undefined {
  const { machine, seq, snapshot, target, verdict, findings } = late;
  if (!(machine instanceof PointMachine) || Number(snapshot?.seq ?? 0) > low) return undefined;
  // Nothing came behind the point: both are the same.
  if (machine.taken === undefined) return Number(seq) < low && Number.isFinite(low) ? undefined : stateOfReplay(late);
  const { taken } = machine;
  const { atMs, applied: replayed } = taken;
  return {
    facts: { target, seq: low, ...(atMs !== undefined && { atMs }), ...(snapshot && { snapshot }), replayed },
    state: stateOfCut(taken, low),
    verdict,
    findings,
    whole: true,
  };
}

/** Jobs of one log are the same when they were enqueued by the same event. */
export function stateOfCut({ jobs, settings, totals, counts }: StateCut, seqLast: number): ComparedState {
  return {
    jobs: () => jobs,
    get: (id) => jobs.find((job: Job) => job.id === id),
    has: ({ seq }) => seq <= seqLast,
    counts,
    settings,
    totals,
  };
}

async function replay(
  context: CommandContext,
  target: Target,
  until: Selector | undefined,
  cutAt?: number,
): Promise<ReplayResult> {
  return await replayTarget(context, target, { until, snapshot: 'auto', make: () => new PointMachine(cutAt) });
}

/** The end is whatever can be read: damage there must not make a point of it that no reading reaches. */
function untilOf(point: Selector): Selector | undefined {
  return point.kind === 'tail' ? undefined : point;
}

async function seqUntil(log: LogSource, point: Selector): Promise<Selector | undefined> {
  const until = untilOf(point);
  return until && { kind: 'seq', seq: await resolveSelector(until, log.look(), 'end') };
}

function endOf(point: Selector | undefined): number {
  return point?.kind === 'seq' ? point.seq : Number.POSITIVE_INFINITY;
}

/** Says how far back a difference can go. */
function withNext(error: WalqError, path: string, b: Selector): WalqError {
  const { earliest } = error.data;
  const message = `${error.message}; what came before is not in the store any more`;
  // The second point may be the one that is not there, and a time does not tell.
  const isThere = b.kind === 'snap' || (b.kind === 'seq' && b.seq >= Number(earliest));
  const to = isThere ? shellWord(formatSelector(b)) : '@tail';
  return usageError('E_BEFORE_BASE', message, {
    data: error.data,
    ...(typeof earliest === 'number' && { next: `walq wal diff ${shellPath(path)} ${earliest} ${to}` }),
    cause: error,
  });
}
