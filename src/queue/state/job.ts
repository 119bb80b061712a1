import type { AttemptExit, Owner, Slot } from '../events/event-types.ts';
import { type Packed, packedText } from '../events/packed.ts';

/** How a job is to be run. Jobs enqueued with the same options share one object. */
export interface JobOptions {
  readonly name: string;
  /** Higher runs first. */
  readonly priority: number;
  readonly maxAttempts: number;
  /** Of one attempt; 0 = no limit. */
  readonly timeoutMs: number;
  readonly backoff: string;
  /** argv of a job that brings its own command. */
  readonly command: readonly string[] | undefined;
  /** '' = none. */
  readonly group: string;
}

/** What few jobs have. Kept apart, so that a million jobs without it do not pay for it. */
export interface Special {
  /** The unique key this job holds, and until when even if it is finished before. */
  readonly key: string | undefined;
  readonly keyUntil: number | undefined;
  /** As enqueued, and those of them that have not completed. */
  readonly parents: readonly string[] | undefined;
  readonly waitingFor: readonly string[] | undefined;
  /** Dead if no attempt has begun by then, ms since the epoch. */
  readonly expiresAt: number | undefined;
  readonly slot: Slot | undefined;
}

/** How the last attempt ended, unless in success. */
export interface Setback extends AttemptExit {
  readonly at: number;
  readonly reason: string;
  readonly error: string | undefined;
}

interface JobBase {
  readonly id: string;
  /** Of its ENQUEUE: the order among equal priorities, and in snapshots. */
  readonly seq: number;
  readonly options: JobOptions;
  /** Compact JSON text; absent when the job has none. `payloadText` gives it as text. */
  readonly payload: Packed | undefined;
  /** Time of ENQUEUE, ms since the epoch. */
  readonly createdAt: number;
  /** Seq in the foreign log, for imported jobs. */
  readonly from: string | undefined;
  /** Attempts that count, a running one included. */
  readonly attempt: number;
  /** Attempts that ended because the runner died. */
  readonly crashes: number;
  readonly setback: Setback | undefined;
  readonly special: Special | undefined;
}

/** Waits for a worker, not before `runAt`. */
export interface PendingJob extends JobBase {
  readonly state: 'pending';
  readonly runAt: number;
  /**
   * The last attempt ran into its timeout and no RETRY or DEAD has said what follows. Never so between two frames of
   * our own.
   */
  readonly timedOut: boolean;
}

export interface InFlightJob extends JobBase {
  readonly state: 'in_flight';
  /** Of its DISPATCH: names this attempt for ever. */
  readonly dispatchSeq: number;
  readonly startedAt: number;
  readonly owner: Owner;
  readonly deadlineMs: number | undefined;
  /** When it was cancelled: it dies once its process is over. */
  readonly cancelledAt: number | undefined;
}

export interface CompletedJob extends JobBase {
  readonly state: 'completed';
  /** Of its ACK. */
  readonly endSeq: number;
  readonly endedAt: number;
  readonly startedAt: number | undefined;
  readonly durationMs: number | undefined;
  readonly result: Packed | undefined;
}

export interface DeadJob extends JobBase, AttemptExit {
  readonly state: 'dead';
  /** Of its DEAD. */
  readonly endSeq: number;
  readonly endedAt: number;
  readonly reason: string;
  readonly error: string | undefined;
}

/** Immutable: every event that concerns a job puts a new object in its place. Narrow by `state`. */
export type Job = PendingJob | InFlightJob | CompletedJob | DeadJob;

export type JobState = Job['state'];

export const jobStates: readonly JobState[] = ['pending', 'in_flight', 'completed', 'dead'];

/** Jobs by state. */
export type JobCounts = Record<JobState, number>;

/** The payload as compact JSON text, exactly as it was given; undefined when the job has none. */
export function payloadText(job: Job): string | undefined {
  return job.payload === undefined ? undefined : packedText(job.payload);
}

/** The result of a completed job as compact JSON text. */
export function resultText(job: CompletedJob): string | undefined {
  return job.result === undefined ? undefined : packedText(job.result);
}

/** Waits for parents: no worker may have it yet. */
export function isBlocked(job: PendingJob): boolean {
  return job.special?.waitingFor !== undefined;
}

/** When the state last changed, as far as the job knows. */
export function changedAt(job: Job): number {
  switch (job.state) {
    case 'pending':
      return job.setback?.at ?? job.createdAt;
    case 'in_flight':
      return job.startedAt;
    default:
      return job.endedAt;
  }
}

/** How often a job may begin. A retry by hand grants one attempt more than it was to have. */
export function attemptsGranted({ attempt, options }: Job): number {
  return Math.max(attempt, options.maxAttempts);
}
