import { varintLength, writeVarint } from '../../base/varint.ts';
import { eventTypes } from './event-types.ts';
import { recordType } from './events.ts';

/**
 * Is a record an event of this job? Compares bytes and decodes nothing: a log of millions of events is searched at the
 * speed of reading it.
 */
export function recordsOf(id: string): (record: Uint8Array) => boolean {
  const text = Buffer.from(id);
  const wanted = new Uint8Array(varintLength(text.length) + text.length);
  wanted.set(text, writeVarint(wanted, 0, text.length));
  return (record) => {
    if (record.length <= wanted.length) return false;
    for (let at = 0; at < wanted.length; at++) if (record[at + 1] !== wanted[at]) return false;
    // Schedules have a name space of their own.
    const type = recordType(record);
    return type !== eventTypes.SCHEDULE && type !== eventTypes.UNSCHEDULE;
  };
}
