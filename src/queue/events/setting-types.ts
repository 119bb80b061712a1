import type { EventBase, JobTemplate } from './event-base.ts';

/** Events that change how the queue works rather than a job. What they set lasts until another one changes it. */

/** What a pause stops: everything, the jobs of one name, or those of one group. At most one of the two is there. */
export interface PauseScope {
  name?: string | undefined;
  group?: string | undefined;
}

/** `id` is ''. Jobs in flight go on; no other is dispatched. A second pause of the same scope replaces the first. */
export interface PauseEvent extends EventBase, PauseScope {
  type: 'PAUSE';
  /** Why, for people: 'handler' when the runner's handler turned out not to work. */
  reason?: string | undefined;
}

/** `id` is ''. Ends the pause of exactly this scope. */
export interface ResumeEvent extends EventBase, PauseScope {
  type: 'RESUME';
}

/** When a schedule fires. */
export type ScheduleRule =
  /** Cron expression of 5 or 6 fields, in an IANA time zone. */
  | { kind: 'cron'; cron: string; zone: string }
  /** Every so many ms, counted from `at` of the SCHEDULE. */
  | { kind: 'every'; everyMs: number };

/** What becomes of slots that passed while nobody ran: none, the latest one, or each is made up for. */
export type MissedSlots = 'skip' | 'one' | 'all';
/** In the order of their numbers in a record. */
export const missedSlots: readonly MissedSlots[] = ['skip', 'one', 'all'];

/** Left out of a record when they have these values. Frozen, as those of ENQUEUE. */
export const scheduleDefaults = { zone: 'UTC', missed: 'one', expiresAfterMs: 0 } as const;

/**
 * `id` is the schedule's, a name space of its own. Replaces an older schedule of this id; slots up to `at` never fire.
 */
export interface ScheduleEvent<Bytes = Uint8Array> extends EventBase {
  type: 'SCHEDULE';
  rule: ScheduleRule;
  missed: MissedSlots;
  template: JobTemplate<Bytes>;
  /** Of each job it makes: dead if not begun so long after its slot; 0 = never. */
  expiresAfterMs: number;
}

/** `id` is the schedule's. */
export interface UnscheduleEvent extends EventBase {
  type: 'UNSCHEDULE';
}

/** At most `count` dispatches in `perMs`. */
export interface Rate {
  count: number;
  perMs: number;
}

/** Limits of a group or of the whole queue. */
export interface Limits {
  /** Jobs in flight at a time. Of groups only. */
  concurrency?: number | undefined;
  rate?: Rate | undefined;
  /** Jobs that may wait. Of the whole queue only, like those that follow. */
  pendingMax?: number | undefined;
  payloadBytesMax?: number | undefined;
  /** Retention: finished jobs are forgotten after so long, and beyond so many. */
  keepMs?: number | undefined;
  keepCount?: number | undefined;
}

/** `id` is ''. Sets what is there; 0 (for a rate: a count of 0) takes the limit away. */
export interface LimitEvent extends EventBase, Limits {
  type: 'LIMIT';
  /** '' = the whole queue. */
  group: string;
}
