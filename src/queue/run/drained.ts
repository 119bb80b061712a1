import type { AttemptOutcome } from '../process/attempt-types.ts';
import type { Job, PendingJob } from '../state/job.ts';
import { type Wanted, wants } from '../state/lane.ts';
import type { QueueMachine } from '../state/machine.ts';
import type { DrainAnswer } from './operations.ts';
import type { RunSummary } from './runner-types.ts';
import type { Settlement } from './settle.ts';

/** What is left of the jobs that nobody of this process works on, as a worker sees them. */
export interface Leftovers {
  /**
   * Run sooner or later if nobody does anything: due, delayed, waiting for one that does, or out on a lease, which ends
   * by its deadline at the latest.
   */
  coming: number;
  /** Held back by a pause, or waiting for one that is. */
  paused: number;
  /** For another handler, or waiting for one that is. */
  others: number;
}

export function newSummary(): RunSummary {
  const counted = { completed: 0, retried: 0, givenBack: 0, dead: 0, resultsDropped: 0, interrupted: 0, unwritten: 0 };
  return { ...counted, remaining: 0, left: 0, others: 0, halted: false, stopped: false };
}

/** One more attempt is over. Of deaths all count, not those of attempts alone: they are counted as they are written. */
export function countIn(summary: RunSummary, settlement: Settlement, { verdict }: AttemptOutcome): void {
  if (settlement.kind === 'retry') summary.retried++;
  if (settlement.kind === 'given back') summary.givenBack++;
  if (verdict.kind === 'retry' && verdict.reason === 'stopped') summary.interrupted++;
  if (settlement.kind !== 'completed') return;
  summary.completed++;
  if (settlement.resultDropped) summary.resultsDropped++;
}

/** Linear in the number of jobs. */
export function leftovers(machine: QueueMachine, wanted: Wanted): Leftovers {
  const found: Leftovers = { coming: 0, paused: 0, others: 0 };
  for (const job of machine.leases()) if (wants(wanted, job)) found.coming++;
  if (machine.counts.pending === 0) return found;
  const fates = new Map<string, Fate>();
  for (const job of machine.jobs()) {
    if (job.state !== 'pending') continue;
    // Parents were enqueued before their children, so their fate is known by now.
    const fate = fateOf(machine, job, wanted, fates);
    fates.set(job.id, fate);
    if (fate === 'coming') found.coming++;
    else if (fate === 'paused') found.paused++;
    else found.others++;
  }
  return found;
}

/** What a summary says of it. */
export function leftAtEnd(machine: QueueMachine, wanted: Wanted): Pick<RunSummary, 'remaining' | 'left' | 'others'> {
  const { coming, paused, others } = leftovers(machine, wanted);
  return { remaining: coming, left: paused, others };
}

type Fate = 'coming' | 'paused' | 'of others';

function fateOf(machine: QueueMachine, job: PendingJob, wanted: Wanted, fates: ReadonlyMap<string, Fate>): Fate {
  const { name, group } = job.options;
  if (!wants(wanted, job)) return 'of others';
  if (machine.settings.holdsBack(name, group)) return 'paused';
  const parents = job.special?.waitingFor?.map((id) => fateOfParent(machine.get(id), fates)) ?? [];
  if (parents.includes('paused')) return 'paused';
  return parents.includes('of others') ? 'of others' : 'coming';
}

function fateOfParent(parent: Job | undefined, fates: ReadonlyMap<string, Fate>): Fate {
  if (parent?.state === 'in_flight') return 'coming';
  return (parent && fates.get(parent.id)) ?? 'of others';
}

/** What a runner did between being asked to drain and its end. */
export function drainAnswer(before: RunSummary, { completed, dead, left, ...end }: RunSummary): DrainAnswer {
  const unfinished = end.failure?.message ?? end.broken ?? (isCutShort(end) ? 'the runner was stopped' : undefined);
  return {
    completed: completed - before.completed,
    dead: dead - before.dead,
    left,
    ...(unfinished !== undefined && { unfinished }),
  };
}

/** Told to stop before the work was done. */
export function isCutShort({ stopped, remaining }: Pick<RunSummary, 'stopped' | 'remaining'>): boolean {
  return stopped && remaining > 0;
}
