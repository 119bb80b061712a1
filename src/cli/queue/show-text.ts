import { formatDuration } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import { shellId } from '../../base/shell-word.ts';
import { reasonOf } from '../../commands/explain/reason.ts';
import type { JobView } from '../../commands/explain/view.ts';
import { momentText } from '../../commands/explain/words.ts';
import { eventDetails } from '../../queue/events/event-details.ts';
import { enqueueDefaults } from '../../queue/events/event-types.ts';
import { attemptsGranted, type Job, payloadText, resultText } from '../../queue/state/job.ts';
import { attemptLines } from '../explain/attempt-text.ts';
import { labelledLine } from '../labelled.ts';
import type { Session } from '../session.ts';
import { count, counted, cut, isoTime } from '../text.ts';
import { phaseColored } from './phase-text.ts';

/** Everything about one job, line by line: escaped, and on a terminal wrapped or cut to its width. */
export function showLines(view: JobView, session: Session): string[] {
  const { style } = session;
  const labelled = factsOf(view, session).map(([label, text]) => labelledLine(label, text, labelColumns, session));
  return [...labelled, '', style.strong('attempts'), ...attemptLines(view, session), ...changeLines(view, session)];
}

const labelColumns = 10;

function factsOf(view: JobView, session: Session): [string, string][] {
  const { id, scene, job, phase, parents, children, childCount, history, logFiles } = view;
  const { style } = session;
  const head: [string, string][] = [['job', style.strong(escapeText(id))]];
  if (job === undefined || phase === undefined) {
    const when = history.departure === undefined ? '' : `, ${escapeText(reasonOf(view).text)}`;
    return [...head, ['phase', `gone${when}`], ...earlierLives(view)];
  }
  const relatives: [string, string][] = [];
  if (parents.length > 0) {
    const named = parents.map((parent) => `${escapeText(parent.id)} (${parent.state ?? 'forgotten'})`);
    relatives.push(['after', named.join(', ')]);
  }
  if (childCount > 0) {
    const named = children.map((child) => `${escapeText(child.id)} (${child.state})`);
    const more = childCount - children.length;
    relatives.push(['before', `${named.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`]);
  }
  const error = job.state === 'dead' ? job.error : undefined;
  return [
    ...head,
    ['phase', phaseColored(phase.kind, style)],
    ['why', escapeText(reasonOf(view).text)],
    ...optionLines(job, nowOf(view)),
    ...relatives,
    ...jsonLine('payload', payloadText(job), session),
    ...(job.state === 'completed' ? jsonLine('result', resultText(job), session) : []),
    ...(error !== undefined && history.attempts.at(-1)?.error === undefined
      ? [['error', escapeText(error)] as [string, string]]
      : []),
    ...(logFiles.length > 0
      ? [['output', escapeText(`${scene.command} logs ${shellId(id)}`)] as [string, string]]
      : []),
    ...earlierLives(view),
  ];
}

function nowOf(view: JobView): number {
  return view.scene.phases.now;
}

function earlierLives({ history }: JobView): [string, string][] {
  if (history.earlierLives === 0) return [];
  return [['before', `${counted(history.earlierLives, 'other job')} had this id and ended earlier`]];
}

function optionLines(job: Job, now: number): [string, string][] {
  const { name, group, priority, maxAttempts, timeoutMs, backoff, command } = job.options;
  const { special } = job;
  const options = [
    ...(group === '' ? [] : [`group ${escapeText(group)}`]),
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    counted(maxAttempts, 'attempt'),
    ...(timeoutMs === 0 ? [] : [`timeout ${formatDuration(timeoutMs)}`]),
    ...(backoff === enqueueDefaults.backoff ? [] : [`backoff ${escapeText(backoff)}`]),
  ];
  const created = job.createdAt === 0 ? '' : `${momentText(job.createdAt, now)}, `;
  const tries = [
    `${job.attempt} of ${attemptsGranted(job)}`,
    ...(job.crashes > 0 ? [`${job.crashes} ended by the death of the runner`] : []),
  ];
  const lines: [string, string | undefined][] = [
    ['name', escapeText(name)],
    ['options', options.join(', ')],
    ['tries', tries.join(', ')],
    [
      'enqueued',
      `${created}seq ${job.seq}${job.from === undefined ? '' : `, imported (there ${escapeText(job.from)})`}`,
    ],
    ['command', command && escapeText(command.map((word) => JSON.stringify(word)).join(' '))],
    ['key', special?.key && keyText(special.key, special.keyUntil, now)],
    ['expires', special?.expiresAt === undefined ? undefined : momentText(special.expiresAt, now)],
    ['schedule', special?.slot && `${escapeText(special.slot.schedule)}, for ${isoTime(special.slot.at)}`],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined);
}

function keyText(key: string, until: number | undefined, now: number): string {
  return `${escapeText(key)}${until === undefined ? '' : `, taken until ${momentText(until, now)}`}`;
}

function jsonLine(label: string, text: string | undefined, { width }: Session): [string, string][] {
  if (text === undefined) return [];
  const safe = escapeText(text);
  // What is long is cut on a terminal only: a pipe and --json have it whole.
  return [[label, width === undefined ? safe : cut(safe, 4 * (width - labelColumns))]];
}

/** What happened apart from attempts; the ENQUEUE says nothing that does not stand above. */
function changeLines({ history }: JobView, { style, width }: Session): string[] {
  const changes = history.changes.filter(({ type }) => type !== 'ENQUEUE');
  if (changes.length === 0) return [];
  const lines = changes.map(({ seq, atMs, type, event }) => {
    const details = eventDetails(event).map(([name, value]) => `${name}=${escapeText(value)}`);
    const line = `  [seq=${seq}] ${isoTime(atMs)} ${type}${details.length > 0 ? `  ${details.join(' ')}` : ''}`;
    return width === undefined ? line : cut(line, width);
  });
  return ['', style.strong('changes'), ...lines];
}
