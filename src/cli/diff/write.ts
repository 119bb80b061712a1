import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { type ChangeKind, changeKinds, type DiffTotals } from '../../commands/diff/compare.ts';
import type { Difference } from '../../commands/diff/diff.ts';
import { differenceMembers } from '../../commands/diff/members.ts';
import { type ChangeSelection, narrows, selectChanges } from '../../commands/diff/select.ts';
import type { PointState } from '../../commands/diff/states.ts';
import { shownPath } from '../../commands/target.ts';
import { exitOfVerdict, worstExit } from '../../commands/verdict.ts';
import { compileWhere } from '../../commands/where/compile.ts';
import { storedJobFields, withoutMoment } from '../../commands/where/job-fields.ts';
import { type JobState, jobStates } from '../../queue/state/job.ts';
import { verdictText, writeFaults } from '../findings.ts';
import type { Session } from '../session.ts';
import { changeWriter } from './rows.ts';
import { shownText } from './summary.ts';

export interface DiffFlags {
  job?: string[];
  type?: string[];
  state?: string[];
  name?: string[];
  group?: string[];
  idPrefix?: string;
  where?: string;
  limit?: number;
  exitCode?: boolean;
  output: 'text' | 'table' | 'json' | 'ndjson';
}

/** Throws E_USAGE (2) for a kind of change or a state that there is not, E_WHERE (2). */
export function selectionOf(session: Session, flags: DiffFlags): ChangeSelection {
  const { job, type, state, name, group, idPrefix, where, limit } = flags;
  const source = { flag: '--where', text: where ?? '', without: withoutMoment };
  return {
    ...(job && { ids: job }),
    ...(type && { kinds: type.map((each) => known<ChangeKind>(each, changeKinds, '--type')) }),
    ...(state && { states: state.map((each) => known<JobState>(each.replace('-', '_'), jobStates, '--state')) }),
    ...(name && { names: name }),
    ...(group && { groups: group }),
    ...(idPrefix !== undefined && { idPrefix }),
    ...(where !== undefined && { where: compileWhere(storedJobFields, source, session.context.env.clock.now()) }),
    ...(limit !== undefined && { limit }),
  };
}

function known<T extends string>(text: string, all: readonly T[], flag: string): T {
  const found = all.find((each) => each === text.toLowerCase());
  if (found !== undefined) return found;
  throw usageError('E_USAGE', `${flag}: '${escapeText(text)}' is not allowed; allowed are ${all.join(', ')}`);
}

/** Totals first, then a line for each setting and job that is not the same: however many, one after the other. */
export async function writeDifference(
  session: Session,
  difference: Difference,
  selection: ChangeSelection,
  flags: DiffFlags,
): Promise<ExitCode> {
  const totals = difference.diff.totals();
  session.settle();
  const writer = changeWriter(session, difference, flags);
  await writer.begin(totals);
  const isNarrow = narrows(selection);
  if (!isNarrow) for (const setting of totals.settings) await writer.setting(setting);
  let shown = 0;
  let differ = !isNarrow && totals.settings.length > 0;
  const missing = new Set(flags.job);
  for (const change of selectChanges(difference.diff, selection)) {
    shown++;
    missing.delete(change.id);
    differ ||= change.kinds.length > 0;
    await writer.job(change);
  }
  // A limit hides lines, not differences.
  if (flags.limit !== undefined && !differ) differ = hasAny(difference, { ...selection, limit: 1 });
  const exit = exitOf(difference, flags, differ, missing);
  await writer.end({ shown, ...differenceMembers(difference, totals), exit });
  await session.out.flush();
  await explain(session, difference, totals, { shown, isNarrow: isNarrow || flags.limit !== undefined, missing });
  return exit;
}

function hasAny({ diff }: Difference, selection: ChangeSelection): boolean {
  for (const { kinds } of selectChanges(diff, selection)) if (kinds.length > 0) return true;
  return false;
}

/** As of git: a difference is no failure unless the caller wants to know. Damage and a job nobody knows are. */
function exitOf(
  { before, after }: Difference,
  { exitCode = false }: DiffFlags,
  differ: boolean,
  missing: ReadonlySet<string>,
): ExitCode {
  const unknown = missing.size > 0 || (exitCode && differ) ? Exit.failed : Exit.ok;
  return worstExit([exitOfVerdict(before.verdict), exitOfVerdict(after.verdict), unknown]);
}

async function explain(
  session: Session,
  { before, after }: Difference,
  totals: DiffTotals,
  { shown, isNarrow, missing }: { shown: number; isNarrow: boolean; missing: ReadonlySet<string> },
): Promise<void> {
  const { err, errStyle } = session;
  for (const id of missing)
    await err.line(`neither side knows a job ${escapeText(id)} ${errStyle.dim('[E_JOB_UNKNOWN]')}`);
  const text = isNarrow && missing.size === 0 && session.out.isTerminal ? shownText(shown, totals) : '';
  if (text !== '') await err.line(errStyle.dim(text));
  const sides = before.facts.target.path === after.facts.target.path ? [worstSide(before, after)] : [before, after];
  for (const side of sides) {
    if (exitOfVerdict(side.verdict) === Exit.ok) continue;
    await writeFaults(session, side.findings);
    await err.write(verdictText(side.verdict, [meaningOf(side)], errStyle));
  }
}

/** Both were read from one log: its faults are told once, with what they mean for the state that they touch. */
function worstSide(before: PointState, after: PointState): PointState {
  return after.whole ? before : after;
}

/** What the fault means for the states compared. */
function meaningOf({ facts: { target, seq }, verdict, whole, gaps }: PointState): string {
  const path = escapeText(shownPath(target.path));
  if (whole || verdict === 'degraded' || verdict === 'torn') return `${path}: the states compared are whole`;
  if (gaps === true) return `${path}: numbers are missing; the states are what the events that are there lead to`;
  return `${path}: the state up to seq ${seq}; what lies behind the fault is not compared`;
}
