import { unreachable } from '../../base/errors.ts';
import { limitFault, shapeError } from '../events/event-shape.ts';
import { eventLimits } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';
import { recordError } from '../events/record.ts';
import type { RecordReader } from '../events/record-reader.ts';
import { RecordWriter } from '../events/record-writer.ts';
import { readLimits, readPause, readSchedule } from '../events/setting-decode.ts';
import { writeLimits, writePause, writeSchedule } from '../events/setting-encode.ts';
import type { SettingEntry } from './settings.ts';

/** Snapshot entries of settings. Their numbers come after those of the facts and the jobs. */
const settingTypes = { limits: 6, pause: 7, schedule: 8 } as const;

const limits = eventLimits;
const w = new RecordWriter();

/** The canonical entry of one setting. Throws usageError E_FIELD when a value is beyond the limits of the format. */
export function encodeSetting(entry: SettingEntry): Uint8Array {
  switch (entry.kind) {
    case 'limits': {
      const wrong = limitFault(entry.limits);
      if (wrong !== undefined) throw shapeError(wrong);
      w.begin(settingTypes.limits, '', 0);
      writeLimits(w, entry.limits, 'refused');
      return w.finish();
    }
    case 'pause':
      w.begin(settingTypes.pause, '', entry.pause.at);
      writePause(w, entry.pause);
      return w.finish();
    case 'schedule': {
      const { schedule } = entry;
      w.begin(settingTypes.schedule, schedule.id, schedule.at);
      writeSchedule(w, schedule);
      w.int(24, schedule.lastSlot, limits.timeMs, 'lastSlot');
      return w.finish();
    }
    default:
      return unreachable(entry);
  }
}

/** An entry of that type, after its type byte. Undefined for a type that is no setting. Throws damageError E_RECORD. */
export function decodeSetting(r: RecordReader<Packed>, type: number): SettingEntry | undefined {
  switch (type) {
    case settingTypes.limits: {
      if (r.text(limits.idBytes) !== '' || r.next() !== 0) throw recordError('limits with an id or a time');
      const { set } = readLimits(r, 'entry');
      const wrong = limitFault(set);
      if (wrong !== undefined) throw recordError(wrong);
      return { kind: 'limits', limits: set };
    }
    case settingTypes.pause: {
      if (r.text(limits.idBytes) !== '') throw recordError('pause with an id');
      const at = r.next();
      const { name, group, reason } = readPause(r, 'entry');
      return { kind: 'pause', pause: { name, group, at, reason } };
    }
    case settingTypes.schedule: {
      const id = r.word(limits.idBytes);
      const at = r.next();
      const { rule, missed, template, expiresAfterMs, lastSlot } = readSchedule(r, 'entry');
      return { kind: 'schedule', schedule: { id, rule, missed, template, expiresAfterMs, at, lastSlot } };
    }
    default:
      return undefined;
  }
}
