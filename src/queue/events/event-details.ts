import { formatDuration } from '../../base/duration.ts';
import { unreachable } from '../../base/errors.ts';
import type { JobTemplate } from './event-base.ts';
import { type AttemptExit, enqueueDefaults, type Owner, type QueueEvent } from './event-types.ts';
import { type LimitEvent, type ScheduleEvent, scheduleDefaults } from './setting-types.ts';

type Detail = [key: string, text: string | undefined];

/**
 * What an event says beyond its type and id, as keys and plain text for printing: `[seq=1] ENQUEUE job_1 name=mail
 * priority=5`. Defaults are left out. Texts are as stored: whoever prints them escapes and shortens.
 */
export function eventDetails(event: QueueEvent): [key: string, text: string][] {
  const details = fieldDetails(event).filter((detail): detail is [string, string] => detail[1] !== undefined);
  if (event.from !== undefined) details.push(['from', event.from]);
  for (const { tag, value } of event.extra ?? []) details.push([`field${tag}`, `${value.length} bytes`]);
  return details;
}

function fieldDetails(event: QueueEvent): Detail[] {
  switch (event.type) {
    case 'ENQUEUE':
      return [
        ...workDetails(event, enqueueDefaults),
        ['key', event.key],
        ['key_until', timeText(event.keyUntil)],
        ['parents', event.parents?.join(',')],
        ['run_at', event.runAt === event.at ? undefined : timeText(event.runAt)],
        ['expires_at', timeText(event.expiresAt)],
        ['schedule', event.slot?.schedule],
        ['slot', timeText(event.slot?.at)],
        ...runDetails(event, enqueueDefaults),
      ];
    case 'DISPATCH':
      return [
        ['attempt', String(event.attempt)],
        ...ownerDetails(event.owner),
        ['deadline', timeText(event.deadlineMs)],
      ];
    case 'ACK':
      return [
        ['duration', durationText(event.durationMs)],
        ['result', event.result && textOf(event.result)],
      ];
    case 'RETRY':
      return [
        ['reason', event.reason],
        ...exitDetails(event),
        ['run_at', event.runAt === event.at ? undefined : timeText(event.runAt)],
        ['refund', event.refund ? 'yes' : undefined],
        ['reset', event.reset ? 'yes' : undefined],
        ['error', event.error],
      ];
    case 'DEAD':
      return [['reason', event.reason], ...exitDetails(event), ['error', event.error]];
    case 'PRUNE':
      return [
        ['jobs', event.ids && String(event.ids.length)],
        ['ids', event.ids?.join(',')],
        ['ended_by_seq', event.cutoff && String(event.cutoff.seq)],
        ['states', event.cutoff && prunedStates(event.cutoff)],
      ];
    case 'CANCEL':
      return [['error', event.error]];
    case 'UPDATE':
      return [
        ...workDetails(event, {}),
        ['run_at', timeText(event.runAt)],
        ['expires_at', timeText(event.expiresAt)],
        ...runDetails(event, {}),
      ];
    case 'EXTEND':
      return [['until', timeText(event.deadlineMs)]];
    case 'PAUSE':
      return [
        ['name', event.name],
        ['group', event.group],
        ['reason', event.reason],
      ];
    case 'RESUME':
      return [
        ['name', event.name],
        ['group', event.group],
      ];
    case 'SCHEDULE':
      return scheduleDetails(event);
    case 'LIMIT':
      return limitDetails(event);
    case 'TIMEOUT':
    case 'REMOVE':
    case 'UNSCHEDULE':
      return [];
    default:
      return unreachable(event);
  }
}

type Fields = { [K in keyof JobTemplate]?: JobTemplate[K] | undefined };
/** None for UPDATE: what is there is a change. */
type Defaults = Partial<typeof enqueueDefaults>;

function workDetails(fields: Fields, defaults: Defaults): Detail[] {
  return [
    ['name', textUnless(fields.name, defaults.name)],
    ['group', textUnless(fields.group, defaults.group)],
    ['priority', textUnless(fields.priority, defaults.priority)],
    ['attempts', textUnless(fields.maxAttempts, defaults.maxAttempts)],
  ];
}

function runDetails(fields: Fields, defaults: Defaults): Detail[] {
  return [
    ['timeout', fields.timeoutMs === defaults.timeoutMs ? undefined : limitText(fields.timeoutMs, formatDuration)],
    ['backoff', textUnless(fields.backoff, defaults.backoff)],
    ['command', fields.command && JSON.stringify(fields.command)],
    ['payload', fields.payload && textOf(fields.payload)],
  ];
}

function scheduleDetails(event: ScheduleEvent): Detail[] {
  const { rule, expiresAfterMs } = event;
  return [
    ['cron', rule.kind === 'cron' ? rule.cron : undefined],
    ['zone', rule.kind === 'cron' ? textUnless(rule.zone, scheduleDefaults.zone) : undefined],
    ['every', rule.kind === 'every' ? formatDuration(rule.everyMs) : undefined],
    ['missed', textUnless(event.missed, scheduleDefaults.missed)],
    ...workDetails(event.template, enqueueDefaults),
    ['expires_after', expiresAfterMs === scheduleDefaults.expiresAfterMs ? undefined : formatDuration(expiresAfterMs)],
    ...runDetails(event.template, enqueueDefaults),
  ];
}

function limitDetails(event: LimitEvent): Detail[] {
  const { rate } = event;
  return [
    ['group', textUnless(event.group, enqueueDefaults.group)],
    ['concurrency', limitText(event.concurrency)],
    ['rate', rate && limitText(rate.count, (count) => `${count}/${formatDuration(rate.perMs)}`)],
    ['pending', limitText(event.pendingMax)],
    ['payload_bytes', limitText(event.payloadBytesMax)],
    ['keep', limitText(event.keepMs, formatDuration)],
    ['keep_count', limitText(event.keepCount)],
  ];
}

function ownerDetails(owner: Owner): Detail[] {
  if (owner.kind === 'unknown') return [];
  if (owner.kind === 'runner') return [['runner', runnerName(owner.epoch)]];
  return [
    ['lease', owner.token],
    ['until', timeText(owner.deadlineMs)],
  ];
}

function exitDetails(exit: AttemptExit): Detail[] {
  return [
    ['exit', textUnless(exit.exitCode, undefined)],
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

function textUnless<T extends string | number>(value: T | undefined, fallback: T | undefined): string | undefined {
  return value === undefined || value === fallback ? undefined : String(value);
}

/** 0 is no limit. */
function limitText(value: number | undefined, format: (value: number) => string = String): string | undefined {
  return value === 0 ? 'none' : value === undefined ? undefined : format(value);
}

function durationText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDuration(ms);
}

/** ISO text; a number that no calendar holds stays a number. */
function timeText(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
