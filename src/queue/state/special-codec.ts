import { slotOf } from '../events/event-decode.ts';
import { keyFault, shapeError } from '../events/event-shape.ts';
import { eventLimits } from '../events/event-types.ts';
import { recordError } from '../events/record.ts';
import type { RecordReader } from '../events/record-reader.ts';
import type { RecordWriter } from '../events/record-writer.ts';
import type { Special } from './job.ts';

/** What few jobs have, in the entry of a job. The group, tag 44, stands between its halves and belongs to the options. */

const limits = eventLimits;
const timeMax = limits.timeMs;

/** Tags 40 to 43. */
export function writeHold(w: RecordWriter, special: Special): void {
  const wrong = keyFault(special);
  if (wrong !== undefined) throw shapeError(wrong);
  w.word(40, special.key, limits.keyBytes, 'key');
  w.int(41, special.keyUntil, timeMax, 'keyUntil');
  w.list(42, special.parents, limits.parents, 'parents');
  w.list(43, special.waitingFor, limits.parents, 'waitingFor');
}

/** Tags 45 to 47. */
export function writeOrigin(w: RecordWriter, special: Special): void {
  w.int(45, special.expiresAt, timeMax, 'expiresAt');
  w.int(46, special.slot?.at, timeMax, 'slot');
  w.word(47, special.slot?.schedule, limits.idBytes, 'schedule');
}

/** The same while it is being read. */
export type SpecialParts = { -readonly [K in Exclude<keyof Special, 'slot'>]: Special[K] } & {
  slotAt: number | undefined;
  schedule: string | undefined;
};

export function readSpecial<B>(r: RecordReader<B>, tag: number, before: SpecialParts | undefined): SpecialParts {
  const parts = before ?? {
    key: undefined,
    keyUntil: undefined,
    parents: undefined,
    waitingFor: undefined,
    expiresAt: undefined,
    slotAt: undefined,
    schedule: undefined,
  };
  if (tag === 40) parts.key = r.word(limits.keyBytes);
  else if (tag === 41) parts.keyUntil = r.int(timeMax);
  else if (tag === 42) parts.parents = r.list(limits.parents);
  else if (tag === 43) parts.waitingFor = r.list(limits.parents);
  else if (tag === 45) parts.expiresAt = r.int(timeMax);
  else if (tag === 46) parts.slotAt = r.int(timeMax);
  else parts.schedule = r.word(limits.idBytes);
  return parts;
}

export function specialOf(parts: SpecialParts): Special {
  const wrong = keyFault(parts);
  if (wrong !== undefined) throw recordError(wrong);
  const { key, keyUntil, parents, waitingFor, expiresAt, slotAt, schedule } = parts;
  return { key, keyUntil, parents, waitingFor, expiresAt, slot: slotOf(slotAt, schedule) };
}
