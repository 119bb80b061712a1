import { escapeText } from '../../base/escape.ts';
import { shellPath } from '../../base/shell-word.ts';
import type { Asked, BisectResult, Touched, Turn } from '../../commands/bisect/types.ts';
import { rowText } from '../../commands/event-row.ts';
import { shownPath } from '../../commands/target.ts';
import { labelledLine } from '../labelled.ts';
import { seenText } from '../seen-text.ts';
import type { Session } from '../session.ts';
import { count, counted, isoTime } from '../text.ts';

const labelColumns = 10;
const touchedShown = 10;

/** The answer for people: what turned when, the event itself, what it did, and what the search has cost. */
export function bisectLines(session: Session, asked: Asked, result: BisectResult): string[] {
  const rows: [string, string][] = [...turnRows(result), ['searched', searchText(asked, result)]];
  return [
    headline(session, asked, result),
    ...rows.map(([label, text]) => labelledLine(label, text, labelColumns, session)),
  ];
}

function headline({ style }: Session, asked: Asked, result: BisectResult): string {
  const { where, job, run } = asked;
  const what = (job === undefined ? '' : `${escapeText(job)}: `) + style.strong(escapeText(run ?? where ?? ''));
  const seen = result.seen.length === 0 ? '' : `: ${seenText(result.seen)}`;
  const { outcome, from, to, turn, first } = result;
  const before = from === 1 ? 'before the first event' : `at seq ${from - 1}, before the range`;
  switch (outcome) {
    case 'found': {
      const seq = style.strong(String(turn?.seq ?? to));
      return run === undefined ? `${what} turned true at seq ${seq}` : `${what} turned bad at seq ${seq}`;
    }
    case 'never':
      if (run !== undefined) return `${what} is good at seq ${to}, the end of the range`;
      return first
        ? `${what} holds after no event up to seq ${to}${seen}`
        : `${what} does not hold at seq ${to}${seen}`;
    case 'before':
      return `${what} ${run === undefined ? 'holds already' : 'is bad already'} ${before}${seen}`;
    case 'unsure':
      return `${what} ${unsureText(asked, result)}`;
  }
}

function unsureText(
  { run }: Asked,
  { candidates: { from, to } = { from: 0, to: 0 }, first, probes }: BisectResult,
): string {
  const cause = 'damage keeps the states between from being known';
  if (first) return `did not hold up to seq ${from - 1}; what comes then cannot be replayed`;
  if (run === undefined) return `turned true somewhere in seq ${from}..${to}: ${cause}`;
  if (probes.every(({ answer }) => answer === 'skip'))
    return 'cannot be told: it skipped every state that it was asked';
  return `turned bad somewhere in seq ${from}..${to}: those between were skipped, or ${cause}`;
}

function turnRows({ turn }: BisectResult): [string, string][] {
  if (turn === undefined) return [];
  const { event, before, after } = turn;
  const rows: [string, string][] = [];
  if (event !== undefined) rows.push(['event', rowText(event)]);
  const timeMs = Number(event?.timeMs ?? Number.NaN);
  if (Number.isSafeInteger(timeMs)) rows.push(['time', isoTime(timeMs)]);
  if (after.length > 0) rows.push(['before', seenText(before)], ['after', seenText(after)]);
  rows.push(['touched', touchedText(turn)]);
  return rows;
}

/** `job_1 in flight -> dead, job_2 gone`. */
function touchedText({ touched, touchedCount }: Turn): string {
  if (touchedCount === 0) return 'no job';
  const shown = touched.slice(0, touchedShown).map(oneTouched);
  const more = touchedCount - shown.length;
  if (shown.length === 0) return counted(touchedCount, 'job');
  return shown.join(', ') + (more > 0 ? ` and ${counted(more, 'more job')}` : '');
}

function oneTouched({ id, before, after }: Touched): string {
  const word = (state: string): string => state.replace('_', ' ');
  if (before === undefined) return `${escapeText(id)} new, ${word(after ?? '')}`;
  if (after === undefined) return `${escapeText(id)} ${word(before)} -> gone`;
  return `${escapeText(id)} ${before === after ? `still ${word(after)}` : `${word(before)} -> ${word(after)}`}`;
}

function searchText({ run }: Asked, { from, to, probes, replayed, first, target, outcome }: BisectResult): string {
  const range = to < from ? 'no event' : target.format === undefined ? `seq ${from}..${to}` : counted(to, 'event');
  const skipped = probes.filter(({ answer }) => answer === 'skip').length;
  const asked = [
    ...(probes.length === 0
      ? []
      : [`${counted(probes.length, 'state')} asked${skipped > 0 ? `, ${count(skipped)} skipped` : ''}`]),
    `${counted(replayed, 'event')} replayed`,
  ];
  return `${range}: ${asked.join(', ')}; ${howSure(run, first, outcome)}`;
}

function howSure(run: string | undefined, first: boolean, outcome: BisectResult['outcome']): string {
  if (first) return outcome === 'unsure' ? 'every event before the damage was looked at' : 'every event was looked at';
  const assumed = 'one change is assumed';
  return run === undefined && outcome !== 'before' ? `${assumed}, --first looks at every event` : assumed;
}

/** The events around it. */
export function nextLine({ turn, target }: BisectResult): string | undefined {
  if (turn === undefined || typeof turn.seq !== 'number' || target.path === '-') return undefined;
  const from = Math.max(1, turn.seq - 10);
  return `walq wal inspect ${shellPath(shownPath(target.path))} ${from}..${turn.seq + 10}`;
}
