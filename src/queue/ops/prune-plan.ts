import { usageError } from '../../base/errors.ts';
import type { PruneRequest } from '../engine-types.ts';
import type { PruneEvent } from '../events/event-types.ts';
import { type EndedJob, type EndedState, isEnded } from '../state/ended.ts';
import type { QueueMachine } from '../state/machine.ts';
import { unknownJob, wrongState } from './engine-checks.ts';

/** Which finished jobs had their time. A unique key may outlive its job: forgotten, it would be free again. */
export interface Outlived {
  states: ReadonlySet<EndedState>;
  /** Those that ended before this time, ms since the epoch, */
  beforeMs: number;
  /** and those that ended before this seq. */
  beforeSeq: number;
}

/** A stretch of the finished jobs: looking at a million of them at once would hold up everybody else. */
export interface Portion {
  /** Those of them to forget, the oldest first. */
  jobs: EndedJob[];
  /** End seq of the last one that was looked at: what is behind it comes next. */
  seq: number;
  /** Nothing comes behind it. */
  last: boolean;
  /** None of the stretch had its time. */
  young: boolean;
}

/** Jobs that are looked at in one go: a millisecond. */
const looksMax = 10_000;
/** Ids in one PRUNE. */
const idsPerEvent = 1000;

/** Those of these states that ended before a time, or are not among the newest so many. */
export function outlived(
  machine: QueueMachine,
  { endedBefore, keep }: { endedBefore?: number | undefined; keep?: number | undefined },
  of: readonly EndedState[],
): Outlived {
  const states = new Set(of);
  const count = of.reduce((sum, state) => sum + machine.counts[state], 0);
  const beforeSeq = keep === undefined ? 0 : machine.ended.seqBehind(count - keep, states);
  return { states, beforeMs: endedBefore ?? 0, beforeSeq };
}

/** The next stretch of those that ended after `seq`; at most `jobsMax` are to forget. */
export function portionAfter(
  machine: QueueMachine,
  which: Outlived,
  seq: number,
  at: number,
  jobsMax: number,
): Portion {
  const portion: Portion = { jobs: [], seq, last: true, young: true };
  let looks = 0;
  for (const job of machine.ended.after(seq)) {
    if (looks++ === looksMax || portion.jobs.length === jobsMax) {
      portion.last = false;
      break;
    }
    portion.seq = job.endSeq;
    if (!which.states.has(job.state) || (job.endedAt >= which.beforeMs && job.endSeq >= which.beforeSeq)) continue;
    portion.young = false;
    if ((job.special?.keyUntil ?? 0) <= at) portion.jobs.push(job);
  }
  return portion;
}

/** What a request other than by ids is about. Throws usageError E_PRUNE. */
export function outlivedBy(machine: QueueMachine, request: PruneRequest): Outlived {
  const { ids, endedBefore, keep, states = ['completed'] } = request;
  if ([ids, endedBefore, keep].filter((given) => given !== undefined).length !== 1) {
    throw usageError('E_PRUNE', 'prune needs exactly one of: ids, an age (--older-than), a number to keep (--keep)');
  }
  if (keep !== undefined && !(Number.isSafeInteger(keep) && keep >= 0)) {
    throw usageError('E_PRUNE', `keep must be a whole number from 0, not ${keep}`);
  }
  return outlived(machine, { endedBefore, keep }, states);
}

/** All that a request would forget. Throws E_JOB_UNKNOWN, E_JOB_STATE (1) for ids given, usageError E_PRUNE. */
export function prunable(machine: QueueMachine, request: PruneRequest, at: number): EndedJob[] {
  const which = outlivedBy(machine, request);
  if (request.ids !== undefined) return endedJobs(machine, request.ids);
  const jobs: EndedJob[] = [];
  for (let seq = 0, last = false; !last; ) {
    const portion = portionAfter(machine, which, seq, at, looksMax);
    for (const job of portion.jobs) jobs.push(job);
    ({ seq, last } = portion);
  }
  return jobs;
}

/** Each once. Throws E_JOB_UNKNOWN, E_JOB_STATE. */
export function endedJobs(machine: QueueMachine, ids: readonly string[]): EndedJob[] {
  return [...new Set(ids)].map((id) => {
    const job = machine.get(id);
    if (job === undefined) throw unknownJob(id);
    if (!isEnded(job)) throw wrongState(job, 'only finished jobs can be pruned');
    return job;
  });
}

/** What forgets these jobs, given in the order in which they ended: one cutoff as far as that says it, ids for the rest. */
export function pruneEvents(
  machine: QueueMachine,
  jobs: readonly EndedJob[],
  states: ReadonlySet<EndedState>,
  at: number,
): PruneEvent[] {
  // A cutoff takes all of these states up to a seq. Clocks step back, so those that go need not be the first ones.
  let prefix = 0;
  for (const job of machine.ended.after(0)) {
    if (!states.has(job.state)) continue;
    if (job !== jobs[prefix]) break;
    prefix++;
  }
  const events = listEvents(jobs.slice(prefix), at);
  const last = jobs[prefix - 1];
  if (last === undefined) return events;
  const cutoff = { seq: last.endSeq, completed: states.has('completed'), dead: states.has('dead') };
  return [{ type: 'PRUNE', id: '', at, cutoff }, ...events];
}

export function listEvents(jobs: readonly EndedJob[], at: number): PruneEvent[] {
  const events: PruneEvent[] = [];
  for (let from = 0; from < jobs.length; from += idsPerEvent) {
    events.push({ type: 'PRUNE', id: '', at, ids: jobs.slice(from, from + idsPerEvent).map((job) => job.id) });
  }
  return events;
}
