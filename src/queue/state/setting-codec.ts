import { unreachable } from '../../base/errors.ts';
import { limitFault, shapeError } from '../events/event-shape.ts';
import { enqueueDefaults, eventLimits } from '../events/event-types.ts';
import { fieldError } from '../events/record.ts';
import { RecordWriter } from '../events/record-writer.ts';
import {
  type Limits,
  missedSlots,
  type PauseEvent,
  type ResumeEvent,
  type ScheduleEvent,
  scheduleDefaults,
} from '../events/setting-types.ts';
import { writeRun, writeWork } from '../events/template-writer.ts';
import type { Packed } from './packed.ts';
import type { LimitSet, Pause, Schedule, SettingEntry } from './settings.ts';

/** Settings as bytes: the same fields in the event that sets one and in the snapshot entry of what is set. */

/** Numbers of their snapshot entries, after those of the facts and the jobs. */
export const settingTypes = { limits: 6, pause: 7, schedule: 8 } as const;

const limits = eventLimits;
const timeMax = limits.timeMs;
const entryWriter = new RecordWriter();

/** The canonical entry of one setting. Throws usageError E_FIELD when a value is beyond the limits of the format. */
export function encodeSetting(entry: SettingEntry): Uint8Array {
  const w = entryWriter;
  switch (entry.kind) {
    case 'limits': {
      const wrong = limitFault(entry.limits);
      if (wrong !== undefined) throw shapeError(wrong);
      w.begin(settingTypes.limits, '', 0);
      writeLimits(w, entry.limits, false);
      return w.finish();
    }
    case 'pause':
      w.begin(settingTypes.pause, '', entry.pause.at);
      writePause(w, entry.pause);
      return w.finish();
    case 'schedule': {
      const { schedule } = entry;
      const { payload } = schedule.template;
      w.begin(settingTypes.schedule, schedule.id, schedule.at);
      writeSchedule(w, schedule, payload);
      w.int(24, schedule.lastSlot, timeMax, 'lastSlot');
      return w.finish();
    }
    default:
      return unreachable(entry);
  }
}

/** `mayBeZero`: in an event, 0 takes a limit away. */
export function writeLimits(w: RecordWriter, set: Limits & Pick<LimitSet, 'group'>, mayBeZero: boolean): void {
  const put = (tag: number, value: number | undefined, name: string): void => {
    if (mayBeZero) w.int(tag, value, timeMax, name);
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

export function writePause(w: RecordWriter, pause: Pause | PauseEvent | ResumeEvent): void {
  w.text(1, pause.name, limits.nameBytes, 'name');
  w.word(2, pause.group, limits.groupBytes, 'group');
  // A RESUME made of a pause may carry its reason along; it has no such field.
  const isResume = 'type' in pause && pause.type === 'RESUME';
  if (!isResume && 'reason' in pause) w.foreignText(3, pause.reason, limits.errorBytes, 'reason');
}

export function writeSchedule(
  w: RecordWriter,
  schedule: Pick<Schedule | ScheduleEvent, 'rule' | 'missed' | 'template' | 'expiresAfterMs'>,
  payload: Packed | undefined,
): void {
  const { rule, template } = schedule;
  writeWork(w, template, payload, enqueueDefaults);
  writeRun(w, template, enqueueDefaults);
  w.text(13, template.group, limits.groupBytes, 'group', enqueueDefaults.group);
  w.int(14, schedule.expiresAfterMs, timeMax, 'expiresAfterMs', scheduleDefaults.expiresAfterMs);
  if (rule.kind === 'cron') w.word(20, rule.cron, limits.cronBytes, 'cron');
  else w.positive(21, rule.everyMs, timeMax, 'everyMs');
  if (rule.kind === 'cron') w.text(22, rule.zone, limits.zoneBytes, 'zone', scheduleDefaults.zone);
  const missed = missedSlots.indexOf(schedule.missed);
  w.int(23, missed, missedSlots.length - 1, 'missed', missedSlots.indexOf(scheduleDefaults.missed));
}
