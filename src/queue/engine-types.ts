import type { Clock, Random } from '../base/clock.ts';
import type { Owner, QueueEvent } from './event-types.ts';
import type { JobCounts } from './job.ts';
import type { QueueTotals } from './job-codec.ts';
import type { QueueLog } from './log.ts';
import type { QueueMachine } from './machine.ts';
import type { Lane } from './ready.ts';

export interface EngineParts {
  log: QueueLog;
  /** The state machine that the log drives. */
  machine: QueueMachine;
  clock: Clock;
  random: Random;
  /** Told when outcomes of attempts begin to wait for room on a full disk. */
  onStall?: () => void;
}

export interface EngineOptions {
  /** Bytes of a payload. Default 1 MiB. */
  payloadBytesMax?: number;
  /** Bytes of a result; a larger one is not stored. Default 64 KiB. */
  resultBytesMax?: number;
  /** A job whose runner died this many times is dead. Default 3. */
  crashesMax?: number;
}

export interface EnqueueAnswer {
  id: string;
  /** 'duplicate': a job with this id is there already; nothing was written. */
  status: 'enqueued' | 'duplicate';
  /** Of the ENQUEUE, this one's or the first one's. */
  seq: number;
}

export interface DispatchRequest {
  /** Default: this opening of the store as a runner. */
  owner?: Owner;
  /** Kinds of jobs the worker can run. Default all. */
  lanes?: readonly Lane[];
}

/** One attempt, named for ever by the seq of its DISPATCH: whoever holds an older one is told so. */
export interface AttemptRef {
  id: string;
  dispatchSeq: number;
}

export interface AckAnswer {
  seq: number;
  /** The result was larger than allowed and is not stored. */
  resultDropped: boolean;
}

/** What became of an attempt that failed. */
export type FailAnswer =
  | { verdict: 'retry'; seq: number; runAt: number; reason: string }
  | { verdict: 'dead'; seq: number; reason: string };

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
  /** Pending, split: may run now, and waits for its time. */
  ready: number;
  delayed: number;
  /** When the next delayed job is due, ms since the epoch. */
  nextDueAt: number | undefined;
  /** Since the queue began. */
  totals: Readonly<QueueTotals>;
  seqLast: number;
  /** Verdicts that wait for room on the disk; nothing is dispatched meanwhile. */
  stalled: number;
}

/** Called after an operation is durable and applied: its events, in order, from `seqFirst` on. Must not throw. */
export type CommitListener = (events: readonly QueueEvent[], seqFirst: number) => void;
