import { enqueueDefaults, eventLimits } from './event-types.ts';
import type { Packed } from './packed.ts';
import { fieldError } from './record.ts';
import type { RecordWriter } from './record-writer.ts';
import {
  type LimitEvent,
  type Limits,
  missedSlots,
  type PauseScope,
  type ScheduleEvent,
  scheduleDefaults,
} from './setting-types.ts';
import { writeRun, writeWork } from './template-writer.ts';

/** Settings as bytes: the same fields in the event that sets one and in the snapshot entry of what is set. */

const limits = eventLimits;
const timeMax = limits.timeMs;

/** `zero`: in an event, 0 takes a limit away; in the limits in force there is none. */
export function writeLimits(
  w: RecordWriter,
  set: Limits & Pick<LimitEvent, 'group'>,
  zero: 'takes away' | 'refused',
): void {
  const put = (tag: number, value: number | undefined, name: string): void => {
    if (zero === 'takes away') w.int(tag, value, timeMax, name);
    else w.positive(tag, value, timeMax, name);
  };
  w.text(1, set.group, limits.groupBytes, 'group', enqueueDefaults.group);
  put(2, set.concurrency, 'concurrency');
  // Half a rate cannot be read again: such a record would keep the store from opening.
  if (set.rate !== undefined && set.rate.count === undefined) throw fieldError('rate', 'needs a count');
  put(3, set.rate?.count, 'rate');
  w.positive(4, set.rate?.perMs, timeMax, 'perMs');
  put(5, set.pendingMax, 'pendingMax');
  put(6, set.payloadBytesMax, 'payloadBytesMax');
  put(7, set.keepMs, 'keepMs');
  put(8, set.keepCount, 'keepCount');
}

/** What a RESUME has; a PAUSE, and a pause in force, have a reason too. */
export function writeScope(w: RecordWriter, scope: PauseScope): void {
  w.text(1, scope.name, limits.nameBytes, 'name');
  w.word(2, scope.group, limits.groupBytes, 'group');
}

export function writePause(w: RecordWriter, pause: PauseScope & { reason?: string | undefined }): void {
  writeScope(w, pause);
  w.foreignText(3, pause.reason, limits.errorBytes, 'reason');
}

export function writeSchedule(
  w: RecordWriter,
  schedule: Pick<ScheduleEvent<Packed>, 'rule' | 'missed' | 'template' | 'expiresAfterMs'>,
): void {
  const { rule, template } = schedule;
  writeWork(w, template, template.payload, enqueueDefaults);
  writeRun(w, template, enqueueDefaults);
  w.text(13, template.group, limits.groupBytes, 'group', enqueueDefaults.group);
  w.int(14, schedule.expiresAfterMs, timeMax, 'expiresAfterMs', scheduleDefaults.expiresAfterMs);
  if (rule.kind === 'cron') w.word(20, rule.cron, limits.cronBytes, 'cron');
  else w.positive(21, rule.everyMs, timeMax, 'everyMs');
  if (rule.kind === 'cron') w.text(22, rule.zone, limits.zoneBytes, 'zone', scheduleDefaults.zone);
  const missed = missedSlots.indexOf(schedule.missed);
  w.int(23, missed, missedSlots.length - 1, 'missed', missedSlots.indexOf(scheduleDefaults.missed));
}
