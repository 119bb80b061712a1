import type { JobTemplate } from './event-base.ts';
import { enqueueDefaults, eventLimits } from './event-types.ts';
import { recordError, tagFrom } from './record.ts';
import type { RecordReader } from './record-reader.ts';
import {
  type LimitEvent,
  type Limits,
  type MissedSlots,
  missedSlots,
  type PauseEvent,
  type PauseScope,
  type Rate,
  type ResumeEvent,
  type ScheduleEvent,
  type ScheduleRule,
  scheduleDefaults,
} from './setting-types.ts';

/** The fields of settings, read: of an event, or of a snapshot entry, which has no `from`. */

const limits = eventLimits;
const timeMax = limits.timeMs;
const missedDefault = missedSlots.indexOf(scheduleDefaults.missed);

export function decodeLimit<B>(r: RecordReader<B>, id: string, at: number): LimitEvent {
  const { set, from } = readLimits(r, 'event');
  return { type: 'LIMIT', id, at, ...set, from, extra: r.extra };
}

export function decodePause<B>(r: RecordReader<B>, id: string, at: number): PauseEvent {
  return { type: 'PAUSE', id, at, ...readPause(r, 'PAUSE'), extra: r.extra };
}

export function decodeResume<B>(r: RecordReader<B>, id: string, at: number): ResumeEvent {
  const { name, group, from } = readPause(r, 'RESUME');
  return { type: 'RESUME', id, at, name, group, from, extra: r.extra };
}

export function decodeSchedule<B>(r: RecordReader<B>, id: string, at: number): ScheduleEvent<B> {
  const { rule, missed, template, expiresAfterMs, from } = readSchedule(r, 'event');
  return { type: 'SCHEDULE', id, at, rule, missed, template, expiresAfterMs, from, extra: r.extra };
}

interface LimitFields {
  set: Limits & Pick<LimitEvent, 'group'>;
  from: string | undefined;
}

export function readLimits<B>(r: RecordReader<B>, of: 'event' | 'entry'): LimitFields {
  const isEntry = of === 'entry';
  let group: string = enqueueDefaults.group;
  let concurrency: number | undefined;
  let count: number | undefined;
  let perMs: number | undefined;
  let pendingMax: number | undefined;
  let payloadBytesMax: number | undefined;
  let keepMs: number | undefined;
  let keepCount: number | undefined;
  let from: string | undefined;
  const value = (): number => (isEntry ? r.positive(timeMax) : r.int(timeMax));
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) group = r.text(limits.groupBytes, enqueueDefaults.group);
    else if (tag === 2) concurrency = value();
    else if (tag === 3) count = value();
    else if (tag === 4) perMs = r.positive(timeMax);
    else if (tag === 5) pendingMax = value();
    else if (tag === 6) payloadBytesMax = value();
    else if (tag === 7) keepMs = value();
    else if (tag === 8) keepCount = value();
    else if (tag === tagFrom && !isEntry) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  const rate = rateOf(count, perMs);
  return { set: { group, concurrency, rate, pendingMax, payloadBytesMax, keepMs, keepCount }, from };
}

function rateOf(count: number | undefined, perMs: number | undefined): Rate | undefined {
  if (count === undefined && perMs === undefined) return undefined;
  if (count === undefined || perMs === undefined) throw recordError('half a rate');
  return { count, perMs };
}

interface PauseFields extends PauseScope {
  reason: string | undefined;
  from: string | undefined;
}

export function readPause<B>(r: RecordReader<B>, of: 'PAUSE' | 'RESUME' | 'entry'): PauseFields {
  let name: string | undefined;
  let group: string | undefined;
  let reason: string | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) name = r.text(limits.nameBytes);
    else if (tag === 2) group = r.word(limits.groupBytes);
    else if (tag === 3 && of !== 'RESUME') reason = r.text(limits.errorBytes);
    else if (tag === tagFrom && of !== 'entry') from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  if (name !== undefined && group !== undefined) throw recordError('a pause has a name or a group, not both');
  return { name, group, reason, from };
}

interface ScheduleFields<B> {
  rule: ScheduleRule;
  missed: MissedSlots;
  template: JobTemplate<B>;
  expiresAfterMs: number;
  lastSlot: number | undefined;
  from: string | undefined;
}

export function readSchedule<B>(r: RecordReader<B>, of: 'event' | 'entry'): ScheduleFields<B> {
  const isEntry = of === 'entry';
  let name: string = enqueueDefaults.name;
  let payload: B | undefined;
  let priority: number = enqueueDefaults.priority;
  let maxAttempts: number = enqueueDefaults.maxAttempts;
  let timeoutMs: number = enqueueDefaults.timeoutMs;
  let backoff: string = enqueueDefaults.backoff;
  let command: string[] | undefined;
  let group: string = enqueueDefaults.group;
  let expiresAfterMs: number = scheduleDefaults.expiresAfterMs;
  let cron: string | undefined;
  let everyMs: number | undefined;
  let zone: string | undefined;
  let missed = missedDefault;
  let lastSlot: number | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) name = r.text(limits.nameBytes, enqueueDefaults.name);
    else if (tag === 2) payload = r.body(limits.payloadBytes);
    else if (tag === 3) priority = r.signed(limits.priority, enqueueDefaults.priority);
    else if (tag === 4) maxAttempts = r.int(limits.attempts, enqueueDefaults.maxAttempts);
    else if (tag === 6) timeoutMs = r.int(timeMax, enqueueDefaults.timeoutMs);
    else if (tag === 7) backoff = r.text(limits.backoffBytes, enqueueDefaults.backoff);
    else if (tag === 8) command = r.list(limits.command);
    else if (tag === 13) group = r.text(limits.groupBytes, enqueueDefaults.group);
    else if (tag === 14) expiresAfterMs = r.int(timeMax, scheduleDefaults.expiresAfterMs);
    else if (tag === 20) cron = r.word(limits.cronBytes);
    else if (tag === 21) everyMs = r.positive(timeMax);
    else if (tag === 22) zone = r.text(limits.zoneBytes, scheduleDefaults.zone);
    else if (tag === 23) missed = r.int(missedSlots.length - 1, missedDefault);
    else if (tag === 24 && isEntry) lastSlot = r.int(timeMax);
    else if (tag === tagFrom && !isEntry) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  return {
    rule: ruleOf(cron, zone, everyMs),
    missed: missedSlots[missed] ?? scheduleDefaults.missed,
    template: { name, payload, priority, maxAttempts, timeoutMs, backoff, command, group },
    expiresAfterMs,
    lastSlot,
    from,
  };
}

function ruleOf(cron: string | undefined, zone: string | undefined, everyMs: number | undefined): ScheduleRule {
  if (cron !== undefined && everyMs === undefined) return { kind: 'cron', cron, zone: zone ?? scheduleDefaults.zone };
  if (cron !== undefined || everyMs === undefined) throw recordError('a schedule has a cron expression or an interval');
  if (zone !== undefined) throw recordError('a time zone without a cron expression');
  return { kind: 'every', everyMs };
}
