import { durationMsMax, parseDuration } from '../../base/duration.ts';
import { usageError } from '../../base/errors.ts';
import { kindOf, shown } from '../../base/kind-of.ts';
import { isRawJson } from '../../base/raw-json.ts';
import { instantOf } from '../ops/parse-spec.ts';
import type { JobChange, JobSpec } from '../ops/spec.ts';
import type { EnqueueOptions, JobChanges, NewJob, Time } from './job-types.ts';
import { jsonOf } from './json-of.ts';
import { checkOptions, checkTexts } from './options.ts';

/** Milliseconds of a time, whole ones from `least` to 100 years. Throws usageError E_DURATION. */
export function msOf(time: Time, what: string, least = 0): number {
  const ms = typeof time === 'string' ? msOfText(time, what) : time;
  if (!Number.isSafeInteger(ms) || ms < least || ms > durationMsMax) {
    const allowed = `allowed are whole milliseconds from ${least} to 100 years, or texts such as '30s'`;
    throw usageError('E_DURATION', `${what}: ${shown(time)} is no time; ${allowed}`);
  }
  return ms;
}

function msOfText(text: string, what: string): number {
  if (text !== lastText) {
    lastMs = parseDuration(text, what);
    lastText = text;
  }
  return lastMs;
}

/** The last one read: a program that takes a million jobs says the same for each. */
let lastText = '0';
let lastMs = 0;

function optionalMs(time: Time | undefined, what: string): number | undefined {
  return time === undefined ? undefined : msOf(time, what);
}

/** What `update` can change, besides the payload. */
const changeable = ['priority', 'attempts', 'timeout', 'delay', 'at', 'backoff', 'group', 'expire'] as const;
const optionNames: ReadonlySet<string> = new Set<keyof EnqueueOptions>([
  ...changeable,
  'id',
  'key',
  'keyMode',
  'keyTtl',
  'after',
]);

/** Of a job that says nothing more. */
export const noOptions: EnqueueOptions = Object.freeze({});

/**
 * What the engine takes; each member is spelled out, as jobs come by the million. Throws usageErrors: E_DURATION,
 * E_JOB, E_JSON.
 */
export function specOf(name: string, payload: unknown, options: EnqueueOptions): JobSpec {
  // Nobody but TypeScript keeps a program from this.
  if (typeof name !== 'string') throw usageError('E_JOB', `the name of a job is a text, not ${kindOf(name)}`);
  const text = jsonOf(payload, 'payload');
  const stringified = !isRawJson(payload);
  if (options === noOptions) return { name, payload: text, stringified };
  checkOptions(options, optionNames, 'a job', 'E_JOB');
  const { id, priority, attempts, timeout, delay, at, backoff, group, key, keyMode, keyTtl, after, expire } = options;
  if (after !== undefined) checkTexts('after', after, { code: 'E_JOB' });
  return {
    id,
    name,
    payload: text,
    stringified,
    priority,
    attempts,
    timeoutMs: optionalMs(timeout, 'timeout'),
    delayMs: optionalMs(delay, 'delay'),
    runAt: typeof at === 'string' ? instantOf(at) : at instanceof Date ? at.getTime() : at,
    backoff,
    group,
    key,
    keyMode,
    keyTtlMs: optionalMs(keyTtl, 'keyTtl'),
    after,
    expireMs: optionalMs(expire, 'expire'),
  };
}

export function specOfJob(job: NewJob): JobSpec {
  if (typeof job !== 'object' || job === null) {
    throw usageError('E_JOB', `a job is an object { name, payload, ... }, not ${kindOf(job)}`);
  }
  const { name, payload, ...options } = job;
  return specOf(name, payload, options);
}

const changeNames: ReadonlySet<string> = new Set<keyof JobChanges>(['payload', ...changeable]);

/** What is absent is not to change. Throws as `specOf` does. */
export function changeOf(changes: JobChanges): JobChange {
  checkOptions(changes, changeNames, 'a change', 'E_JOB');
  const { payload, ...options } = changes;
  const { id, name, key, keyMode, keyTtlMs, after, ...change } = specOf('', payload, options);
  return change;
}
