import type { PruneRequest, ScheduleSpec } from '../engine-types.ts';
import type { Limits, MissedSlots, ScheduleRule } from '../events/setting-types.ts';
import { fieldError } from '../ops/spec.ts';
import type { JobState } from '../state/job.ts';
import { msOf, specOf } from './job-spec.ts';
import type { EnqueueOptions, NameOf, Time } from './job-types.ts';
import type { RawJson } from './raw-json.ts';

/** When a schedule fires, and the job it then makes. */
export type ScheduleSettings<Payloads extends object = Record<string, unknown>> = (
  | {
      /** 5 fields, or 6 with seconds first. */
      cron: string;
      /** IANA name. Default 'UTC'. */
      zone?: string;
    }
  | { every: Time }
) & {
  /** What becomes of times that passed while nobody worked on the queue. Default 'one': the latest is made up for. */
  missed?: MissedSlots;
  job: {
    [Name in NameOf<Payloads>]: { name: Name; payload?: Payloads[Name] | RawJson } & ScheduledOptions;
  }[NameOf<Payloads>];
};

type ScheduledOptions = Pick<EnqueueOptions, 'priority' | 'attempts' | 'timeout' | 'backoff' | 'group' | 'expire'>;

/** Throws usageErrors: E_JOB where it says no job, E_DURATION, E_JSON. */
export function scheduleOf(id: string, settings: ScheduleSettings): ScheduleSpec {
  const { missed, job } = settings ?? {};
  // Those who write JavaScript have no compiler that says so.
  if (typeof job !== 'object' || job === null)
    throw fieldError('job', "must be the job to make, such as { name: 'mail' }");
  const { name, payload, ...options } = job;
  return { id, rule: ruleOf(settings), job: specOf(name, payload, options), ...(missed !== undefined && { missed }) };
}

function ruleOf(settings: ScheduleSettings): ScheduleRule {
  return 'every' in settings
    ? { kind: 'every', everyMs: msOf(settings.every, 'every') }
    : { kind: 'cron', cron: settings.cron, zone: settings.zone ?? 'UTC' };
}

/** 0 takes a limit away. */
export interface LimitSettings extends Pick<Limits, 'pendingMax' | 'payloadBytesMax' | 'keepCount' | 'concurrency'> {
  /** Which group; default the whole queue. Of a group there are `concurrency` and `rate`. */
  group?: string;
  /** At most `count` jobs are begun within `per` (default '1s'). */
  rate?: { count: number; per?: Time };
  /** Finished jobs are forgotten after this time. */
  keepFor?: Time;
}

export function limitsOf({ group = '', rate, keepFor, ...limits }: LimitSettings): Limits & { group: string } {
  return {
    group,
    ...limits,
    ...(rate !== undefined && { rate: { count: rate.count, perMs: msOf(rate.per ?? 1000, 'rate') } }),
    ...(keepFor !== undefined && { keepMs: msOf(keepFor, 'keepFor') }),
  };
}

/** Finished jobs by id, by age, or all but the newest. */
export type PruneSettings =
  | { ids: readonly string[] }
  | (({ olderThan: Time } | { keep: number }) & {
      /** Default completed only. */
      states?: readonly ('completed' | 'dead')[];
    });

export function pruneOf(settings: PruneSettings, now: number): PruneRequest {
  if (!('olderThan' in settings)) return settings;
  const { olderThan, ...rest } = settings;
  return { ...rest, endedBefore: now - msOf(olderThan, 'olderThan') };
}

/** Which jobs `list` shows; all that is given must hold. */
export interface ListFilter {
  state?: JobState | readonly JobState[];
  name?: string;
  group?: string;
  /** At most this many. */
  limit?: number;
}
