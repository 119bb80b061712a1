import type { SnapshotSummary } from '../../storage/types.ts';
import type { JobCounts } from '../job.ts';
import type { QueueTotals } from '../job-codec.ts';
import type { QueueMachine } from '../machine.ts';
import { dueAtOnce } from '../ready.ts';
import type { ActiveJob } from './active.ts';

export interface StatusReport {
  storeId: string;
  seqLast: number;
  counts: JobCounts;
  /** Pending, split: may run now; waits for its time. */
  ready: number;
  delayed: number;
  /** Pending jobs that bring their own command. */
  commands: number;
  /** When the next delayed job is due, ms since the epoch. */
  nextDueAt?: number;
  /** Age of the oldest job that may run now, ms. */
  oldestReadyMs?: number;
  /** Since the queue began. */
  totals: QueueTotals;
  snapshot?: { file: string; seq: number; createdMs: number; bytes: number };
  /** The runner at work, if any. */
  runner?: RunnerStatus;
}

export interface RunnerStatus {
  pid: number;
  workers: number;
  running: number;
  active: readonly ActiveJob[];
  sinceMs: number;
  /** What runs the jobs. */
  handler: string;
  stopping: boolean;
}

/** Counts of a state, live or replayed. Linear in the number of pending jobs. */
export function statusOf(
  machine: QueueMachine,
  facts: { storeId: string; seqLast: number; now: number; snapshot?: SnapshotSummary; runner?: RunnerStatus },
): StatusReport {
  let delayed = 0;
  let commands = 0;
  let oldest = Number.POSITIVE_INFINITY;
  let nextDueAt = Number.POSITIVE_INFINITY;
  if (machine.counts.pending > 0) {
    for (const job of machine.jobs()) {
      if (job.state !== 'pending') continue;
      if (job.options.command !== undefined) commands++;
      if (job.runAt > facts.now && !dueAtOnce(job)) {
        delayed++;
        nextDueAt = Math.min(nextDueAt, job.runAt);
      } else oldest = Math.min(oldest, Math.max(job.runAt, job.createdAt));
    }
  }
  const { snapshot, runner } = facts;
  return {
    storeId: facts.storeId,
    seqLast: facts.seqLast,
    counts: { ...machine.counts },
    ready: machine.counts.pending - delayed,
    delayed,
    commands,
    ...(Number.isFinite(nextDueAt) && { nextDueAt }),
    ...(Number.isFinite(oldest) && { oldestReadyMs: Math.max(0, facts.now - oldest) }),
    totals: { ...machine.totals },
    ...(runner && { runner }),
    ...(snapshot && {
      snapshot: { file: snapshot.file, seq: snapshot.seq, createdMs: snapshot.createdMs, bytes: snapshot.bytes },
    }),
  };
}
