import type { Clock, Random } from '../base/clock.ts';
import type { Owner, QueueEvent } from './events/event-types.ts';
import type { Packed } from './events/packed.ts';
import type { MissedSlots, ScheduleRule } from './events/setting-types.ts';
import type { QueueLog } from './log.ts';
import type { JobSpec } from './ops/spec.ts';
import type { InFlightJob, JobCounts } from './state/job.ts';
import type { Lane } from './state/lane.ts';
import type { QueueMachine } from './state/machine.ts';
import type { QueueTotals } from './state/totals.ts';

export interface EngineParts {
  log: QueueLog;
  /** The state machine that the log drives. */
  machine: QueueMachine;
  clock: Clock;
  random: Random;
  /** Told when outcomes of attempts begin to wait for room on a full disk. */
  onStall?: (() => void) | undefined;
  /** Told when a schedule has missed more than is made up for, once its newer slots are on disk. */
  onLeftOut?: ((slots: LeftOutSlots) => void) | undefined;
}

/** Slots of a schedule that nothing was or will be made of: the first and the last, ms since the epoch. */
export interface LeftOutSlots {
  schedule: string;
  first: number;
  last: number;
}

export interface EngineOptions {
  /** Bytes of a payload. Default 1 MiB. */
  payloadBytesMax?: number;
  /** Bytes of a result; a larger one is not stored, nor one of more than 128 levels. Default 64 KiB. */
  resultBytesMax?: number;
  /** A job whose runner died this many times is dead. Default 3. */
  crashesMax?: number;
  /** Jobs in flight of each group that has no limit of its own. Default: no limit. */
  groupLimit?: number;
}

export interface EnqueueAnswer {
  /** Of the job that is in the queue now: with a unique key it may be an older one. */
  id: string;
  /**
   * 'duplicate': a job with this id or key is there already, nothing was written. 'replaced': the one that waited with
   * this key is gone, this one is there in its place.
   */
  status: 'enqueued' | 'duplicate' | 'replaced';
  /** Of the ENQUEUE, this one's or the first one's. */
  seq: number;
  /** Id of the job that was replaced. */
  replaced?: string;
}

export interface DispatchRequest {
  /** Default: this opening of the store as a runner. */
  owner?: Extract<Owner, { kind: 'runner' }>;
  /** Kinds of jobs the worker can run. Default all. */
  lanes?: readonly Lane[];
  /** Only jobs of these names. Default all. */
  names?: ReadonlySet<string> | undefined;
}

/** Due jobs, at most as many as there are tokens, or `count` of them under tokens that are made here. */
export type LeaseRequest = LeaseTerms & ({ tokens: LeaseTokens } | { count: number });

/**
 * Made by the holder: 16 to 128 letters, digits, '-' and '_', best drawn at random. Asked for again, because an answer
 * was lost, the same tokens stand for the same jobs.
 */
export type LeaseTokens = readonly string[];

export interface LeaseTerms {
  /** Only jobs of these names. Default all. */
  names?: ReadonlySet<string>;
  /** How long the holder may keep each job before it must extend, ack or fail. */
  leaseMs: number;
}

/** A job that somebody outside works on; the token is what it answers with. */
export interface Lease {
  token: string;
  /** When it ends, ms since the epoch. */
  deadlineMs: number;
  job: InFlightJob;
}

export interface CancelAnswer {
  seq: number;
  /** 'cancelling': a runner has the job; it dies once its process is over. */
  status: 'cancelled' | 'cancelling';
  /** Jobs that waited for it, and died with it. */
  alsoDead: readonly string[];
}

export interface ScheduleSpec {
  id: string;
  rule: ScheduleRule;
  /** Default 'one'. */
  missed?: MissedSlots;
  /** Of the jobs it makes; without id, delay, key and parents. */
  job: JobSpec;
}

/** One attempt, named for ever by the seq of its DISPATCH: whoever holds an older one is told so. */
export interface AttemptRef {
  id: string;
  dispatchSeq: number;
}

export interface AckAnswer {
  /** Of the job. */
  id: string;
  seq: number;
  /** The result was larger than allowed, or nested too deep, and is not stored. */
  resultDropped: boolean;
}

/** What `sweep` set right. */
export interface SweepAnswer {
  /** Jobs dead because nobody began them in time, those that waited for them included. */
  expired: number;
  /** Leases that ran out. */
  leases: number;
  /** Jobs that schedules made. */
  scheduled: number;
  /** Finished jobs forgotten by the limits of retention. */
  pruned: number;
}

/** What became of an attempt that failed. */
export type FailAnswer =
  | { verdict: 'retry'; seq: number; runAt: number; reason: string }
  | { verdict: 'dead'; seq: number; reason: string };

/** Which jobs an operation on many is for; absent = any. */
export interface BulkFilter {
  name?: string;
  group?: string;
}

export interface PruneRequest {
  /** Finished jobs by id. */
  ids?: readonly string[];
  /** Or: those that ended before this time, ms since the epoch. */
  endedBefore?: number;
  /** Or: all but the newest so many. */
  keep?: number;
  /** Which ones `endedBefore` and `keep` look at. Default completed only. */
  states?: readonly ('completed' | 'dead')[];
}

export interface QueueStatus {
  counts: Readonly<JobCounts>;
  /** Pending, split: may run now, waits for its time, waits for other jobs. */
  ready: number;
  delayed: number;
  blocked: number;
  /** When the next delayed job is due, ms since the epoch. */
  nextDueAt: number | undefined;
  /** Since the queue began. */
  totals: Readonly<QueueTotals>;
  seqLast: number;
  /** Outcomes that wait for room on the disk; nothing is dispatched meanwhile. */
  stalled: number;
}

/** Called after an operation is durable and applied: its events, in order, from `seqFirst` on. Must not throw. */
export type CommitListener = (events: readonly QueueEvent<Packed>[], seqFirst: number) => void;

/** Called after jobs were pruned, removed or replaced: their ids, and the seq at which that was. Must not throw. */
export type ForgetListener = (ids: readonly string[], seq: number) => void;

/** Why due jobs may not be given out at this moment, apart from what the state says. */
export interface RunnerHolds {
  /** In flight at a time of each group that has no limit of its own. */
  groupLimit?: number;
  /** Outcomes wait for room on the disk: nothing is begun until there is some. */
  diskFull?: true;
}
