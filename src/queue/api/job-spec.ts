import { parseDuration } from '../../base/duration.ts';
import type { JobChange, JobSpec } from '../ops/spec.ts';
import type { EnqueueOptions, JobChanges, NewJob, Time } from './job-types.ts';
import { jsonOf } from './raw-json.ts';

/** Milliseconds of a time. Throws usageError E_DURATION. */
export function msOf(time: Time, what: string): number {
  return typeof time === 'string' ? parseDuration(time, what) : time;
}

function optionalMs<Key extends string>(key: Key, time: Time | undefined, what: string): { [K in Key]?: number } {
  return time === undefined ? {} : ({ [key]: msOf(time, what) } as { [K in Key]?: number });
}

/** What the engine takes. Throws usageErrors: E_DURATION, E_JSON. */
export function specOf(name: string, payload: unknown, options: EnqueueOptions): JobSpec {
  const { id, key, keyMode, keyTtl, after } = options;
  return {
    name,
    ...commonOf(options),
    ...payloadOf(payload),
    ...(id !== undefined && { id }),
    ...(key !== undefined && { key }),
    ...(keyMode !== undefined && { keyMode }),
    ...optionalMs('keyTtlMs', keyTtl, 'keyTtl'),
    ...(after !== undefined && { after }),
  };
}

export function specOfJob({ name, payload, ...options }: NewJob): JobSpec {
  return specOf(name, payload, options);
}

export function changeOf({ payload, ...options }: JobChanges): JobChange {
  return { ...commonOf(options), ...payloadOf(payload) };
}

function payloadOf(payload: unknown): { payload?: string } {
  const text = jsonOf(payload, 'payload');
  return text === undefined ? {} : { payload: text };
}

function commonOf(options: Omit<JobChanges, 'payload'>): Omit<JobChange, 'payload'> {
  const { priority, attempts, timeout, delay, at, backoff, group, expire } = options;
  return {
    ...(priority !== undefined && { priority }),
    ...(attempts !== undefined && { attempts }),
    ...optionalMs('timeoutMs', timeout, 'timeout'),
    ...optionalMs('delayMs', delay, 'delay'),
    ...(at !== undefined && { runAt: typeof at === 'number' ? at : at.getTime() }),
    ...(backoff !== undefined && { backoff }),
    ...(group !== undefined && { group }),
    ...optionalMs('expireMs', expire, 'expire'),
  };
}
