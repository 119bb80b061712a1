import { usageError } from '../../base/errors.ts';
import { shellPath } from '../../base/shell-word.ts';
import type { QueueMachine } from '../../queue/state/machine.ts';
import type { CommandContext } from '../context.ts';
import { logTarget } from '../replay.ts';
import { isForeign, shownPath, type Target } from '../target.ts';
import { besideCleaning, type Points } from './points.ts';
import type { Question } from './question.ts';
import { scanLog, scanStore } from './scan.ts';
import { type Ask, Search } from './search.ts';
import { turnOf } from './turn.ts';
import type { BisectRequest, BisectResult } from './types.ts';
import type { Caught } from './watch.ts';

/**
 * The event at which an expression turned true. Halves the snapshots, whose states cost no replay, and then looks at
 * each event between two of them: so it names an event that did turn it, and where there was one change, that one. With
 * `first`, and where there are no snapshots to halve, it looks at every event of the range: the very first one that
 * turned it. Read-only, also beside a writer. Throws as `replayPath` does.
 */
export async function bisectWhere(
  context: CommandContext,
  request: BisectRequest & { first: boolean },
  question: Question,
): Promise<BisectResult> {
  const target = await logTarget(context, request.path);
  if (target.kind !== 'store') return await scanLog(context, target, request.range, question);
  return await besideCleaning(context, target, request.range, (points) =>
    searchStore(context, target, points, question, request.first),
  );
}

async function searchStore(
  context: CommandContext,
  target: Target,
  points: Points,
  question: Question,
  first: boolean,
): Promise<BisectResult> {
  const scanned = first || !hasInside(points) ? await scanStore(context, target, points, question) : undefined;
  if (scanned !== undefined) return scanned;
  const search = new Search(context, target, points, {
    ask: ({ machine }) => ({ answer: question.holds(machine) ? 'bad' : 'good' }),
    look: (machine) => question.look(machine),
  });
  if (first) await search.readEnd();
  else {
    const ended = await search.askEnds();
    if (ended !== undefined) return ended;
    await search.halveSnapshots();
  }
  const { machine, hole } = await search.fold(question);
  if (machine.already) return search.result('before', { first, seen: question.look(machine) });
  if (machine.caught !== undefined) {
    return search.result('found', { first, turn: await turnOf(context, target, machine.caught) });
  }
  // Of a bad point that the events before it do not lead to, lost events know more.
  const candidates = hole ?? (first ? undefined : search.between());
  if (candidates !== undefined) return search.result('unsure', { first, candidates });
  return search.result('never', { first, seen: question.look(machine) });
}

/**
 * The event at which a command began to find the state bad. Halves the snapshots, then the events between two of them:
 * it names an event before which the command found the state good, and after which bad. Throws as `replayPath` does,
 * E_WRONG_TARGET (2) for a log of another system, and what `ask` throws.
 */
export async function bisectAsking(context: CommandContext, request: BisectRequest, ask: Ask): Promise<BisectResult> {
  const target = await logTarget(context, request.path);
  if (isForeign(target)) throw needsOwnLog(target.path);
  return await besideCleaning(context, target, request.range, (points) => askStore(context, target, points, ask));
}

async function askStore(context: CommandContext, target: Target, points: Points, ask: Ask): Promise<BisectResult> {
  const search = new Search(context, target, points, { ask, look: () => [] });
  const ended = await search.askEnds();
  if (ended !== undefined) return ended;
  await search.halveSnapshots();
  const candidates = await search.halveEvents();
  if (candidates !== undefined) return search.result('unsure', { candidates });
  const { bad } = search;
  const at = { holds: (_: QueueMachine, seq: number) => seq === bad, look: () => [] };
  const { caught = lostAt(bad) } = (await search.fold(at)).machine;
  return search.result('found', { turn: await turnOf(context, target, caught) });
}

/** No record stands at this seq: it is among those that a salvage could not read. */
function lostAt(seq: number): Caught {
  return { seq, record: new Uint8Array(), touched: [], touchedCount: 0, before: [], after: [] };
}

/** Snapshots between the ends of the range. */
function hasInside({ snapshots, upper = Number.POSITIVE_INFINITY }: Points): boolean {
  return snapshots.some((seq) => seq < upper);
}

function needsOwnLog(path: string): Error {
  const text = `--run needs a log of walq's own, and ${shownPath(path)} is one of another system: --where can look at it`;
  const next = `walq wal import --from ${shellPath(path)} --store NEW`;
  return usageError('E_WRONG_TARGET', text, { data: { file: path }, next });
}
