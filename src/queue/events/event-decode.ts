import {
  type AckEvent,
  type CancelEvent,
  type DeadEvent,
  type DispatchEvent,
  type EnqueueEvent,
  type ExtendEvent,
  enqueueDefaults,
  eventLimits,
  eventTypes,
  type Owner,
  type PruneEvent,
  type QueueEvent,
  type RetryEvent,
  type Slot,
  type UpdateEvent,
} from './event-types.ts';
import { recordError, tagFrom } from './record.ts';
import type { RecordReader } from './record-reader.ts';
import { decodeLimit, decodePause, decodeResume, decodeSchedule } from './setting-decode.ts';

/** The fields of each event, read. One function per event: flat code, because replay spends its time here. */

const limits = eventLimits;

/**
 * Reads the fields of an event of that type; the reader stands at the first one. Undefined for a type that this version
 * does not write.
 */
export function decodeFields<B>(r: RecordReader<B>, type: number, id: string, at: number): QueueEvent<B> | undefined {
  switch (type) {
    case eventTypes.ENQUEUE:
      return decodeEnqueue(r, id, at);
    case eventTypes.DISPATCH:
      return decodeDispatch(r, id, at);
    case eventTypes.ACK:
      return decodeAck(r, id, at);
    case eventTypes.RETRY:
      return decodeRetry(r, id, at);
    case eventTypes.TIMEOUT:
      return { type: 'TIMEOUT', id, at, from: onlyFrom(r), extra: r.extra };
    case eventTypes.DEAD:
      return decodeDead(r, id, at);
    case eventTypes.PRUNE:
      return decodePrune(r, id, at);
    case eventTypes.CANCEL:
      return decodeCancel(r, id, at);
    case eventTypes.UPDATE:
      return decodeUpdate(r, id, at);
    case eventTypes.EXTEND:
      return decodeExtend(r, id, at);
    case eventTypes.REMOVE:
      return { type: 'REMOVE', id, at, from: onlyFrom(r), extra: r.extra };
    case eventTypes.PAUSE:
      return decodePause(r, id, at);
    case eventTypes.RESUME:
      return decodeResume(r, id, at);
    case eventTypes.SCHEDULE:
      return decodeSchedule(r, id, at);
    case eventTypes.UNSCHEDULE:
      return { type: 'UNSCHEDULE', id, at, from: onlyFrom(r), extra: r.extra };
    case eventTypes.LIMIT:
      return decodeLimit(r, id, at);
    default:
      return undefined;
  }
}

function decodeEnqueue<B>(r: RecordReader<B>, id: string, at: number): EnqueueEvent<B> {
  let name: string = enqueueDefaults.name;
  let payload: B | undefined;
  let priority: number = enqueueDefaults.priority;
  let maxAttempts: number = enqueueDefaults.maxAttempts;
  let runAt = at;
  let timeoutMs: number = enqueueDefaults.timeoutMs;
  let backoff: string = enqueueDefaults.backoff;
  let command: string[] | undefined;
  let key: string | undefined;
  let keyUntil: number | undefined;
  let parents: string[] | undefined;
  let group: string = enqueueDefaults.group;
  let expiresAt: number | undefined;
  let slotAt: number | undefined;
  let schedule: string | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) name = r.text(limits.nameBytes, enqueueDefaults.name);
    else if (tag === 2) payload = r.body(limits.payloadBytes);
    else if (tag === 3) priority = r.signed(limits.priority, enqueueDefaults.priority);
    else if (tag === 4) maxAttempts = r.int(limits.attempts, enqueueDefaults.maxAttempts);
    else if (tag === 5) runAt = at + r.int(limits.timeMs - at, 0);
    else if (tag === 6) timeoutMs = r.int(limits.timeMs, enqueueDefaults.timeoutMs);
    else if (tag === 7) backoff = r.text(limits.backoffBytes, enqueueDefaults.backoff);
    else if (tag === 8) command = r.list(limits.command);
    else if (tag === 9) key = r.word(limits.keyBytes);
    else if (tag === 11) keyUntil = at + r.positive(limits.timeMs - at);
    else if (tag === 12) parents = r.list(limits.parents);
    else if (tag === 13) group = r.text(limits.groupBytes, enqueueDefaults.group);
    else if (tag === 14) expiresAt = at + r.int(limits.timeMs - at);
    else if (tag === 15) slotAt = r.int(limits.timeMs);
    else if (tag === 16) schedule = r.word(limits.idBytes);
    else if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  const extra = r.extra;
  return {
    type: 'ENQUEUE',
    id,
    at,
    name,
    payload,
    priority,
    maxAttempts,
    runAt,
    timeoutMs,
    backoff,
    command,
    group,
    key,
    keyUntil,
    parents,
    expiresAt,
    slot: slotOf(slotAt, schedule),
    from,
    extra,
  };
}

/** Also the form of a slot in snapshot entries. */
export function slotOf(at: number | undefined, schedule: string | undefined): Slot | undefined {
  if (at === undefined && schedule === undefined) return undefined;
  if (at === undefined || schedule === undefined) throw recordError('half a slot');
  return { schedule, at };
}

function decodeDispatch<B>(r: RecordReader<B>, id: string, at: number): DispatchEvent {
  let attempt = 1;
  let epoch: number | undefined;
  let token: string | undefined;
  let leaseMs: number | undefined;
  let deadlineMs: number | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) attempt = r.int(limits.attempts, 1);
    else if (tag === 2) epoch = r.int(limits.timeMs);
    else if (tag === 3) token = r.text(limits.tokenBytes);
    else if (tag === 4) leaseMs = r.int(limits.timeMs);
    else if (tag === 5) deadlineMs = at + r.int(limits.timeMs - at);
    else if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  const owner = ownerOf(epoch, token, leaseMs);
  return { type: 'DISPATCH', id, at, attempt, owner, deadlineMs, from, extra: r.extra };
}

/** Also the form of the owner in snapshot entries. Throws damageError E_RECORD on half an owner or two. */
export function ownerOf(epoch: number | undefined, token: string | undefined, deadlineMs: number | undefined): Owner {
  if ((token === undefined) !== (deadlineMs === undefined)) throw recordError('half a lease');
  if (token !== undefined && deadlineMs !== undefined) {
    if (epoch !== undefined) throw recordError('two owners');
    return { kind: 'lease', token, deadlineMs };
  }
  return epoch === undefined ? { kind: 'unknown' } : { kind: 'runner', epoch };
}

function decodeAck<B>(r: RecordReader<B>, id: string, at: number): AckEvent<B> {
  let durationMs: number | undefined;
  let result: B | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) durationMs = r.int(limits.timeMs);
    else if (tag === 2) result = r.body(limits.resultBytes);
    else if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  return { type: 'ACK', id, at, durationMs, result, from, extra: r.extra };
}

function decodeRetry<B>(r: RecordReader<B>, id: string, at: number): RetryEvent {
  let runAt = at;
  let reason = 'failed';
  let error: string | undefined;
  let exitCode: number | undefined;
  let signal: string | undefined;
  let refund = false;
  let reset = false;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) runAt = at + r.int(limits.timeMs - at, 0);
    else if (tag === 2) reason = r.text(limits.reasonBytes, 'failed');
    else if (tag === 3) error = r.text(limits.errorBytes);
    else if (tag === 4) exitCode = r.int(limits.exitCode);
    else if (tag === 5) signal = r.text(limits.signalBytes);
    else if (tag === 6) refund = r.int(1, 0) === 1;
    else if (tag === 7) reset = r.int(1, 0) === 1;
    else if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  return { type: 'RETRY', id, at, runAt, reason, error, exitCode, signal, refund, reset, from, extra: r.extra };
}

/** Of an event without fields of its own. */
function onlyFrom<B>(r: RecordReader<B>): string | undefined {
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  return from;
}

function decodeDead<B>(r: RecordReader<B>, id: string, at: number): DeadEvent {
  let reason = 'attempts';
  let error: string | undefined;
  let exitCode: number | undefined;
  let signal: string | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 2) reason = r.text(limits.reasonBytes, 'attempts');
    else if (tag === 3) error = r.text(limits.errorBytes);
    else if (tag === 4) exitCode = r.int(limits.exitCode);
    else if (tag === 5) signal = r.text(limits.signalBytes);
    else if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  return { type: 'DEAD', id, at, reason, error, exitCode, signal, from, extra: r.extra };
}

function decodePrune<B>(r: RecordReader<B>, id: string, at: number): PruneEvent {
  let ids: string[] | undefined;
  let seq: number | undefined;
  let states: number | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) ids = r.list(limits.pruneIds);
    else if (tag === 2) seq = r.int(limits.timeMs);
    else if (tag === 3) states = r.int(3, 0);
    else if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  if ((seq === undefined) !== (states === undefined)) throw recordError('half a cutoff');
  const cutoff = seq === undefined ? undefined : { seq, completed: (states ?? 0) % 2 === 1, dead: (states ?? 0) >= 2 };
  return { type: 'PRUNE', id, at, ids, cutoff, from, extra: r.extra };
}

function decodeCancel<B>(r: RecordReader<B>, id: string, at: number): CancelEvent {
  let error: string | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 3) error = r.text(limits.errorBytes);
    else if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  return { type: 'CANCEL', id, at, error, from, extra: r.extra };
}

/** What is there is a change, even to the value that is the default of ENQUEUE. */
function decodeUpdate<B>(r: RecordReader<B>, id: string, at: number): UpdateEvent<B> {
  const event: UpdateEvent<B> = { type: 'UPDATE', id, at };
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 2) event.payload = r.body(limits.payloadBytes);
    else if (tag === 3) event.priority = r.signed(limits.priority);
    else if (tag === 4) event.maxAttempts = r.int(limits.attempts);
    else if (tag === 5) event.runAt = at + r.int(limits.timeMs - at);
    else if (tag === 6) event.timeoutMs = r.int(limits.timeMs);
    else if (tag === 7) event.backoff = r.text(limits.backoffBytes);
    else if (tag === 13) event.group = r.text(limits.groupBytes);
    else if (tag === 14) event.expiresAt = at + r.int(limits.timeMs - at);
    else if (tag === tagFrom) event.from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  event.extra = r.extra;
  return event;
}

function decodeExtend<B>(r: RecordReader<B>, id: string, at: number): ExtendEvent {
  let deadlineMs: number | undefined;
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === 1) deadlineMs = at + r.int(limits.timeMs - at);
    else if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  if (deadlineMs === undefined) throw recordError('EXTEND without a deadline');
  return { type: 'EXTEND', id, at, deadlineMs, from, extra: r.extra };
}
