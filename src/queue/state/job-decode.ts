import { unreachable } from '../../base/errors.ts';
import { ownerOf } from '../events/event-decode.ts';
import { enqueueDefaults, eventLimits } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';
import { recordError, tagFrom } from '../events/record.ts';
import type { RecordReader } from '../events/record-reader.ts';
import { FreshJob } from './fresh-job.ts';
import type { Job, JobState, Setback } from './job.ts';
import { sharedOptions } from './options.ts';
import { readSpecial, type SpecialParts, specialOf } from './special-codec.ts';

const limits = eventLimits;
const timeMax = limits.timeMs;

/** Fields of one state only; the others belong to all. */
function belongs(tag: number, state: JobState): boolean {
  if (tag === 5 || tag === 17) return state === 'pending';
  if (tag >= 20 && tag <= 26) return state === 'in_flight';
  if (tag === 30 || tag === 31) return state === 'completed' || state === 'dead';
  if (tag >= 32 && tag <= 34) return state === 'completed';
  if (tag >= 35 && tag <= 38) return state === 'dead';
  return true;
}

/** One job entry after its type byte. Flat code: opening a store with a million jobs spends its time here. */
export function decodeJob(r: RecordReader<Packed>, state: JobState): Job {
  const id = r.text(limits.idBytes);
  if (id === '') throw recordError('id is empty');
  const createdAt = r.next();
  let name: string = enqueueDefaults.name;
  let payload: Packed | undefined;
  let priority: number = enqueueDefaults.priority;
  let maxAttempts: number = enqueueDefaults.maxAttempts;
  let runAt = createdAt;
  let timeoutMs: number = enqueueDefaults.timeoutMs;
  let backoff: string = enqueueDefaults.backoff;
  let command: string[] | undefined;
  let from: string | undefined;
  let seq: number | undefined;
  let attempt = 0;
  let crashes = 0;
  let timedOut = false;
  let setbackAt: number | undefined;
  let lastEnd: Ending | undefined;
  let death: Ending | undefined;
  let dispatchSeq: number | undefined;
  let startedAt: number | undefined;
  let epoch: number | undefined;
  let token: string | undefined;
  let leaseMs: number | undefined;
  let deadlineMs: number | undefined;
  let endSeq: number | undefined;
  let endedAt: number | undefined;
  let durationMs: number | undefined;
  let result: Packed | undefined;
  let cancelledAt: number | undefined;
  let group: string = enqueueDefaults.group;
  let parts: SpecialParts | undefined;
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    if (!belongs(tag, state)) throw recordError(`field ${tag} in a job that is ${state}`);
    switch (tag) {
      case 1:
        name = r.text(limits.nameBytes, enqueueDefaults.name);
        break;
      case 2:
        payload = r.body(limits.payloadBytes);
        break;
      case 3:
        priority = r.signed(limits.priority, enqueueDefaults.priority);
        break;
      case 4:
        maxAttempts = r.int(limits.attempts, enqueueDefaults.maxAttempts);
        break;
      case 5:
        runAt = r.int(timeMax, createdAt);
        break;
      case 6:
        timeoutMs = r.int(timeMax, enqueueDefaults.timeoutMs);
        break;
      case 7:
        backoff = r.text(limits.backoffBytes, enqueueDefaults.backoff);
        break;
      case 8:
        command = r.list(limits.command);
        break;
      case 9:
        seq = r.int(timeMax);
        break;
      case 10:
        attempt = r.int(limits.attempts, 0);
        break;
      case 11:
        crashes = r.int(timeMax, 0);
        break;
      case 12:
        setbackAt = r.int(timeMax);
        break;
      case 13:
      case 14:
      case 15:
      case 16:
        lastEnd = readEnding(r, tag - 13, lastEnd, 'failed');
        break;
      case 17:
        timedOut = r.int(1, 0) === 1;
        break;
      case 20:
        dispatchSeq = r.int(timeMax);
        break;
      case 21:
      case 32:
        startedAt = r.int(timeMax);
        break;
      case 22:
        epoch = r.int(timeMax);
        break;
      case 23:
        token = r.text(limits.tokenBytes);
        break;
      case 24:
        leaseMs = r.int(timeMax);
        break;
      case 25:
        deadlineMs = r.int(timeMax);
        break;
      case 26:
        cancelledAt = r.int(timeMax);
        break;
      case 30:
        endSeq = r.int(timeMax);
        break;
      case 31:
        endedAt = r.int(timeMax);
        break;
      case 33:
        durationMs = r.int(timeMax);
        break;
      case 34:
        result = r.body(limits.resultBytes);
        break;
      case 35:
      case 36:
      case 37:
      case 38:
        death = readEnding(r, tag - 35, death, 'attempts');
        break;
      case 40:
      case 41:
      case 42:
      case 43:
      case 45:
      case 46:
      case 47:
        parts = readSpecial(r, tag, parts);
        break;
      case 44:
        group = r.text(limits.groupBytes, enqueueDefaults.group);
        break;
      case tagFrom:
        from = r.text(limits.fromBytes);
        break;
      default:
        r.unknown(tag);
    }
  }
  const setback = setbackOf(setbackAt, lastEnd);
  const options = sharedOptions({ name, priority, maxAttempts, timeoutMs, backoff, command, group });
  const special = parts === undefined ? undefined : specialOf(parts);
  const enqueueSeq = needed(seq, 'seq');
  // Spelled out, members in the order of make-job.ts: there may be a million, and objects built by spreading take more
  // memory.
  switch (state) {
    case 'pending': {
      const begun = timedOut || attempt > 0 || crashes > 0 || setback !== undefined;
      if (!begun && runAt === createdAt && special === undefined && from === undefined) {
        return new FreshJob(id, enqueueSeq, options, payload, createdAt);
      }
      return {
        state,
        id,
        seq: enqueueSeq,
        options,
        payload,
        createdAt,
        from,
        attempt,
        crashes,
        setback,
        special,
        runAt,
        timedOut,
      };
    }
    case 'in_flight':
      return {
        state,
        id,
        seq: enqueueSeq,
        options,
        payload,
        createdAt,
        from,
        attempt,
        crashes,
        setback,
        special,
        dispatchSeq: needed(dispatchSeq, 'dispatchSeq'),
        startedAt: needed(startedAt, 'startedAt'),
        owner: ownerOf(epoch, token, leaseMs),
        deadlineMs,
        cancelledAt,
      };
    case 'completed':
      return {
        state,
        id,
        seq: enqueueSeq,
        options,
        payload,
        createdAt,
        from,
        attempt,
        crashes,
        setback,
        special,
        endSeq: needed(endSeq, 'endSeq'),
        endedAt: needed(endedAt, 'endedAt'),
        startedAt,
        durationMs,
        result,
      };
    case 'dead':
      return {
        state,
        id,
        seq: enqueueSeq,
        options,
        payload,
        createdAt,
        from,
        attempt,
        crashes,
        setback,
        special,
        endSeq: needed(endSeq, 'endSeq'),
        endedAt: needed(endedAt, 'endedAt'),
        reason: death?.reason ?? 'attempts',
        error: death?.error,
        exitCode: death?.exitCode,
        signal: death?.signal,
      };
    default:
      return unreachable(state);
  }
}

interface Ending {
  reason: string | undefined;
  error: string | undefined;
  exitCode: number | undefined;
  signal: string | undefined;
}

/** Reason, error, exit code and signal have neighbouring tags, for the last setback and for the end. */
function readEnding(r: RecordReader<Packed>, which: number, before: Ending | undefined, reasonDefault: string): Ending {
  const ending = before ?? { reason: undefined, error: undefined, exitCode: undefined, signal: undefined };
  if (which === 0) ending.reason = r.text(limits.reasonBytes, reasonDefault);
  else if (which === 1) ending.error = r.text(limits.errorBytes);
  else if (which === 2) ending.exitCode = r.int(limits.exitCode);
  else ending.signal = r.text(limits.signalBytes);
  return ending;
}

function setbackOf(at: number | undefined, ending: Ending | undefined): Setback | undefined {
  if (at === undefined) {
    if (ending !== undefined) throw recordError('half a setback');
    return undefined;
  }
  const { reason = 'failed', error, exitCode, signal } = ending ?? {};
  return { at, reason, error, exitCode, signal };
}

function needed(value: number | undefined, name: string): number {
  if (value === undefined) throw recordError(`${name} is missing`);
  return value;
}
