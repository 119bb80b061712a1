import { formatDuration } from '../base/duration.ts';
import { unreachable } from '../base/errors.ts';
import { type AttemptExit, enqueueDefaults, type Owner, type QueueEvent } from './event-types.ts';

/**
 * What an event says beyond its type and job id, as keys and plain text for printing: `[seq=1] ENQUEUE job_1 name=mail
 * priority=5`. Defaults are left out. Texts are as stored: whoever prints them escapes and shortens.
 */
export function eventDetails(event: QueueEvent): [key: string, text: string][] {
  const details = fieldDetails(event);
  if (event.from !== undefined) details.push(['from', event.from]);
  for (const { tag, value } of event.extra ?? []) details.push([`field${tag}`, `${value.length} bytes`]);
  return details;
}

function fieldDetails(event: QueueEvent): [string, string][] {
  switch (event.type) {
    case 'ENQUEUE':
      return present([
        ['name', event.name === enqueueDefaults.name ? undefined : event.name],
        ['priority', event.priority === enqueueDefaults.priority ? undefined : String(event.priority)],
        ['attempts', event.maxAttempts === enqueueDefaults.maxAttempts ? undefined : String(event.maxAttempts)],
        ['run_at', event.runAt === event.at ? undefined : timeText(event.runAt)],
        ['timeout', event.timeoutMs === enqueueDefaults.timeoutMs ? undefined : formatDuration(event.timeoutMs)],
        ['backoff', event.backoff === enqueueDefaults.backoff ? undefined : event.backoff],
        ['command', event.command && JSON.stringify(event.command)],
        ['payload', event.payload && textOf(event.payload)],
      ]);
    case 'DISPATCH':
      return present([
        ['attempt', String(event.attempt)],
        ...ownerDetails(event.owner),
        ['deadline', event.deadlineMs === undefined ? undefined : timeText(event.deadlineMs)],
      ]);
    case 'ACK':
      return present([
        ['duration', event.durationMs === undefined ? undefined : formatDuration(event.durationMs)],
        ['result', event.result && textOf(event.result)],
      ]);
    case 'RETRY':
      return present([
        ['reason', event.reason],
        ...exitDetails(event),
        ['run_at', event.runAt === event.at ? undefined : timeText(event.runAt)],
        ['refund', event.refund ? 'yes' : undefined],
        ['reset', event.reset ? 'yes' : undefined],
        ['error', event.error],
      ]);
    case 'TIMEOUT':
      return [];
    case 'DEAD':
      return present([['reason', event.reason], ...exitDetails(event), ['error', event.error]]);
    case 'PRUNE':
      return present([
        ['jobs', event.ids && String(event.ids.length)],
        ['ids', event.ids?.join(',')],
        ['ended_by_seq', event.cutoff && String(event.cutoff.seq)],
        ['states', event.cutoff && prunedStates(event.cutoff)],
      ]);
    default:
      return unreachable(event);
  }
}

function ownerDetails(owner: Owner): [string, string | undefined][] {
  if (owner.kind === 'unknown') return [];
  if (owner.kind === 'runner') return [['runner', runnerName(owner.epoch)]];
  return [
    ['lease', owner.token],
    ['until', timeText(owner.deadlineMs)],
  ];
}

function exitDetails(exit: AttemptExit): [string, string | undefined][] {
  return [
    ['exit', exit.exitCode === undefined ? undefined : String(exit.exitCode)],
    ['signal', exit.signal],
  ];
}

function prunedStates(cutoff: { completed: boolean; dead: boolean }): string {
  if (cutoff.completed && cutoff.dead) return 'completed,dead';
  return cutoff.completed ? 'completed' : 'dead';
}

/** How a runner is called wherever people see it. */
export function runnerName(epoch: number): string {
  return epoch.toString(16).padStart(12, '0');
}

/** ISO text; a number that no calendar holds stays a number. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function present(entries: [string, string | undefined][]): [string, string][] {
  return entries.flatMap(([key, text]) => (text === undefined ? [] : [[key, text] satisfies [string, string]]));
}
