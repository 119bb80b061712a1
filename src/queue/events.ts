import { unreachable, usageError } from '../base/errors.ts';
import { decodeFields, tagFrom } from './event-decode.ts';
import { enqueueDefaults, eventLimits, eventTypes, nameOfType, type QueueEvent } from './event-types.ts';
import type { Packed } from './packed.ts';
import { idBytesMax, newerRecord, recordError } from './record.ts';
import { packReader, type RecordReader, viewReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';

/** The codec of event records: bytes <-> values, pure. EVENTS.md describes the bytes, event-types.ts the values. */

/** The type byte, 0 for an empty record. Looks at nothing else. */
export function recordType(record: Uint8Array): number {
  return record[0] ?? 0;
}

/** 'ENQUEUE', 'CANCEL', ... and 'TYPE_99' for a number that this version has no name for. */
export function recordTypeName(record: Uint8Array): string {
  const type = recordType(record);
  return nameOfType.get(type) ?? `TYPE_${type}`;
}

/** Every name that `recordTypeName` may give, for filters. */
export function eventNames(): string[] {
  return [...nameOfType.values()];
}

/** The job's id, '' for an event that concerns no single job. Throws damageError E_RECORD. */
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
const limits = eventLimits;

/** Throws usageError E_FIELD when a value is beyond the limits of the format, with the field's name in `data.field`. */
export function encodeEvent(event: QueueEvent): Uint8Array {
  const wrong = shapeFault(event);
  if (wrong !== undefined) throw usageError('E_FIELD', wrong, { data: { field: wrong.split(' ')[0] } });
  writer.begin(eventTypes[event.type], event.id, event.at);
  encodeFields(event);
  writer.text(tagFrom, event.from, limits.fromBytes, 'from');
  writer.extra(event.extra);
  return writer.finish();
}

/** What types cannot say. The decoder refuses the same. */
function shapeFault(event: QueueEvent): string | undefined {
  if (event.type === 'PRUNE') {
    if (event.id !== '') return 'id must be empty: PRUNE concerns no single job';
    if ((event.ids === undefined) === (event.cutoff === undefined)) return 'ids or cutoff: PRUNE needs one of them';
    if (event.cutoff && !event.cutoff.completed && !event.cutoff.dead) return 'cutoff needs a state to prune';
    return undefined;
  }
  if (event.id === '') return 'id must not be empty';
  if (event.type === 'DISPATCH' && event.owner.kind === 'unknown' && event.from === undefined)
    return 'owner is missing';
  return undefined;
}

function encodeFields(event: QueueEvent): void {
  const w = writer;
  switch (event.type) {
    case 'ENQUEUE':
      w.text(1, event.name, limits.nameBytes, 'name', enqueueDefaults.name);
      w.bytes(2, event.payload, limits.payloadBytes, 'payload');
      w.signed(3, event.priority, limits.priority, 'priority', enqueueDefaults.priority);
      w.int(4, event.maxAttempts, limits.attempts, 'maxAttempts', enqueueDefaults.maxAttempts);
      w.int(5, event.runAt - event.at, limits.timeMs, 'runAt', 0);
      w.int(6, event.timeoutMs, limits.timeMs, 'timeoutMs', enqueueDefaults.timeoutMs);
      w.text(7, event.backoff, limits.backoffBytes, 'backoff', enqueueDefaults.backoff);
      w.list(8, event.command, limits.command, 'command');
      return;
    case 'DISPATCH':
      w.int(1, event.attempt, limits.attempts, 'attempt', 1);
      if (event.owner.kind === 'runner') w.int(2, event.owner.epoch, limits.timeMs, 'epoch');
      if (event.owner.kind === 'lease') {
        w.text(3, event.owner.token, limits.tokenBytes, 'token');
        w.int(4, event.owner.deadlineMs, limits.timeMs, 'deadlineMs');
      }
      w.int(5, event.deadlineMs === undefined ? undefined : event.deadlineMs - event.at, limits.timeMs, 'deadlineMs');
      return;
    case 'ACK':
      w.int(1, event.durationMs, limits.timeMs, 'durationMs');
      w.bytes(2, event.result, limits.resultBytes, 'result');
      return;
    case 'RETRY':
      w.int(1, event.runAt - event.at, limits.timeMs, 'runAt', 0);
      w.text(2, event.reason, limits.reasonBytes, 'reason', 'failed');
      w.foreignText(3, event.error, limits.errorBytes, 'error');
      w.int(4, event.exitCode, limits.exitCode, 'exitCode');
      w.text(5, event.signal, limits.signalBytes, 'signal');
      w.int(6, event.refund ? 1 : 0, 1, 'refund', 0);
      w.int(7, event.reset ? 1 : 0, 1, 'reset', 0);
      return;
    case 'TIMEOUT':
      return;
    case 'DEAD':
      w.text(2, event.reason, limits.reasonBytes, 'reason', 'attempts');
      w.foreignText(3, event.error, limits.errorBytes, 'error');
      w.int(4, event.exitCode, limits.exitCode, 'exitCode');
      w.text(5, event.signal, limits.signalBytes, 'signal');
      return;
    case 'PRUNE':
      w.list(1, event.ids, limits.pruneIds, 'ids');
      w.int(2, event.cutoff?.seq, limits.timeMs, 'cutoff');
      w.int(3, event.cutoff && (event.cutoff.completed ? 1 : 0) + (event.cutoff.dead ? 2 : 0), 3, 'states');
      return;
    default:
      unreachable(event);
  }
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
  if (type > eventTypes.PRUNE) throw newerRecord(`event ${nameOfType.get(type) ?? type}`);
  const id = r.text(idBytesMax);
  if ((id === '') !== (type === eventTypes.PRUNE))
    throw recordError(id === '' ? 'id is empty' : 'id where none belongs');
  const event = decodeFields(r, type, id, r.next());
  if (event === undefined) throw newerRecord(`event ${type}`);
  return event;
}
