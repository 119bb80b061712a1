import { usageError } from '../../base/errors.ts';
import { shown } from '../../base/kind-of.ts';
import type { LeaseRequest } from '../engine-types.ts';
import { msOf } from './job-spec.ts';
import type { Time } from './job-types.ts';
import { checkOptions, checkSignal, checkTexts } from './options.ts';

/** Which jobs `take` leases, for how long, and how long it waits for the first one. */
export interface TakeOptions<Name extends string = string> {
  /** Default: jobs of any name. */
  names?: readonly Name[];
  /** Default 5 minutes. */
  lease?: Time;
  /** At most this many. Default 1. */
  count?: number;
  /** Default: not at all. */
  wait?: Time;
  /** Ends the wait. */
  signal?: AbortSignal;
}

const optionNames: ReadonlySet<string> = new Set<keyof TakeOptions>(['names', 'lease', 'count', 'wait', 'signal']);

/** Throws usageErrors: E_OPTION, E_JOB for a count that is none, E_DURATION. */
export function leaseRequestOf(options: TakeOptions): LeaseRequest {
  checkOptions(options, optionNames, 'take');
  const { names, lease = '5m', count = 1, signal } = options;
  checkTexts('names', names);
  checkSignal(signal);
  if (!Number.isSafeInteger(count) || count < 0) {
    throw usageError('E_JOB', `count must be a whole number from 0, not ${shown(count)}`);
  }
  const leaseMs = msOf(lease, 'lease', 1);
  return names === undefined ? { count, leaseMs } : { count, leaseMs, names: new Set(names) };
}
