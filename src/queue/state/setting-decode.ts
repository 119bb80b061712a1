import type { JobTemplate } from '../events/event-base.ts';
import { limitFault } from '../events/event-shape.ts';
import { enqueueDefaults, eventLimits } from '../events/event-types.ts';
import { recordError, tagFrom } from '../events/record.ts';
import type { RecordReader } from '../events/record-reader.ts';
import {
  type LimitEvent,
  type MissedSlots,
  missedSlots,
  type PauseEvent,
  type PauseScope,
  type Rate,
  type ResumeEvent,
  type ScheduleEvent,
  type ScheduleRule,
  scheduleDefaults,
} from '../events/setting-types.ts';
import type { Packed } from './packed.ts';
import { settingTypes } from './setting-codec.ts';
import type { LimitSet, SettingEntry } from './settings.ts';

/** The fields of settings, read: of an event or of a snapshot entry, which has no `from`. */

const limits = eventLimits;
const timeMax = limits.timeMs;
const missedDefault = missedSlots.indexOf(scheduleDefaults.missed);

/** A snapshot entry of that type, after its type byte. Undefined for a type that is no setting. */
export function decodeSetting(r: RecordReader<Packed>, type: number): SettingEntry | undefined {
  switch (type) {
    case settingTypes.limits: {
      if (r.text(limits.idBytes) !== '' || r.next() !== 0) throw recordError('limits with an id or a time');
      const { set } = readLimits(r, true);
      const wrong = limitFault(set);
      if (wrong !== undefined) throw recordError(wrong);
      return { kind: 'limits', limits: set };
    }
    case settingTypes.pause: {
      if (r.text(limits.idBytes) !== '') throw recordError('pause with an id');
      const at = r.next();
      const { name, group, reason } = readPause(r, true, true);
      return { kind: 'pause', pause: { name, group, at, reason } };
    }
    case settingTypes.schedule: {
      const id = r.word(limits.idBytes);
      const at = r.next();
      const { rule, missed, template, expiresAfterMs, lastSlot } = readSchedule(r, true);
      return { kind: 'schedule', schedule: { id, rule, missed, template, expiresAfterMs, at, lastSlot } };
    }
    default:
      return undefined;
  }
}

export function decodeLimit<B>(r: RecordReader<B>, id: string, at: number): LimitEvent {
  const { set, from } = readLimits(r, false);
  return { type: 'LIMIT', id, at, ...set, from, extra: r.extra };
}

export function decodePause<B>(r: RecordReader<B>, id: string, at: number): PauseEvent {
  return { type: 'PAUSE', id, at, ...readPause(r, false, true), extra: r.extra };
}

export function decodeResume<B>(r: RecordReader<B>, id: string, at: number): ResumeEvent {
  const { name, group, from } = readPause(r, false, false);
  return { type: 'RESUME', id, at, name, group, from, extra: r.extra };
}

export function decodeSchedule<B>(r: RecordReader<B>, id: string, at: number): ScheduleEvent<B> {
  const { rule, missed, template, expiresAfterMs, from } = readSchedule(r, false);
  return { type: 'SCHEDULE', id, at, rule, missed, template, expiresAfterMs, from, extra: r.extra };
}

function readLimits<B>(r: RecordReader<B>, isEntry: boolean): { set: LimitSet; from: string | undefined } {
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

function readPause<B>(r: RecordReader<B>, isEntry: boolean, hasReason: boolean): PauseFields {
  let name: string | undefined;
  let group: string | undefined;
  let reason: string | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) name = r.text(limits.nameBytes);
    else if (tag === 2) group = r.word(limits.groupBytes);
    else if (tag === 3 && hasReason) reason = r.text(limits.errorBytes);
    else if (tag === tagFrom && !isEntry) from = r.text(limits.fromBytes);
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

function readSchedule<B>(r: RecordReader<B>, isEntry: boolean): ScheduleFields<B> {
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
