import { usageError } from '../../base/errors.ts';
import type { PruneRequest } from '../engine-types.ts';
import { msOf } from './job-spec.ts';
import type { Time } from './job-types.ts';
import { checkOptions, checkTexts, checkYesNo } from './options.ts';

/** How jobs that are there go on: failed, tried again, forgotten. */

export interface RetryOptions {
  /** Attempts begin anew. Default false. */
  reset?: boolean;
}

const retryNames: ReadonlySet<string> = new Set<keyof RetryOptions>(['reset']);

/** Throws usageError E_OPTION. */
export function retryOf(options: RetryOptions): RetryOptions {
  checkOptions(options, retryNames, 'retry');
  checkYesNo('reset', options.reset);
  return options;
}

/** Why an attempt failed, and what is to come of it. */
export interface FailOptions {
  error?: string;
  /** Not again before this long from now. Default: by the backoff of the job. */
  delay?: Time;
  /** No attempt is of any use any more, and why. */
  dead?: string;
}

const failNames: ReadonlySet<string> = new Set<keyof FailOptions>(['error', 'delay', 'dead']);

/** Throws usageErrors: E_OPTION, E_DURATION. */
export function failureOf(options: FailOptions): { error?: string; dead?: string; delayMs?: number } {
  checkOptions(options, failNames, 'fail');
  const { delay, ...failure } = options;
  if (failure.dead !== undefined && delay !== undefined) {
    throw usageError('E_OPTION', 'dead and delay exclude each other: a dead job has no further attempt');
  }
  return delay === undefined ? failure : { ...failure, delayMs: msOf(delay, 'delay') };
}

/** Finished jobs by id, by age, or all but the newest. */
export type PruneSettings =
  | { ids: readonly string[] }
  | (({ olderThan: Time } | { keep: number }) & {
      /** Default completed only. */
      states?: readonly ('completed' | 'dead')[];
    });

const pruneNames: ReadonlySet<string> = new Set(['ids', 'olderThan', 'keep', 'states']);

/** Throws usageErrors: E_OPTION, E_DURATION. */
export function pruneOf(settings: PruneSettings, now: number): PruneRequest {
  checkOptions(settings, pruneNames, 'prune');
  if ('ids' in settings) checkTexts('ids', settings.ids);
  else checkTexts('states', settings.states, { allowed: ['completed', 'dead'] });
  if (!('olderThan' in settings)) return settings;
  const { olderThan, ...rest } = settings;
  return { ...rest, endedBefore: now - msOf(olderThan, 'olderThan') };
}
