import { unreachable } from '../base/errors.ts';
import type { JobTemplate } from '../queue/events/event-base.ts';
import { runnerName } from '../queue/events/event-details.ts';
import { enqueueDefaults, type Owner, type QueueEvent } from '../queue/events/event-types.ts';
import type { ScheduleEvent } from '../queue/events/setting-types.ts';
import { JsonText } from './json-text.ts';

/** Value of one detail: text is as found, not yet escaped. */
export type DetailValue = string | number | boolean | JsonText | readonly string[];

type Member = [string, DetailValue | undefined];

/** What an event says beyond its type and id, for machines: numbers as numbers, JSON texts as written. */
export function eventMembers(event: QueueEvent): [string, DetailValue][] {
  const members = fieldsOf(event).filter((each): each is [string, DetailValue] => each[1] !== undefined);
  if (event.from !== undefined) members.push(['from', event.from]);
  return members;
}

function fieldsOf(event: QueueEvent): Member[] {
  switch (event.type) {
    case 'ENQUEUE':
      return [
        ...workMembers(event, enqueueDefaults),
        ['runAt', event.runAt === event.at ? undefined : event.runAt],
        ...runMembers(event, enqueueDefaults),
        ['key', event.key],
        ['keyUntil', event.keyUntil],
        ['parents', event.parents],
        ['expiresAt', event.expiresAt],
        ['schedule', event.slot?.schedule],
        ['slot', event.slot?.at],
        ['payload', jsonOf(event.payload)],
      ];
    case 'DISPATCH':
      return [['attempt', event.attempt], ...ownerMembers(event.owner), ['deadlineMs', event.deadlineMs]];
    case 'ACK':
      return [
        ['durationMs', event.durationMs],
        ['result', jsonOf(event.result)],
      ];
    case 'RETRY':
      return [
        ['reason', event.reason],
        ['runAt', event.runAt],
        ['refund', event.refund || undefined],
        ['reset', event.reset || undefined],
        ['exitCode', event.exitCode],
        ['signal', event.signal],
        ['error', event.error],
      ];
    case 'DEAD':
      return [
        ['reason', event.reason],
        ['exitCode', event.exitCode],
        ['signal', event.signal],
        ['error', event.error],
      ];
    case 'PRUNE':
      return [
        ['ids', event.ids],
        ['cutoffSeq', event.cutoff?.seq],
        ['completed', event.cutoff?.completed],
        ['dead', event.cutoff?.dead],
      ];
    case 'CANCEL':
      return [['error', event.error]];
    case 'UPDATE':
      return [
        ...workMembers(event, {}),
        ['runAt', event.runAt],
        ...runMembers(event, {}),
        ['expiresAt', event.expiresAt],
        ['payload', jsonOf(event.payload)],
      ];
    case 'EXTEND':
      return [['leaseUntil', event.deadlineMs]];
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
      return scheduleMembers(event);
    case 'LIMIT':
      return [
        ['group', unless(event.group, enqueueDefaults.group)],
        ['concurrency', event.concurrency],
        ['rateCount', event.rate?.count],
        ['ratePerMs', event.rate?.perMs],
        ['pendingMax', event.pendingMax],
        ['payloadBytesMax', event.payloadBytesMax],
        ['keepMs', event.keepMs],
        ['keepCount', event.keepCount],
      ];
    case 'TIMEOUT':
    case 'REMOVE':
    case 'UNSCHEDULE':
      return [];
    default:
      return unreachable(event);
  }
}

type Fields = { [K in keyof JobTemplate]?: JobTemplate[K] | undefined };
/** Those left out: "none" says nothing. Name, attempts and backoff are always told. None are left out for UPDATE. */
type Silent = { priority?: 0; timeoutMs?: 0; group?: '' };

function workMembers(fields: Fields, silent: Silent): Member[] {
  return [
    ['name', fields.name],
    ['group', unless(fields.group, silent.group)],
    ['priority', unless(fields.priority, silent.priority)],
    ['maxAttempts', fields.maxAttempts],
  ];
}

function runMembers(fields: Fields, silent: Silent): Member[] {
  return [
    ['timeoutMs', unless(fields.timeoutMs, silent.timeoutMs)],
    ['backoff', fields.backoff],
    ['command', fields.command],
  ];
}

function scheduleMembers(event: ScheduleEvent): Member[] {
  const { rule, template } = event;
  return [
    ['cron', rule.kind === 'cron' ? rule.cron : undefined],
    ['zone', rule.kind === 'cron' ? rule.zone : undefined],
    ['everyMs', rule.kind === 'every' ? rule.everyMs : undefined],
    ['missed', event.missed],
    ['expiresAfterMs', unless(event.expiresAfterMs, 0)],
    ...workMembers(template, enqueueDefaults),
    ...runMembers(template, enqueueDefaults),
    ['payload', jsonOf(template.payload)],
  ];
}

function ownerMembers(owner: Owner): Member[] {
  if (owner.kind === 'runner') return [['runner', runnerName(owner.epoch)]];
  if (owner.kind === 'unknown') return [];
  return [
    ['lease', owner.token],
    ['leaseUntil', owner.deadlineMs],
  ];
}

function unless<T>(value: T | undefined, silent: T | undefined): T | undefined {
  return value === silent ? undefined : value;
}

const utf8 = new TextDecoder();

function jsonOf(bytes: Uint8Array | undefined): JsonText | undefined {
  return bytes === undefined ? undefined : new JsonText(utf8.decode(bytes));
}
