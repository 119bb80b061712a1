import { escapeText } from '../../base/escape.ts';
import type { TimeSpent } from '../../commands/explain/time-spent.ts';
import type { TimelineStep } from '../../commands/explain/timeline.ts';
import type { JobView } from '../../commands/explain/view.ts';
import type { Session } from '../session.ts';
import { type Column, renderTable } from '../table.ts';
import { counted, isoTime } from '../text.ts';
import { tookText } from './attempt-text.ts';

const columns: readonly Column[] = [
  { title: '  TIME' },
  { title: 'SINCE', align: 'right' },
  { title: 'SEQ', align: 'right' },
  { title: 'EVENT' },
  { title: 'TRY', align: 'right' },
  { title: 'WHAT', flexible: true },
];

/** A job that was extended every second has a long story: its begin and its end are what is looked at. */
const stepsFirst = 20;
const stepsLast = 180;

/** Every step of a life, and what it is doing now. */
export function timelineLines({ timeline, job, phase, scene }: JobView, { width, style }: Session): string[] {
  const { steps } = timeline;
  const { now } = scene.phases;
  const left = steps.length - stepsFirst - stepsLast;
  const shown = left > 0 ? [...steps.slice(0, stepsFirst), ...steps.slice(-stepsLast)] : steps;
  // A terminal has no room for a date in every line.
  const day = width === undefined ? undefined : dayOf([...shown.map(({ atMs }) => atMs), now]);
  const rows = shown.map((step) => rowOf(step, day));
  const last = steps.at(-1);
  const goesOn = job?.state === 'pending' || job?.state === 'in_flight';
  if (goesOn && phase !== undefined) {
    const since = last === undefined || last.atMs === 0 ? '' : sinceText(now - last.atMs);
    rows.push([`  ${timeText(now, day)}`, since, '', scene.live ? 'now' : 'then', '', phase.kind.replace('-', ' ')]);
  }
  const lines = renderTable(columns, rows, { width, style }).replace(/\n$/, '').split('\n');
  if (left > 0) lines.splice(stepsFirst + 1, 0, style.dim(`  … ${counted(left, 'step')} left out (--json has all)`));
  return [style.strong(day === undefined ? 'timeline' : `timeline of ${day}`), ...lines];
}

function rowOf({ seq, atMs, sinceMs, type, attempt, text, around }: TimelineStep, day: string | undefined): string[] {
  return [
    `  ${timeText(atMs, day)}`,
    sinceMs === undefined || atMs === 0 ? '' : sinceText(sinceMs),
    String(seq),
    around ? `(${type})` : type,
    attempt === undefined ? '' : String(attempt),
    escapeText(text),
  ];
}

/** The clock may have stepped back. */
function sinceText(ms: number): string {
  return ms < 0 ? `-${tookText(-ms)}` : `+${tookText(ms)}`;
}

/** 0 stands for "the foreign log had no time". */
function timeText(ms: number, day: string | undefined): string {
  if (ms === 0) return '';
  const iso = isoTime(ms);
  return day === undefined ? iso : iso.slice(11);
}

/** The one day of all these times; undefined when there are several. */
function dayOf(times: readonly number[]): string | undefined {
  const days = new Set(times.filter((ms) => ms !== 0).map((ms) => isoTime(ms).slice(0, 10)));
  return days.size === 1 ? [...days][0] : undefined;
}

const words: readonly (readonly [keyof TimeSpent, string])[] = [
  ['blockedMs', 'for other jobs'],
  ['delayedMs', 'for its time'],
  ['backoffMs', 'for a retry'],
  ['pausedMs', 'paused'],
  ['readyMs', 'for a worker'],
];

/** `in flight 2s; waited 3s for a worker, 2s for a retry; 7s in all`. */
export function spentText({ timeline: { spent } }: JobView): string {
  const waited = words.flatMap(([name, text]) => (spent[name] === 0 ? [] : [`${tookText(spent[name])} ${text}`]));
  return [
    ...(spent.inFlightMs === 0 ? [] : [`in flight ${tookText(spent.inFlightMs)}`]),
    ...(waited.length === 0 ? [] : [`waited ${waited.join(', ')}`]),
    ...(spent.deadMs === 0 ? [] : [`${tookText(spent.deadMs)} dead`]),
    ...(spent.untoldMs === 0 ? [] : [`${tookText(spent.untoldMs)} that the log does not tell of`]),
    `${tookText(spent.totalMs)} in all`,
  ].join('; ');
}
