import type { WalqError } from '../../base/errors.ts';
import type { SnapshotSummary } from '../../storage/types.ts';
import type { InFlightJob } from '../job.ts';
import type { AttemptOutcome } from '../process/attempt-types.ts';
import type { Verdict } from './settle.ts';

export interface RunnerOptions {
  /** Attempts at a time. */
  workers: number;
  /** What runs a job: a shell line for all, or the command each job brings. */
  handler: { kind: 'exec'; shell: string } | { kind: 'commands' };
  /** For jobs that have no timeout of their own; 0 = none. */
  timeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  killAfterMs: number;
  /** How long a stop waits for running attempts before they are killed. */
  graceMs: number;
  /** End when no job is left that this runner can run. */
  drain: boolean;
  /** What to do with children of a dead runner that still run. */
  orphans: 'kill' | 'ignore';
  /** Snapshot after so long, and after so many events; 0 = not by this. */
  snapshotIntervalMs: number;
  snapshotEvery: number;
  pid: number;
  /** What a person may want to know; must not throw. */
  report(event: RunnerReport): void;
}

export type RunnerReport =
  | { kind: 'reclaimed'; jobs: number; dead: number; orphansKilled: number }
  | { kind: 'started'; job: InFlightJob; pid: number | undefined }
  | { kind: 'finished'; job: InFlightJob; outcome: AttemptOutcome; verdict: Verdict }
  | { kind: 'broken'; error: string }
  | { kind: 'disk-full' }
  | { kind: 'failed'; error: WalqError }
  | { kind: 'snapshot'; snapshot: SnapshotSummary; removedSegments: number }
  | { kind: 'snapshot-failed'; error: unknown }
  | { kind: 'stopping'; running: number; graceMs: number };

export interface RunSummary {
  completed: number;
  retried: number;
  dead: number;
  /** The handler itself cannot run: its error. */
  broken?: string;
  /** The log could not be written any more. */
  failure?: WalqError;
  /** Attempts whose outcome is not in the log for that reason: their jobs run again. */
  unwritten: number;
  stopped: boolean;
}
