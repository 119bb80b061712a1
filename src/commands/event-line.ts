import { unreachable, WalqError } from '../base/errors.ts';
import type { JobTemplate } from '../queue/events/event-base.ts';
import { runnerName } from '../queue/events/event-details.ts';
import { enqueueDefaults, eventTypes, type Owner, type QueueEvent } from '../queue/events/event-types.ts';
import { decodeEvent, encodeEvent, recordJobId, recordTime, recordTypeName } from '../queue/events/events.ts';
import { type Rate, type ScheduleRule, scheduleDefaults } from '../queue/events/setting-types.ts';
import { type DetailValue, eventMembers } from './event-members.ts';
import { safely } from './event-row.ts';
import { JsonText } from './json-text.ts';
import {
  isPlainJson,
  type LineMember,
  LineMembers,
  lineFault,
  membersText,
  refuseOtherSpelling,
} from './line-members.ts';

/**
 * One event as a line of an export, and back, without loss: the members of `wal inspect -o ndjson`, or the record
 * itself as base64 where these would not give the same bytes again (a type or a field of a newer walq, a payload that
 * is no JSON).
 */

/** `commit`: so many events, this one first, were one write. Left out for 1. */
export function eventLine(seq: number, record: Uint8Array, commit = 1): string {
  const { head, rest } = membersOf(seq, record, commit);
  const text = membersText(rest);
  return `{${membersText(head)}${text === '' ? '' : `,${text}`}}`;
}

/** The same members as texts: JSON texts and lists as JSON. */
export function eventCells(seq: number, record: Uint8Array): Map<string, string> {
  const { head, rest } = membersOf(seq, record, 1);
  return new Map([...head, ...rest].flatMap(([name, value]) => (value === undefined ? [] : [[name, cell(value)]])));
}

function cell(value: DetailValue): string {
  if (value instanceof JsonText) return value.text;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function membersOf(seq: number, record: Uint8Array, commit: number): { head: LineMember[]; rest: LineMember[] } {
  const event = plainEvent(record);
  const type = event?.type ?? recordTypeName(record);
  const id = event?.id ?? safely(() => recordJobId(record)) ?? '';
  const head: LineMember[] = [
    ['seq', seq],
    ['type', type],
    [idName(type), id === '' ? undefined : id],
    ['timeMs', event?.at ?? safely(() => recordTime(record))],
    ['commit', commit === 1 ? undefined : commit],
  ];
  if (event !== undefined) return { head, rest: eventMembers(event) };
  return { head, rest: [['raw', Buffer.from(record).toString('base64')]] };
}

export interface LineEvent {
  seq: number;
  record: Uint8Array;
  commit: number;
}

/** Throws LineFault for everything that `eventLine` does not write. */
export function parseEventLine(text: string): LineEvent {
  const members = new LineMembers(text);
  const seq = members.needed(members.int('seq'), 'seq');
  const commit = members.int('commit') ?? 1;
  const record = members.bytes('raw') ?? encoded(members);
  refuseOtherSpelling(text, eventLine(seq, record, commit));
  return { seq, record, commit };
}

/** Schedules have a name space of their own. */
function idName(type: string): string {
  return type === 'SCHEDULE' || type === 'UNSCHEDULE' ? 'schedule' : 'job';
}

/** The event, if its members give the same bytes again. */
function plainEvent(record: Uint8Array): QueueEvent | undefined {
  let event: QueueEvent;
  try {
    event = decodeEvent(record);
    if (event.extra !== undefined || !same(encodeEvent(event), record)) return undefined;
  } catch (error) {
    if (error instanceof WalqError) return undefined;
    throw error;
  }
  return isPlainJson(jsonIn(event)) ? event : undefined;
}

function jsonIn(event: QueueEvent): Uint8Array | undefined {
  if (event.type === 'ACK') return event.result;
  if (event.type === 'SCHEDULE') return event.template.payload;
  return event.type === 'ENQUEUE' || event.type === 'UPDATE' ? event.payload : undefined;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function encoded(members: LineMembers): Uint8Array {
  try {
    return encodeEvent(eventOf(members));
  } catch (error) {
    throw lineFault(error);
  }
}

/** The inverse of `eventMembers`. */
function eventOf(m: LineMembers): QueueEvent {
  const name = m.needed(m.text('type'), 'type');
  const type = isType(name) ? name : undefined;
  if (type === undefined) throw m.fault('type', `'${name}' is no type of event, and there is no "raw"`);
  const at = m.needed(m.int('timeMs'), 'timeMs');
  const base = { id: m.text(idName(type)) ?? '', at, from: m.text('from') };
  switch (type) {
    case 'ENQUEUE':
      return {
        type,
        ...base,
        ...templateOf(m),
        runAt: m.int('runAt') ?? at,
        key: m.text('key'),
        keyUntil: m.int('keyUntil'),
        parents: m.texts('parents'),
        expiresAt: m.int('expiresAt'),
        slot: slotOf(m),
      };
    case 'DISPATCH':
      return { type, ...base, attempt: neededInt(m, 'attempt'), owner: ownerOf(m), deadlineMs: m.int('deadlineMs') };
    case 'ACK':
      return { type, ...base, durationMs: m.int('durationMs'), result: m.json('result') };
    case 'RETRY':
      return {
        type,
        ...base,
        ...endOf(m),
        runAt: neededInt(m, 'runAt'),
        refund: m.flag('refund'),
        reset: m.flag('reset'),
      };
    case 'DEAD':
      return { type, ...base, ...endOf(m) };
    case 'PRUNE':
      return { type, ...base, ids: m.texts('ids'), cutoff: cutoffOf(m) };
    case 'CANCEL':
      return { type, ...base, error: m.text('error') };
    case 'UPDATE':
      return {
        type,
        ...base,
        payload: m.json('payload'),
        priority: m.int('priority'),
        maxAttempts: m.int('maxAttempts'),
        runAt: m.int('runAt'),
        timeoutMs: m.int('timeoutMs'),
        backoff: m.text('backoff'),
        group: m.text('group'),
        expiresAt: m.int('expiresAt'),
      };
    case 'EXTEND':
      return { type, ...base, deadlineMs: neededInt(m, 'leaseUntil') };
    case 'PAUSE':
      return { type, ...base, name: m.text('name'), group: m.text('group'), reason: m.text('reason') };
    case 'RESUME':
      return { type, ...base, name: m.text('name'), group: m.text('group') };
    case 'SCHEDULE':
      return { type, ...base, ...scheduleOf(m) };
    case 'LIMIT':
      return { type, ...base, ...limitsOf(m) };
    case 'TIMEOUT':
    case 'REMOVE':
    case 'UNSCHEDULE':
      return { type, ...base };
    default:
      return unreachable(type);
  }
}

function isType(name: string): name is keyof typeof eventTypes {
  return Object.hasOwn(eventTypes, name);
}

function neededInt(m: LineMembers, name: string): number {
  return m.needed(m.int(name), name);
}

/** Also of the lines of a base. */
export function templateOf(m: LineMembers): JobTemplate {
  return {
    name: m.text('name') ?? enqueueDefaults.name,
    payload: m.json('payload'),
    priority: m.int('priority') ?? enqueueDefaults.priority,
    maxAttempts: m.int('maxAttempts') ?? enqueueDefaults.maxAttempts,
    timeoutMs: m.int('timeoutMs') ?? enqueueDefaults.timeoutMs,
    backoff: m.text('backoff') ?? enqueueDefaults.backoff,
    command: m.texts('command'),
    group: m.text('group') ?? enqueueDefaults.group,
  };
}

export function slotOf(m: LineMembers): { schedule: string; at: number } | undefined {
  const [schedule, at] = [m.text('schedule'), m.int('slot')];
  return schedule === undefined || at === undefined ? undefined : { schedule, at };
}

export function ownerOf(m: LineMembers): Owner {
  const runner = m.text('runner');
  if (runner !== undefined) {
    const epoch = Number.parseInt(runner, 16);
    if (!Number.isSafeInteger(epoch) || runnerName(epoch) !== runner) throw m.fault('runner', 'is no runner');
    return { kind: 'runner', epoch };
  }
  const token = m.text('lease');
  return token === undefined ? { kind: 'unknown' } : { kind: 'lease', token, deadlineMs: neededInt(m, 'leaseUntil') };
}

export function endOf(m: LineMembers): { reason: string } & {
  [K in 'error' | 'signal']: string | undefined;
} & { exitCode: number | undefined } {
  return {
    reason: m.needed(m.text('reason'), 'reason'),
    error: m.text('error'),
    exitCode: m.int('exitCode'),
    signal: m.text('signal'),
  };
}

function cutoffOf(m: LineMembers): { seq: number; completed: boolean; dead: boolean } | undefined {
  const seq = m.int('cutoffSeq');
  return seq === undefined ? undefined : { seq, completed: m.flag('completed'), dead: m.flag('dead') };
}

export function scheduleOf(m: LineMembers): {
  rule: ScheduleRule;
  missed: 'skip' | 'one' | 'all';
  template: JobTemplate;
  expiresAfterMs: number;
} {
  const cron = m.text('cron');
  const missed = m.text('missed');
  if (missed !== 'skip' && missed !== 'one' && missed !== 'all') throw m.fault('missed', 'is none of skip, one, all');
  return {
    rule:
      cron === undefined
        ? { kind: 'every', everyMs: neededInt(m, 'everyMs') }
        : { kind: 'cron', cron, zone: m.text('zone') ?? scheduleDefaults.zone },
    missed,
    template: templateOf(m),
    expiresAfterMs: m.int('expiresAfterMs') ?? scheduleDefaults.expiresAfterMs,
  };
}

export function limitsOf(m: LineMembers): {
  group: string;
  rate: Rate | undefined;
} & { [K in 'concurrency' | 'pendingMax' | 'payloadBytesMax' | 'keepMs' | 'keepCount']: number | undefined } {
  const [count, perMs] = [m.int('rateCount'), m.int('ratePerMs')];
  return {
    group: m.text('group') ?? enqueueDefaults.group,
    concurrency: m.int('concurrency'),
    rate: count === undefined || perMs === undefined ? undefined : { count, perMs },
    pendingMax: m.int('pendingMax'),
    payloadBytesMax: m.int('payloadBytesMax'),
    keepMs: m.int('keepMs'),
    keepCount: m.int('keepCount'),
  };
}
