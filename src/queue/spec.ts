import { durationMsMax } from '../base/duration.ts';
import { usageError, WalqError } from '../base/errors.ts';
import { compactJson } from '../base/json.ts';
import { parseBackoff } from './backoff.ts';
import { type EnqueueEvent, enqueueDefaults, eventLimits } from './event-types.ts';
import { loneSurrogate } from './record.ts';

/** A job as a client describes it. Everything is optional. */
export interface JobSpec {
  /** 1..256 bytes of UTF-8 without control characters. Default: a new UUIDv7. */
  id?: string | undefined;
  /** 1..128 bytes, the same. Default 'default'. */
  name?: string | undefined;
  /** JSON text. White space between tokens is dropped, nothing else changes. */
  payload?: string | undefined;
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
}

export interface SpecLimits {
  /** UTF-8 bytes of the payload after dropping white space between tokens. */
  payloadBytesMax: number;
}

export const defaultPayloadBytesMax = 1024 * 1024;
const nameBytesMax = 128;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Checks a spec and makes its event. Throws usageError E_JOB with the field in `data.field` and first in the message,
 * E_BACKOFF, or what `compactJson` throws for a payload (E_JSON, E_JSON_DEPTH, E_JSON_SIZE).
 */
export function enqueueEvent(spec: JobSpec, id: string, at: number, limits: SpecLimits): EnqueueEvent {
  checkLabel('id', id, eventLimits.idBytes);
  const name = spec.name ?? enqueueDefaults.name;
  if (name !== enqueueDefaults.name) checkLabel('name', name, nameBytesMax);
  if (spec.delayMs !== undefined && spec.runAt !== undefined) throw fieldError('delay', "and 'at' exclude each other");
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
  const runAt = whole('at', spec.runAt, at + delayMs, 0, at + durationMsMax);
  const backoff = spec.backoff ?? enqueueDefaults.backoff;
  checkBackoff(backoff);
  const payload = payloadBytes(spec.payload, limits.payloadBytesMax);
  const command = spec.command && checkCommand(spec.command);
  return {
    type: 'ENQUEUE',
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
  };
}

/** The last one found good: jobs come in numbers, and most with the same. */
let goodBackoff: string = enqueueDefaults.backoff;

function checkBackoff(backoff: string): void {
  if (backoff === goodBackoff) return;
  parseBackoff(backoff);
  goodBackoff = backoff;
}

function checkLabel(field: string, text: string, bytesMax: number): void {
  const length = Buffer.byteLength(text);
  if (length === 0) throw fieldError(field, 'must not be empty');
  if (length > bytesMax) throw fieldError(field, `takes ${length} bytes, allowed are ${bytesMax}`);
  if (control.test(text)) throw fieldError(field, 'must not hold control characters or line breaks');
  if (loneSurrogate.test(text)) throw fieldError(field, 'is not well-formed Unicode');
}

function whole(field: string, value: number | undefined, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback;
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw fieldError(field, `must be a whole number from ${min} to ${max}, not ${value}`);
  }
  return value;
}

function payloadBytes(text: string | undefined, bytesMax: number): Uint8Array | undefined {
  if (text === undefined) return undefined;
  // Space between tokens does not count, so the text as given may be longer; but not without bound.
  const bytes = Buffer.from(compactPayload(text, 4 * bytesMax));
  if (bytes.length > bytesMax) {
    throw fieldError(
      'payload',
      `takes ${bytes.length} bytes, allowed are ${bytesMax}; keep large data in a file and put its name here`,
    );
  }
  return bytes;
}

function compactPayload(text: string, bytesMax: number): string {
  try {
    return compactJson(text, { bytesMax });
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    throw usageError(error.code, `payload: ${error.message}`, { data: { ...error.data, field: 'payload' } });
  }
}

function checkCommand(command: readonly string[]): readonly string[] {
  const { countMax, bytesMax } = eventLimits.command;
  if (command.length === 0 || command[0] === '') throw fieldError('command', 'must begin with a program');
  if (command.length > countMax)
    throw fieldError('command', `has ${command.length} arguments, allowed are ${countMax}`);
  let bytes = 0;
  for (const argument of command) {
    bytes += Buffer.byteLength(argument);
    if (argument.includes('\0')) throw fieldError('command', 'must not hold NUL characters');
    if (loneSurrogate.test(argument)) throw fieldError('command', 'is not well-formed Unicode');
  }
  if (bytes > bytesMax) throw fieldError('command', `takes ${bytes} bytes, allowed are ${bytesMax}`);
  return [...command];
}

export function fieldError(field: string, what: string): WalqError {
  return usageError('E_JOB', `${field} ${what}`, { data: { field } });
}
