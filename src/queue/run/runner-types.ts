import type { WalqError } from '../../base/errors.ts';
import type { SnapshotSummary } from '../../storage/types.ts';
import type { LeftOutSlots } from '../engine-types.ts';
import type { AttemptOutcome } from '../process/attempt-types.ts';
import type { InFlightJob } from '../state/job.ts';
import type { CheckpointPolicy } from './checkpoints.ts';
import type { Settlement } from './settle.ts';

export interface RunnerOptions extends Omit<CheckpointPolicy, 'report'> {
  /** Attempts at a time. */
  workers: number;
  /** For jobs that have no timeout of their own; 0 = none. */
  timeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  killAfterMs: number;
  /** How long a stop waits for running attempts before they are killed. */
  graceMs: number;
  /** End when no job is left that this runner can run. */
  drain: boolean;
  /** Stop after so many jobs died of their attempts here; Infinity = never. */
  haltAfterDead: number;
  /** What to do with children of a dead runner that still run. */
  orphans: 'kill' | 'ignore';
  pid: number;
  /** What a person may want to know; must not throw. */
  report(event: RunnerReport): void;
}

export type RunnerReport =
  | { kind: 'metrics'; url: string }
  | { kind: 'reclaimed'; jobs: number; dead: number; orphansKilled: number }
  | { kind: 'started'; job: InFlightJob; pid: number | undefined }
  | { kind: 'finished'; job: InFlightJob; outcome: AttemptOutcome; settlement: Settlement }
  /** The handler does not work. `paused`: the queue waits until somebody resumes it; else the runner ends. */
  | { kind: 'broken'; error: string; paused: boolean }
  | { kind: 'halted'; dead: number }
  | { kind: 'disk-full' }
  | ({ kind: 'slots-left-out' } & LeftOutSlots)
  | { kind: 'failed'; error: WalqError }
  | { kind: 'snapshot'; snapshot: SnapshotSummary; removedSegments: number }
  | { kind: 'snapshot-failed'; error: unknown }
  | { kind: 'stopping'; running: number; graceMs: number };

export interface RunSummary {
  completed: number;
  retried: number;
  /** Attempts that do not count: the runner stopped, or the handler does not work. */
  givenBack: number;
  /** Jobs that it would take and that died meanwhile, of whatever cause. */
  dead: number;
  /** Completed jobs whose result was too large or nested too deep, and was not kept. */
  resultsDropped: number;
  /** Jobs that it would run sooner or later, had it gone on. */
  remaining: number;
  /** Jobs that it could run and a pause holds back. */
  left: number;
  /** Jobs that wait for another handler, or for a job that does. */
  others: number;
  /** The handler itself cannot run: its error. */
  broken?: string;
  /** The log could not be written any more. */
  failure?: WalqError;
  /** Attempts whose outcome is not in the log for that reason: their jobs run again. */
  unwritten: number;
  /** Attempts that a stop ended before their time: their jobs run again. */
  interrupted: number;
  /** Too many died of their attempts here. */
  halted: boolean;
  stopped: boolean;
}
