import { loneSurrogate } from '../../base/clamp-text.ts';
import { durationMsMax } from '../../base/duration.ts';
import { usageError, WalqError } from '../../base/errors.ts';
import { compactJson, jsonDepthMax } from '../../base/json.ts';
import { kindOf, shown } from '../../base/kind-of.ts';
import { ownText } from '../../base/own-text.ts';
import { type EnqueueEvent, enqueueDefaults, eventLimits, type UpdateEvent } from '../events/event-types.ts';
import { type Packed, packText } from '../events/packed.ts';
import { parseBackoff } from './backoff.ts';
import { NewJobEvent } from './new-job-event.ts';

/** A job as a client describes it. Everything is optional. */
export interface JobSpec {
  /** 1..256 bytes of UTF-8 without control characters. Default: a new UUIDv7. */
  id?: string | undefined;
  /** 1..128 bytes, the same. Default 'default'. */
  name?: string | undefined;
  /** JSON text. White space between tokens is dropped, nothing else changes. */
  payload?: string | undefined;
  /** The payload comes from JSON.stringify: that it is JSON, and has no white space, nobody need look at. */
  stringified?: boolean;
  /** Higher runs first, -1,000,000..1,000,000. Default 0. */
  priority?: number | undefined;
  /** Attempts at most, from 1. Default 3. */
  attempts?: number | undefined;
  /** Of one attempt; 0 = no limit, the default. */
  timeoutMs?: number | undefined;
  /** Wait before the first attempt. Not together with `runAt`. */
  delayMs?: number | undefined;
  /** Not before, ms since the epoch. */
  runAt?: number | undefined;
  /** As `parseBackoff` reads it. Default 'exp:1s..5m*2~0.5'. */
  backoff?: string | undefined;
  /** argv; the job is then run by this and not by the runner's handler. */
  command?: readonly string[] | undefined;
  /** Jobs of a group share its limits and take turns with other groups. Like `name`. */
  group?: string | undefined;
  /** At most one unfinished job has this key. Like `id`. */
  key?: string | undefined;
  /** What becomes of a job whose key is taken: it is not enqueued, or it replaces the one that waits. Default 'skip'. */
  keyMode?: 'skip' | 'replace' | undefined;
  /** The key stays taken for at least so long, even if the job is finished before. */
  keyTtlMs?: number | undefined;
  /** Ids of jobs that must have completed before this one runs: in the queue already, or enqueued together with it. */
  after?: readonly string[] | undefined;
  /** Dead if no attempt has begun after so long. */
  expireMs?: number | undefined;
}

/** Changes of a pending job; what is absent stays.  */
export type JobChange = Pick<
  JobSpec,
  'payload' | 'priority' | 'attempts' | 'runAt' | 'delayMs' | 'timeoutMs' | 'backoff' | 'group' | 'expireMs'
>;

export interface SpecLimits {
  /** UTF-8 bytes of the payload after dropping white space between tokens. */
  payloadBytesMax: number;
}

export const defaultPayloadBytesMax = 1024 * 1024;
const nameBytesMax = 128;
/** As nearly all are: one look instead of three. */
const plainLabel = /^[ -~]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Checks a spec and makes its event; `id`: of the job, looked at where the spec gives it. Throws usageError E_JOB with
 * the field in `data.field` and first in the message, E_BACKOFF, or what `compactJson` throws for a payload (E_JSON,
 * E_JSON_DEPTH, E_JSON_SIZE).
 */
export function enqueueEvent(spec: JobSpec, id: string, at: number, limits: SpecLimits): EnqueueEvent<Packed> {
  // By defaults, not by ??: null is refused like other values that are none.
  const { name = enqueueDefaults.name, backoff = enqueueDefaults.backoff, group = enqueueDefaults.group } = spec;
  // Not ===: NaN is given, too.
  if (Object.is(id, spec.id)) checkLabel('id', id, eventLimits.idBytes);
  if (name !== enqueueDefaults.name) checkLabel('name', name, nameBytesMax);
  if (spec.delayMs !== undefined && spec.runAt !== undefined) throw jobError('delay', "and 'at' exclude each other");
  const priority = whole(
    'priority',
    spec.priority,
    enqueueDefaults.priority,
    -eventLimits.priority,
    eventLimits.priority,
  );
  const maxAttempts = whole('attempts', spec.attempts, enqueueDefaults.maxAttempts, 1, eventLimits.attempts);
  const timeoutMs = whole('timeout', spec.timeoutMs, enqueueDefaults.timeoutMs, 0, durationMsMax);
  const delayMs = whole('delay', spec.delayMs, 0, 0, durationMsMax);
  if (spec.runAt !== undefined && spec.runAt > at + durationMsMax)
    throw jobError('at', 'must be at most 100 years from now');
  const runAt = whole('at', spec.runAt, at + delayMs, 0, at + durationMsMax);
  checkBackoff(backoff);
  const payload = packedPayload(spec, limits.payloadBytesMax);
  const command = spec.command && checkCommand(spec.command);
  if (group !== enqueueDefaults.group) checkLabel('group', group, nameBytesMax);
  const ties = tiesOf(spec, id, at);
  return new NewJobEvent({
    id,
    at,
    name,
    payload,
    priority,
    maxAttempts,
    runAt: Math.max(at, runAt),
    timeoutMs,
    backoff,
    command,
    group,
    key: ties.key,
    keyUntil: ties.keyUntil,
    parents: ties.parents,
    expiresAt: ties.expiresAt,
  });
}

type Ties = Pick<EnqueueEvent, 'key' | 'keyUntil' | 'parents' | 'expiresAt'>;
const noTies: Ties = {};

/** Key, parents and expiry: what few jobs have. */
function tiesOf(spec: JobSpec, id: string, at: number): Ties {
  const { key, keyTtlMs, keyMode, after, expireMs } = spec;
  const aboutKey = keyTtlMs !== undefined || keyMode !== undefined;
  if (key === undefined && !aboutKey && after === undefined && expireMs === undefined) return noTies;
  if (key === undefined && aboutKey) throw jobError('key', "is missing: 'key_ttl' and 'key_mode' say more about it");
  if (key !== undefined) checkLabel('key', key, eventLimits.keyBytes);
  if (keyMode !== undefined && keyMode !== 'skip' && keyMode !== 'replace')
    throw jobError('key_mode', `must be 'skip' or 'replace', not ${shown(keyMode)}`);
  const ttl = keyTtlMs === undefined ? undefined : whole('key_ttl', keyTtlMs, 0, 1, durationMsMax);
  const expiry = expireMs === undefined ? undefined : whole('expire', expireMs, 0, 1, durationMsMax);
  return {
    key,
    keyUntil: ttl === undefined ? undefined : at + ttl,
    parents: after === undefined || after.length === 0 ? undefined : checkParents(after, id),
    expiresAt: expiry === undefined ? undefined : at + expiry,
  };
}

function checkParents(after: readonly string[], id: string): readonly string[] {
  const parents = [...new Set(after)];
  const { countMax } = eventLimits.parents;
  if (parents.length > countMax) throw jobError('after', `names ${parents.length} jobs, allowed are ${countMax}`);
  for (const parent of parents) checkLabel('after', parent, eventLimits.idBytes);
  if (parents.includes(id)) throw jobError('after', 'names the job itself');
  return parents;
}

/**
 * Checks changes of a pending job and makes their event. Throws as `enqueueEvent` does, and E_JOB when nothing is to be
 * changed.
 */
export function updateEvent(change: JobChange, id: string, at: number, limits: SpecLimits): UpdateEvent<Packed> {
  const { payload, priority, attempts, runAt, delayMs, timeoutMs, backoff, group, expireMs } = change;
  const given = [payload, priority, attempts, runAt, delayMs, timeoutMs, backoff, group, expireMs];
  if (given.every((value) => value === undefined)) throw usageError('E_JOB', 'nothing to change was named');
  const full = enqueueEvent({ ...change }, id, at, limits);
  return {
    type: 'UPDATE',
    id,
    at,
    ...(payload !== undefined && { payload: full.payload }),
    ...(priority !== undefined && { priority }),
    ...(attempts !== undefined && { maxAttempts: attempts }),
    ...((runAt ?? delayMs) !== undefined && { runAt: full.runAt }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(backoff !== undefined && { backoff }),
    ...(group !== undefined && { group }),
    ...(expireMs !== undefined && { expiresAt: full.expiresAt }),
  };
}

/** The last one found good: jobs come in numbers, and most with the same. */
let goodBackoff: string = enqueueDefaults.backoff;

function checkBackoff(backoff: string): void {
  if (backoff === goodBackoff) return;
  if (typeof backoff !== 'string') throw jobError('backoff', `must be text, not ${kindOf(backoff)}`);
  parseBackoff(backoff);
  goodBackoff = ownText(backoff);
}

export function checkLabel(field: string, text: string, bytesMax: number): void {
  // Those who write JavaScript have no compiler that says so, and an object with the text of one passes all below.
  if (typeof text !== 'string') throw jobError(field, `must be text, not ${kindOf(text)}`);
  if (text.length <= bytesMax && plainLabel.test(text)) return;
  const length = Buffer.byteLength(text);
  if (length === 0) throw jobError(field, 'must not be empty');
  if (length > bytesMax) throw jobError(field, `takes ${length} bytes, allowed are ${bytesMax}`);
  if (control.test(text)) throw jobError(field, 'must not hold control characters or line breaks');
  if (loneSurrogate.test(text)) throw jobError(field, 'is not well-formed Unicode');
}

function whole(field: string, value: number | undefined, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback;
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw jobError(field, `must be a whole number from ${min} to ${max}, not ${shown(value)}`);
  }
  // A record knows no -0.
  return value + 0;
}

/** What is nested more deeply than allowed takes two brackets a level. */
const shallowLengthMax = 2 * jsonDepthMax;

function packedPayload({ payload, stringified }: JobSpec, bytesMax: number): Packed | undefined {
  if (payload === undefined) return undefined;
  // What is not ASCII may be half a surrogate pair all the same, where a program writes JSON of its own.
  const asIs = stringified === true && payload.length <= shallowLengthMax ? packText(payload) : undefined;
  // Space between tokens does not count, so the text as given may be longer; but not without bound.
  const packed = typeof asIs === 'string' ? asIs : packText(compactPayload(payload, 4 * bytesMax));
  if (packed.length > bytesMax) {
    throw jobError(
      'payload',
      `takes ${packed.length} bytes, allowed are ${bytesMax}; keep large data in a file and put its name here`,
    );
  }
  return packed;
}

function compactPayload(text: string, bytesMax: number): string {
  try {
    const compact = compactJson(text, { bytesMax });
    return compact === text ? text : ownText(compact);
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    throw usageError(error.code, `payload: ${error.message}`, { data: { ...error.data, field: 'payload' } });
  }
}

function checkCommand(command: readonly string[]): readonly string[] {
  const { countMax, bytesMax } = eventLimits.command;
  if (command.length === 0 || command[0] === '') throw jobError('command', 'must begin with a program');
  if (command.length > countMax) throw jobError('command', `has ${command.length} arguments, allowed are ${countMax}`);
  let bytes = 0;
  for (const argument of command) {
    bytes += Buffer.byteLength(argument);
    if (argument.includes('\0')) throw jobError('command', 'must not hold NUL characters');
    if (loneSurrogate.test(argument)) throw jobError('command', 'is not well-formed Unicode');
  }
  if (bytes > bytesMax) throw jobError('command', `takes ${bytes} bytes, allowed are ${bytesMax}`);
  return [...command];
}

/** E_JOB. What a record cannot hold, whatever it is of, is E_FIELD: `fieldError` of record.ts. */
export function jobError(field: string, what: string): WalqError {
  return usageError('E_JOB', `${field} ${what}`, { data: { field } });
}
