import {
  type AckEvent,
  type DeadEvent,
  type DispatchEvent,
  type EnqueueEvent,
  enqueueDefaults,
  eventLimits,
  eventTypes,
  type Owner,
  type PruneEvent,
  type QueueEvent,
  type RetryEvent,
  type TimeoutEvent,
} from './event-types.ts';
import { recordError } from './record.ts';
import type { RecordReader } from './record-reader.ts';

/** The fields of each event, read. One function per event: flat code, because replay spends its time here. */

/** The one field common to all events: the seq in the foreign log. */
export const tagFrom = 63;
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
      return decodeTimeout(r, id, at);
    case eventTypes.DEAD:
      return decodeDead(r, id, at);
    case eventTypes.PRUNE:
      return decodePrune(r, id, at);
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
    from,
    extra,
  };
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
  if (owner.kind === 'unknown' && from === undefined) throw recordError('DISPATCH without owner');
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

function decodeTimeout<B>(r: RecordReader<B>, id: string, at: number): TimeoutEvent {
  let from: string | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (tag === tagFrom) from = r.text(limits.fromBytes);
    else r.unknown(tag);
  }
  return { type: 'TIMEOUT', id, at, from, extra: r.extra };
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
  if ((ids === undefined) === (seq === undefined)) throw recordError('PRUNE needs ids or a cutoff');
  const cutoff = seq === undefined ? undefined : { seq, completed: (states ?? 0) % 2 === 1, dead: (states ?? 0) >= 2 };
  return { type: 'PRUNE', id, at, ids, cutoff, from, extra: r.extra };
}
