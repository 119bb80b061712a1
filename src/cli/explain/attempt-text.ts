import { formatDuration, roughly } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import type { Attempt } from '../../commands/explain/history.ts';
import type { JobView } from '../../commands/explain/view.ts';
import { tookMs } from '../../queue/state/took.ts';
import type { Session } from '../session.ts';
import { type Column, renderTable } from '../table.ts';
import { counted, cut, isoTime, wrap } from '../text.ts';

const errorLinesMax = 8;

const columns: readonly Column[] = [
  { title: '  #', align: 'right' },
  { title: 'STARTED' },
  { title: 'PENDING', align: 'right' },
  { title: 'TOOK', align: 'right' },
  { title: 'END', flexible: true },
  { title: 'RUNNER', flexible: true },
  { title: 'NEXT' },
];

/** Each attempt in a row, what it said last below the table of its row, and what the log does not tell any more. */
export function attemptLines(view: JobView, session: Session): string[] {
  const { attempts } = view.history;
  const { width, style } = session;
  const notes = gapTexts(view).map((text) => {
    const line = `  ${text}`;
    return style.dim(width === undefined ? line : wrap(line, width, '  '));
  });
  if (attempts.length === 0) return [...notes, ...(notes.length === 0 ? [style.dim('  none yet')] : [])];
  const { now } = view.scene.phases;
  const rows = attempts.map((attempt, index) => rowOf(attempt, attempts[index + 1], now, width));
  // Nobody can say when its runner left it.
  const open = view.phase?.kind === 'orphaned' ? rows.at(-1) : undefined;
  open?.splice(3, 2, '?', 'orphaned');
  const [head = '', ...lines] = renderTable(columns, rows, { width, style }).replace(/\n$/, '').split('\n');
  const body = lines.flatMap((line, index) => [line, ...errorLines(attempts[index], session)]);
  return [...notes, head, ...body];
}

function rowOf(attempt: Attempt, following: Attempt | undefined, now: number, width: number | undefined): string[] {
  const { startedMs, pendingMs, runner, lease, outcome } = attempt;
  const took = outcome === 'running' && startedMs !== undefined ? tookMs(startedMs, now) : attempt.tookMs;
  return [
    `  ${attempt.attempt ?? '?'}`,
    startedMs === undefined ? '?' : startText(startedMs, width),
    pendingMs === undefined ? '?' : tookText(pendingMs),
    took === undefined ? '?' : tookText(took),
    endText(attempt),
    runner ?? (lease === undefined ? '' : `lease ${escapeText(lease)}`),
    nextText(attempt, following, now),
  ];
}

/** A terminal has no room for milliseconds. */
function startText(ms: number, width: number | undefined): string {
  // 0 stands for "the foreign log had no time".
  if (ms === 0) return '?';
  return width === undefined ? isoTime(ms) : isoTime(ms).replace(/\.\d{3}Z$/, 'Z');
}

/** Milliseconds while they are a good part of it. */
export function tookText(ms: number): string {
  return ms < 10_000 ? formatDuration(ms) : roughly(ms);
}

/** When the next attempt could begin, seen from the end of this one; for the one to come, from now. */
function nextText({ endedMs, nextRunMs }: Attempt, following: Attempt | undefined, now: number): string {
  if (nextRunMs === undefined) return '';
  if (following === undefined && nextRunMs > now) return `in ${roughly(nextRunMs - now)}`;
  const waitMs = endedMs === undefined ? 0 : Math.max(0, nextRunMs - endedMs);
  return waitMs === 0 ? 'at once' : `${roughly(waitMs)} later`;
}

/** `completed`, `failed: exit 1`, `failed: timeout`, `dead: attempts, exit 1`, `did not count: crash`. */
function endText({ outcome, timedOut, reason, exitCode, signal }: Attempt): string {
  const exit = signal ?? (exitCode === undefined ? undefined : `exit ${exitCode}`);
  const why = [
    ...(timedOut && reason !== 'timeout' ? ['timed out'] : []),
    // That it failed says the word already.
    ...(reason === undefined || reason === 'failed' ? [] : [escapeText(reason)]),
    ...(exit === undefined ? [] : [escapeText(exit)]),
  ].join(', ');
  const word = outcome === 'returned' ? 'did not count' : outcome;
  return why === '' ? word : `${word}: ${why}`;
}

/** The end of what it printed, cut to the terminal. */
function errorLines(attempt: Attempt | undefined, { width, style }: Session): string[] {
  const text = attempt?.error?.trimEnd() ?? '';
  if (text === '') return [];
  const lines = text.split('\n');
  const shown = lines.slice(-errorLinesMax).map((line) => {
    const safe = `      | ${escapeText(line.replace(/\r$/, '').replaceAll('\t', '  '))}`;
    return style.dim(width === undefined ? safe : cut(safe, width));
  });
  const more = lines.length - errorLinesMax;
  return more > 0 ? [style.dim(`      | … ${counted(more, 'line')} before`), ...shown] : shown;
}

const rangesShown = 3;

/** Honest about what is not there: the log may begin after the job did, or have a hole. */
function gapTexts({ history, logBegins, lost, job, scene: { snapshot, target } }: JobView): string[] {
  const texts: string[] = [];
  if (!history.whole && Number(logBegins ?? 1) > 1) {
    const from = snapshot === undefined ? '' : `; what is known of that time comes from ${escapeText(snapshot.file)}`;
    const known = job === undefined ? '' : ` (${counted(job.attempt, 'attempt')} in all)`;
    const where =
      target.kind === 'store' ? `events before seq ${logBegins} are cleaned away` : `this begins at seq ${logBegins}`;
    texts.push(`${where}${from}${known}`);
  }
  if (lost.length > 0) {
    const ranges = lost.slice(0, rangesShown).map(({ seqFirst, seqLast }) => rangeText(seqFirst, seqLast));
    const more = lost.length > rangesShown ? ` and ${counted(lost.length - rangesShown, 'more range')}` : '';
    texts.push(`seq ${ranges.join(', ')}${more} cannot be read: what they say of this job is missing`);
  }
  return texts;
}

function rangeText(first: number, last: number): string {
  return first === last ? String(first) : `${first}..${last}`;
}
