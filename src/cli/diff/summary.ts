import { roughly } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import type { DiffTotals } from '../../commands/diff/compare.ts';
import type { Difference } from '../../commands/diff/diff.ts';
import type { PointFacts, PointState } from '../../commands/diff/states.ts';
import { shownPath } from '../../commands/target.ts';
import { jobStates } from '../../queue/state/job.ts';
import { labelledLine } from '../labelled.ts';
import type { Session } from '../session.ts';
import { count, counted, isoTime } from '../text.ts';

const labelColumns = 8;

/** Both ends and the totals, a few lines. */
export function summaryLines(difference: Difference, totals: DiffTotals, session: Session): string[] {
  const { before, after } = difference;
  const facts: [string, string][] = [
    ['before', pointText(difference, before.facts)],
    ['after', `${pointText(difference, after.facts)}${apart(difference)}`],
    ['jobs', jobsText(difference, totals)],
    ['status', statusText(before, after)],
    ['moves', movesText(totals)],
    ['events', eventsText(totals)],
  ];
  return facts.flatMap(([label, text]) => (text === '' ? [] : [labelledLine(label, text, labelColumns, session)]));
}

function pointText({ acrossLogs }: Difference, { target, seq, atMs, snapshot, replayed }: PointFacts): string {
  const parts = [
    ...(acrossLogs || target.kind === 'snapshot' ? [escapeText(shownPath(target.path))] : []),
    seq === undefined ? 'seq unknown' : `seq ${seq}`,
    ...(atMs === undefined ? [] : [isoTime(atMs)]),
  ];
  if (snapshot !== undefined) parts.push(escapeText(`snapshot ${snapshot.seq} + ${counted(replayed, 'event')}`));
  return parts.join('  ');
}

/** How far the second end is from the first. */
function apart({ before, after, backwards }: Difference): string {
  const [from, to] = [before.facts.atMs, after.facts.atMs];
  if (from === undefined || to === undefined || from === to) return '';
  return `  ${roughly(Math.abs(to - from))} ${backwards || to < from ? 'earlier' : 'later'}`;
}

function jobsText({ before, after }: Difference, { kinds, differing, same }: DiffTotals): string {
  const total = ({ state }: PointState): number => jobStates.reduce((sum, each) => sum + state.counts[each], 0);
  const head = `${count(total(before))} -> ${count(total(after))}`;
  if (differing === 0) return `${head}: no difference`;
  const changed = differing - kinds.created - kinds.gone;
  const parts = [
    kinds.created === 0 ? [] : `${count(kinds.created)} created`,
    kinds.gone === 0 ? [] : `${count(kinds.gone)} gone`,
    kinds.replaced === 0 ? [] : `${count(kinds.replaced)} replaced`,
    changed - kinds.replaced === 0 ? [] : `${count(changed - kinds.replaced)} changed`,
    `${count(same)} the same`,
  ];
  return `${head}: ${parts.flat().join(', ')}`;
}

function statusText({ state: { counts: was } }: PointState, { state: { counts: is } }: PointState): string {
  return jobStates
    .filter((state) => was[state] > 0 || is[state] > 0)
    .map(
      (state) =>
        `${state} ${was[state] === is[state] ? count(is[state]) : `${count(was[state])} -> ${count(is[state])}`}`,
    )
    .join(', ');
}

function movesText({ moves }: DiffTotals): string {
  return moves
    .map(({ from, to, jobs }) => {
      if (from === 'none') return `new ${to} ${count(jobs)}`;
      return to === 'none' ? `${from} gone ${count(jobs)}` : `${from} -> ${to} ${count(jobs)}`;
    })
    .join(', ');
}

/** What happened in between, jobs that came and went included. */
function eventsText({ events = {} }: DiffTotals): string {
  return Object.entries(events)
    .map(([name, value]) => `${count(Number(value))} ${name === 'timedOut' ? 'timed out' : name}`)
    .join(', ');
}

/** Where filters or a limit leave out what the totals count. */
export function shownText(shown: number, { differing }: DiffTotals): string {
  return shown < differing ? `${counted(shown, 'job')} of ${count(differing)} shown` : '';
}
