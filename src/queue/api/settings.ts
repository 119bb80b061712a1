import type { ScheduleSpec } from '../engine-types.ts';
import {
  type Limits,
  type MissedSlots,
  missedSlots,
  type PauseScope,
  type ScheduleRule,
} from '../events/setting-types.ts';
import { jobError } from '../ops/spec.ts';
import { msOf, specOf } from './job-spec.ts';
import type { EnqueueOptions, NamedPayload, Time } from './job-types.ts';
import { checkOneOf, checkOptions, checkText } from './options.ts';

/** What lasts until it is changed: schedules, limits, pauses. */

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
  /**
   * What becomes of times that passed while nobody worked on the queue. Default 'one': the latest is made up for; with
   * 'all' the newest 1000 are.
   */
  missed?: MissedSlots;
  job: NamedPayload<Payloads> & ScheduledOptions;
};

type ScheduledOptions = Pick<EnqueueOptions, 'priority' | 'attempts' | 'timeout' | 'backoff' | 'group' | 'expire'>;

const cronNames: ReadonlySet<string> = new Set(['cron', 'zone', 'missed', 'job']);
const everyNames: ReadonlySet<string> = new Set(['every', 'missed', 'job']);
const scheduledNames: ReadonlySet<string> = new Set<'name' | 'payload' | keyof ScheduledOptions>([
  'name',
  'payload',
  'priority',
  'attempts',
  'timeout',
  'backoff',
  'group',
  'expire',
]);

/** Throws usageErrors: E_OPTION, E_JOB for a job that is none, E_DURATION, E_JSON. */
export function scheduleOf(id: string, settings: ScheduleSettings): ScheduleSpec {
  const isEvery = isObject(settings) && 'every' in settings;
  checkOptions(settings, isEvery ? everyNames : cronNames, isEvery ? 'a schedule by every' : 'a schedule by cron');
  const { missed, job } = settings;
  checkOneOf('missed', missed, missedSlots);
  if (!('every' in settings)) checkText('zone', settings.zone);
  // Those who write JavaScript have no compiler that says so.
  if (!isObject(job)) throw jobError('job', "must be the job to make, such as { name: 'mail' }");
  checkOptions(job, scheduledNames, 'a job that a schedule makes', 'E_JOB');
  const { name, payload, ...options } = job;
  return { id, rule: ruleOf(settings), job: specOf(name, payload, options), ...(missed !== undefined && { missed }) };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
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

const limitNames: ReadonlySet<string> = new Set<keyof LimitSettings>([
  'group',
  'concurrency',
  'rate',
  'pendingMax',
  'payloadBytesMax',
  'keepCount',
  'keepFor',
]);
const rateNames: ReadonlySet<string> = new Set<keyof NonNullable<LimitSettings['rate']>>(['count', 'per']);

/** Throws usageErrors: E_OPTION, E_DURATION. */
export function limitsOf(settings: LimitSettings): Limits & { group: string } {
  checkOptions(settings, limitNames, 'limit');
  const { group = '', rate, keepFor, ...limits } = settings;
  if (rate !== undefined) checkOptions(rate, rateNames, 'a rate');
  return {
    group,
    ...limits,
    ...(rate !== undefined && { rate: { count: rate.count, perMs: msOf(rate.per ?? 1000, 'per', 1) } }),
    ...(keepFor !== undefined && { keepMs: msOf(keepFor, 'keepFor') }),
  };
}

const scopeNames: ReadonlySet<string> = new Set<keyof PauseScope>(['name', 'group']);

/** Throws usageError E_OPTION. */
export function scopeOf(scope: PauseScope, what: string): PauseScope {
  checkOptions(scope, scopeNames, what);
  return scope;
}
