import { roughly } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import { detailsText, type EventRow } from '../../commands/event-row.ts';
import type { WatchFrame } from '../../commands/queue/watch.ts';
import { attemptsGranted } from '../../queue/state/job.ts';
import type { PhaseKind } from '../../queue/state/phase.ts';
import { verdictWord } from '../findings.ts';
import { scopeText } from '../scope-text.ts';
import type { Style } from '../style.ts';
import { type Column, layout, renderAligned } from '../table.ts';
import { columnsOf, count, counted, cut, isoTime } from '../text.ts';
import { phaseColored, phaseName, phaseNote } from './phase-text.ts';

/** One frame, at most `rows` lines of at most `columns`. Pure. */
export function watchView(frame: WatchFrame, rows: number, columns: number, style: Style): string[] {
  const head = headLines(frame, columns, style);
  const room = rows - head.length - 1;
  const running = runningLines(frame, Math.max(3, Math.ceil(room / 2)), columns, style);
  const events = eventLines(frame.events, room - running.length - 1, columns, style);
  const lines = [...head, ...running, '', ...events].slice(0, rows - 1);
  while (lines.length < rows - 1) lines.push('');
  return [...lines, style.dim(cut('q or Ctrl-C ends', columns))];
}

function headLines(frame: WatchFrame, columns: number, style: Style): string[] {
  const { status, atMs, store, runnerError, verdict } = frame;
  const right = `seq ${status.seqLast}  ${isoTime(atMs).slice(11, 19)} UTC`;
  const left = cut(`walq queue  ${escapeText(store)}`, columns - right.length - 2);
  const gap = ' '.repeat(Math.max(1, columns - columnsOf(left) - right.length));
  const isSound = verdict === 'clean' || verdict === 'padded';
  const pauses = status.settings.pauses.map((pause) => scopeText(pause));
  return [
    `${style.strong(left)}${gap}${style.dim(right)}`,
    runnerError ? style.warn(cut(escapeText(runnerError.message), columns)) : runnerLine(frame, columns, style),
    ...(isSound ? [] : [style.verdict(verdict, `${verdictWord(verdict)}: walq wal verify says more`)]),
    ...(pauses.length > 0 ? [style.warn(cut(`paused: ${pauses.join(', ')}`, columns))] : []),
    '',
    ...countLines(frame, columns, style),
    '',
  ];
}

function runnerLine({ status, atMs, perSecond }: WatchFrame, columns: number, style: Style): string {
  const { runner, oldestReadyMs } = status;
  const who =
    runner === undefined
      ? ['no runner']
      : [
          `runner pid ${runner.pid}`,
          counted(runner.workers, 'worker'),
          `for ${roughly(atMs - runner.sinceMs)}`,
          escapeText(runner.handler),
        ];
  const rate = perSecond >= 10 ? count(Math.round(perSecond)) : String(Math.round(perSecond * 10) / 10);
  const oldest = oldestReadyMs === undefined ? [] : [`oldest ready ${roughly(oldestReadyMs)}`];
  return style.dim(cut([`${rate} completed/s`, ...oldest, ...who].join(', '), columns));
}

const always: readonly PhaseKind[] = ['ready', 'running', 'completed', 'dead'];

/** Counts beside their phases, as many on a line as fit. */
function countLines({ status }: WatchFrame, columns: number, style: Style): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const [kind, jobs] of Object.entries(status.phases) as [PhaseKind, number][]) {
    if (jobs === 0 && !always.includes(kind)) continue;
    const text = `${phaseName(kind)} ${count(jobs)}`;
    const shown = jobs === 0 ? style.dim(text) : `${phaseColored(kind, style)} ${style.strong(count(jobs))}`;
    if (used > 0 && used + 3 + text.length > columns) {
      lines.push(line);
      line = '';
      used = 0;
    }
    line += `${used > 0 ? '   ' : ''}${shown}`;
    used += (used > 0 ? 3 : 0) + text.length;
  }
  return [...lines, line];
}

const wideColumns: readonly Column[] = [
  { title: 'IN FLIGHT', flexible: true },
  { title: 'PHASE' },
  { title: 'TRY', align: 'right' },
  { title: 'FOR', align: 'right' },
  { title: 'NAME', flexible: true },
  { title: 'PROGRESS', flexible: true },
];
/** A narrow terminal has no room for the last two. */
const narrowColumns = wideColumns.slice(0, 4);
const wideMin = 60;

function runningLines({ running, status, atMs }: WatchFrame, rows: number, columns: number, style: Style): string[] {
  const total = status.counts.in_flight;
  const shown = running.slice(0, total > rows - 1 ? rows - 2 : rows - 1);
  const heads = columns < wideMin ? narrowColumns : wideColumns;
  const cells = shown.map(({ job, phase, progress }) =>
    [
      escapeText(job.id),
      phaseColored(phase.kind, style),
      `${job.attempt}/${attemptsGranted(job)}`,
      roughly(atMs - job.startedAt),
      escapeText(job.options.name),
      progress === undefined ? phaseNote(phase, atMs) : bar(progress),
    ].slice(0, heads.length),
  );
  const widths = layout(heads, cells, columns);
  const table = renderAligned(heads, cells, widths, { width: columns, style }).trimEnd().split('\n');
  if (total === 0) return [...table.slice(0, 1), style.dim('none')];
  return total > shown.length ? [...table, style.dim(`… and ${count(total - shown.length)} more`)] : table;
}

const barColumns = 10;

/** `####......  40%`. */
function bar(progress: number): string {
  const part = Math.min(1, Math.max(0, progress));
  const full = Math.round(part * barColumns);
  return `${'#'.repeat(full)}${'.'.repeat(barColumns - full)} ${String(Math.round(part * 100)).padStart(3)}%`;
}

function eventLines(events: readonly EventRow[], rows: number, columns: number, style: Style): string[] {
  if (rows < 2) return [];
  const lines = events.slice(-(rows - 1)).map((row) => {
    const head = `[seq=${row.seq}] ${escapeText(row.type)}${row.job === '' ? '' : ` ${escapeText(row.job)}`}`;
    const time = `${clockTime(row.timeMs)} `;
    const details = detailsText(row);
    const text = cut(details === '' ? head : `${head}  ${details}`, columns - time.length);
    const kept = Math.min(text.length, head.length);
    return `${style.dim(time)}${text.slice(0, kept)}${style.dim(text.slice(kept))}`;
  });
  return [style.strong('LAST EVENTS'), ...lines];
}

function clockTime(ms: EventRow['timeMs']): string {
  const time = Number(ms);
  return Number.isSafeInteger(time) ? isoTime(time).slice(11, 19) : ' '.repeat(8);
}
