import { usageError, WalqError } from '../../base/errors.ts';
import type { CommandContext } from '../context.ts';
import { replayTarget } from '../replay.ts';
import type { ReplayResult } from '../replay-types.ts';
import { formatSelector, type SelectorRange } from '../selector.ts';
import { isForeign, nameOf, type Target } from '../target.ts';
import { baseFile, type Points, pointsOf, stateAt } from './points.ts';
import type { Question } from './question.ts';
import { foreignTurn, turnOf } from './turn.ts';
import type { BisectResult } from './types.ts';
import { Watch } from './watch.ts';

/** One reading that looks at every event, so that the answer is the very first one. */

/**
 * Of a log without snapshots beside it: a segment, a stream, a log of another system. Throws as `replayPath` does,
 * E_SELECTOR (2) for a beginning in the middle of a foreign log.
 */
export async function scanLog(
  context: CommandContext,
  target: Target,
  range: SelectorRange | undefined,
  question: Question,
): Promise<BisectResult> {
  if (!isForeign(target)) {
    const points = await pointsOf(context, target, range);
    const result = await read(context, target, points, undefined, question);
    return await answerOf(context, target, points.lower, result, question);
  }
  // Its numbers start again, so a beginning names no one state.
  if (range?.from !== undefined) {
    throw usageError(
      'E_SELECTOR',
      'a log of another system is read from its beginning: only an end can be given, ..B',
      {
        data: { selector: formatSelector(range.from) },
      },
    );
  }
  const make = () => new Watch(question, 0);
  const result = await replayTarget(context, target, { until: range?.to, snapshot: 'none', make });
  return await answerOf(context, target, 0, result, question);
}

/** Of a store. Undefined where damage lies in the way: then snapshots behind it know more. */
export async function scanStore(
  context: CommandContext,
  target: Target,
  points: Points,
  question: Question,
): Promise<BisectResult | undefined> {
  const { lower } = points;
  const base = lower === 0 ? undefined : (await stateAt(context, target, lower)).snapshot;
  const result = await read(context, target, points, base, question).catch(endsEarly);
  const sound = result?.findings.every(({ severity }) => severity === 'note' || severity === 'torn');
  return sound === true && result !== undefined ? await answerOf(context, target, lower, result, question) : undefined;
}

async function read(
  context: CommandContext,
  target: Target,
  { lower, upper }: Points,
  base: ReplayResult['snapshot'],
  question: Question,
): Promise<ReplayResult<Watch>> {
  const until = upper === undefined ? undefined : ({ kind: 'seq', seq: upper } as const);
  const make = () => new Watch(question, lower);
  return await replayTarget(context, target, { until, snapshot: baseFile(target, base), make });
}

/** The end of the range lies behind a hole, or is not in the log at all: the caller finds out which. */
function endsEarly(error: unknown): undefined {
  if (!(error instanceof WalqError) || error.code !== 'E_SEQ_RANGE') throw error;
}

async function answerOf(
  context: CommandContext,
  target: Target,
  lower: number,
  { machine, seq, replayed, skipped, verdict, findings, originalId = (id) => id }: ReplayResult<Watch>,
  question: Question,
): Promise<BisectResult> {
  machine.ask();
  // Of a foreign log places are counted, and what nobody can name has none.
  const last = isForeign(target) ? replayed - (skipped - machine.totals.skipped) : Number(seq);
  const to = Math.max(lower, last);
  const base = { target: nameOf(target), first: true, from: lower + 1, to, probes: [], replayed, verdict, findings };
  const { already, caught } = machine;
  if (already || caught === undefined) {
    return { ...base, outcome: already ? 'before' : 'never', seen: question.look(machine) };
  }
  const turn = isForeign(target) ? foreignTurn(target, caught, originalId) : await turnOf(context, target, caught);
  return { ...base, outcome: 'found', seen: [], turn };
}
