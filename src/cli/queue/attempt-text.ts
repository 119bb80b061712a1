import { formatDuration, roughly } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import type { Attempt } from '../../commands/queue/history.ts';
import type { JobView } from '../../commands/queue/show.ts';
import type { Session } from '../session.ts';
import { type Column, renderTable } from '../table.ts';
import { counted, cut, isoTime } from '../text.ts';

const errorLinesMax = 8;

const columns: readonly Column[] = [
  { title: '  #', align: 'right' },
  { title: 'STARTED' },
  { title: 'TOOK', align: 'right' },
  { title: 'END', flexible: true },
  { title: 'RUNNER', flexible: true },
  { title: 'NEXT' },
];

/** Each attempt in a row, what it said last below the table of its row, and what the log has forgotten. */
export function attemptLines(view: JobView, session: Session): string[] {
  const { attempts } = view.history;
  const { width, style } = session;
  const forgotten = forgottenText(view);
  const notes = forgotten === undefined ? [] : [style.dim(`  ${forgotten}`)];
  if (attempts.length === 0) return [...notes, ...(forgotten === undefined ? [style.dim('  none yet')] : [])];
  const rows = attempts.map((attempt, index) => rowOf(attempt, attempts[index + 1], view.look.phases.now, width));
  const [head = '', ...lines] = renderTable(columns, rows, { width, style }).replace(/\n$/, '').split('\n');
  const body = lines.flatMap((line, index) => [line, ...errorLines(attempts[index], session)]);
  return [...notes, head, ...body];
}

function rowOf(attempt: Attempt, following: Attempt | undefined, now: number, width: number | undefined): string[] {
  const { startedMs, durationMs, runner, lease, outcome } = attempt;
  const tookMs = outcome === 'running' && startedMs !== undefined ? Math.max(0, now - startedMs) : durationMs;
  return [
    `  ${attempt.attempt ?? '?'}`,
    startedMs === undefined ? '?' : startText(startedMs, width),
    tookMs === undefined ? '?' : tookText(tookMs),
    endText(attempt),
    runner ?? (lease === undefined ? '' : `lease ${escapeText(lease)}`),
    nextText(attempt, following, now),
  ];
}

/** A terminal has no room for milliseconds. */
function startText(ms: number, width: number | undefined): string {
  return width === undefined ? isoTime(ms) : isoTime(ms).replace(/\.\d{3}Z$/, 'Z');
}

/** Milliseconds while they are a good part of it. */
function tookText(ms: number): string {
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

/** Honest about what compaction took: the log may begin after the job did. */
function forgottenText({ history, logBegins, job }: JobView): string | undefined {
  if (history.whole || logBegins <= 1) return undefined;
  const known =
    job === undefined ? '' : `; what the job itself remembers is below, ${counted(job.attempt, 'attempt')} in all`;
  return `the log begins at seq ${logBegins}: compaction has removed what came before${known}`;
}
