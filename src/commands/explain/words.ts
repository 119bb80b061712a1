import { formatDuration, roughly } from '../../base/duration.ts';
import { eventDetails, runnerName } from '../../queue/events/event-details.ts';
import {
  type AttemptExit,
  type DispatchEvent,
  type EnqueueEvent,
  enqueueDefaults,
  type QueueEvent,
  type RetryEvent,
} from '../../queue/events/event-types.ts';
import type { PauseScope } from '../../queue/events/setting-types.ts';

/** What happened, in words for people. As stored, not yet escaped. */
export function wordsOf(event: QueueEvent): string {
  switch (event.type) {
    case 'ENQUEUE':
      return enqueueWords(event);
    case 'DISPATCH':
      return dispatchWords(event);
    case 'ACK':
      return 'completed';
    case 'TIMEOUT':
      return 'ran into its timeout';
    case 'RETRY':
      return retryWords(event);
    case 'DEAD':
      return `dead: ${withError(deathWords(event), event.error)}`;
    case 'CANCEL':
      return withError('cancelled', event.error);
    case 'UPDATE':
      return `changed: ${eventDetails(event)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`;
    case 'EXTEND':
      return `has until ${momentOf(event.deadlineMs)}`;
    case 'REMOVE':
      return 'removed from the queue';
    case 'PRUNE':
      return 'forgotten: pruned';
    case 'PAUSE':
      return withError(`${scopeWords(event)} paused`, event.reason);
    case 'RESUME':
      return `${scopeWords(event)} resumed`;
    default:
      return '';
  }
}

/** Of the REMOVE of a job in whose place another one came. */
export function replacedWords(id: string): string {
  return `replaced by ${id}, which has the same key`;
}

function dispatchWords({ owner, at, deadlineMs }: DispatchEvent): string {
  if (owner.kind === 'lease') return `taken by a holder outside, until ${momentOf(owner.deadlineMs)}`;
  const by = owner.kind === 'runner' ? ` by runner ${runnerName(owner.epoch)}` : '';
  return `begun${by}${deadlineMs === undefined ? '' : `, timeout after ${formatDuration(deadlineMs - at)}`}`;
}

function enqueueWords(event: EnqueueEvent): string {
  const { name, group, priority, maxAttempts, parents, runAt, at, expiresAt, slot, from } = event;
  const parts = [
    name === enqueueDefaults.name ? [] : `as ${name}`,
    group === '' ? [] : `group ${group}`,
    priority === 0 ? [] : `priority ${priority}`,
    // Foreign logs do not tell.
    from === undefined ? `${maxAttempts} ${maxAttempts === 1 ? 'attempt' : 'attempts'}` : [],
    runAt > at ? `not before ${momentOf(runAt)}` : [],
    parents === undefined ? [] : `after ${listed(parents)}`,
    expiresAt === undefined ? [] : `expires ${momentOf(expiresAt)}`,
    slot === undefined ? [] : `by schedule ${slot.schedule}`,
  ];
  return parts.flat().join(', ') || 'enqueued';
}

function retryWords(event: RetryEvent): string {
  const { reason, refund, reset, runAt, at, error } = event;
  if (reason === 'redrive') return `called back${reset ? ', attempts counted from 0' : ''}`;
  const next = runAt > at ? `; again in ${roughly(runAt - at)}` : '; again at once';
  const exit = exitWords(event);
  const why = refund ? `did not count: ${exit}` : exit === 'failed' ? exit : `failed: ${exit}`;
  return `${withError(why, error)}${next}`;
}

/** `exit 1`, `SIGKILL`, `timeout`, `crash`: how an attempt ended. */
export function exitWords({ reason, exitCode, signal }: AttemptExit & { reason: string }): string {
  const exit = signal ?? (exitCode === undefined ? undefined : `exit ${exitCode}`);
  if (exit === undefined) return reason;
  return reason === 'failed' ? exit : `${reason}, ${exit}`;
}

const deaths: Readonly<Record<string, string>> = {
  attempts: 'all attempts are used up',
  permanent: 'the handler said that another try is pointless',
  crashes: 'its runner died with it too often',
  command: 'its command cannot be started',
  cancelled: 'it was cancelled',
  expired: 'nobody began it in time',
  parent: 'a job that it was to run after died',
};

/** Why a job died, and how its last attempt ended. */
export function deathWords({ reason, exitCode, signal }: AttemptExit & { reason: string }): string {
  const exit = signal ?? (exitCode === undefined ? undefined : `exit ${exitCode}`);
  const why = Object.hasOwn(deaths, reason) ? (deaths[reason] ?? reason) : reason;
  return exit === undefined ? why : `${why}, ${exit}`;
}

const errorMax = 200;

/** `exit 1: no such host` need not be said after `exit 1`. */
function withError(text: string, error: string | undefined): string {
  const last = lastLine(error);
  if (last === undefined) return text;
  const known = /^exit \d+: (.+)$/.exec(last);
  return `${text}: ${known !== null && text.endsWith(last.slice(0, last.indexOf(':'))) ? known[1] : last}`;
}

/** The last line of what an attempt printed that is not a place in a program, cut: programs say what went wrong last. */
export function lastLine(error: string | undefined): string | undefined {
  const lines =
    error
      ?.split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '') ?? [];
  const last = lines.findLast((line) => !/^at /.test(line)) ?? lines.at(-1);
  if (last === undefined) return undefined;
  return last.length > errorMax ? `${last.slice(0, errorMax)}…` : last;
}

export function scopeWords({ name, group }: PauseScope): string {
  if (name !== undefined) return `jobs named ${name}`;
  return group === undefined ? 'all jobs' : `group ${group}`;
}

const listedMax = 3;

/** 'a, b, c and 4 more'. */
export function listed(ids: readonly string[]): string {
  const shown = ids.slice(0, listedMax).join(', ');
  return ids.length > listedMax ? `${shown} and ${ids.length - listedMax} more` : shown;
}

/** ISO text; a number that no calendar holds stays a number. */
function momentOf(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

/** `2026-09-01T03:00:00.000Z (in 5m)`, `... (3s ago)`. */
export function momentText(ms: number, now: number): string {
  // 0 stands for "the foreign log had no time".
  if (ms === 0) return 'at a time that is not told';
  const words = roughly(Math.abs(ms - now));
  return `${momentOf(ms)} (${ms > now ? `in ${words}` : `${words} ago`})`;
}
