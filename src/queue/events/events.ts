import type { PackedRecords } from '../../storage/wal/records.ts';
import { decodeFields } from './event-decode.ts';
import { encodeFields } from './event-encode.ts';
import { shapeError, shapeFault } from './event-shape.ts';
import { eventLimits, eventTypes, nameOfType, type QueueEvent } from './event-types.ts';
import type { Packed } from './packed.ts';
import { idBytesMax, newerRecord, recordError, tagFrom } from './record.ts';
import { packReader, type RecordReader, viewReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';

/** The codec of event records: bytes <-> values, pure. EVENTS.md describes the bytes, event-types.ts the values. */

/** The type byte, 0 for an empty record. Looks at nothing else. */
export function recordType(record: Uint8Array): number {
  return record[0] ?? 0;
}

/** 'ENQUEUE', 'DISPATCH', ... and 'TYPE_99' for a number that this version has no name for. */
export function recordTypeName(record: Uint8Array): string {
  const type = recordType(record);
  return nameOfType.get(type) ?? `TYPE_${type}`;
}

/** Every name that `recordTypeName` may give, for filters. */
export function eventNames(): string[] {
  return [...nameOfType.values()];
}

/** The id of the job or schedule, '' for an event that concerns neither. Throws damageError E_RECORD. */
export function recordJobId(record: Uint8Array): string {
  return viewReader.read(record, (reader) => {
    reader.type();
    return reader.text(idBytesMax);
  });
}

/** The time, without decoding the id or the fields. Throws damageError E_RECORD. */
export function recordTime(record: Uint8Array): number {
  return viewReader.read(record, (reader) => {
    reader.type();
    reader.skip(idBytesMax);
    return reader.next();
  });
}

const writer = new RecordWriter();

/** Throws usageError E_FIELD when a value is beyond the limits of the format, with the field's name in `data.field`. */
export function encodeEvent(event: QueueEvent<Packed>): Uint8Array {
  write(event);
  return writer.finish();
}

/** The same of all events of one operation, for its frame. */
export function packEvents(events: readonly QueueEvent<Packed>[]): PackedRecords {
  writer.drop();
  for (const event of events) {
    write(event);
    writer.add();
  }
  return writer.take();
}

function write(event: QueueEvent<Packed>): void {
  const type = eventTypes[event.type];
  const wrong = shapeFault(event, type);
  if (wrong !== undefined) throw shapeError(wrong);
  writer.begin(type, event.id, event.at);
  encodeFields(writer, event);
  writer.text(tagFrom, event.from, eventLimits.fromBytes, 'from');
  writer.extra(event.extra);
}

/** Throws damageError E_RECORD, or newerError E_RECORD_NEWER for an event or field of a newer version. */
export function decodeEvent(record: Uint8Array): QueueEvent {
  return viewReader.read(record, decode);
}

/** The same, with payload and result in the form the state keeps, copied out of the record. */
export function decodePacked(record: Uint8Array): QueueEvent<Packed> {
  return packReader.read(record, decode);
}

function decode<B>(r: RecordReader<B>): QueueEvent<B> {
  const type = r.type();
  if (type > 127) throw recordError(`type ${type}`);
  const event = decodeFields(r, type, r.text(idBytesMax), r.next());
  if (event === undefined) throw newerRecord(`event ${type}`);
  const wrong = shapeFault(event, type);
  if (wrong !== undefined) throw recordError(wrong);
  return event;
}
