import { usageError } from '../../base/errors.ts';
import type { PruneRequest } from '../engine-types.ts';
import type { PruneEvent } from '../events/event-types.ts';
import { type EndedJob, type EndedState, isEnded } from '../state/ended.ts';
import type { QueueMachine } from '../state/machine.ts';
import { unknownJob, wrongState } from './engine-checks.ts';

/** Which finished jobs had their time. */
export interface Outlived {
  states: ReadonlySet<EndedState>;
  /** Those that ended before this time, ms since the epoch, */
  beforeMs: number;
  /** and those that ended before this seq. */
  beforeSeq: number;
}

/** A stretch of the finished jobs: looking at a million of them at once would hold up everybody else. */
export interface Portion {
  /** Those of it to forget, the oldest first. */
  jobs: EndedJob[];
  /** It begins behind this end seq. */
  from: number;
  /** End seq of the last one that was looked at: what is behind it comes next. */
  seq: number;
  /** Nothing comes behind it. */
  last: boolean;
  /** Jobs of these states stay in it. */
  keeps: boolean;
  /** None of it had its time, and what ended later has not either, unless the clock stepped back. */
  young: boolean;
}

/** Jobs forgotten in one event, and in one frame. */
export const jobsPerPrune = 1000;
/** Jobs that are looked at in one go: a millisecond. */
const looksMax = 10_000;

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

/** The next stretch of those that ended after `seq`; at most so many are to forget. */
export function portionAfter(machine: Pick<QueueMachine, 'ended'>, which: Outlived, seq: number, at: number): Portion {
  const portion: Portion = { jobs: [], from: seq, seq, last: true, keeps: false, young: false };
  let looks = 0;
  let hadTime = false;
  for (const job of machine.ended.after(seq)) {
    // Not between two of one seq, which a forged snapshot may have.
    if ((looks >= looksMax || portion.jobs.length >= jobsPerPrune) && job.endSeq !== portion.seq) {
      portion.last = false;
      break;
    }
    looks++;
    portion.seq = job.endSeq;
    if (!which.states.has(job.state)) continue;
    const isOver = job.endedAt < which.beforeMs || job.endSeq < which.beforeSeq;
    // A unique key may outlive its job: forgotten, it would be free again.
    if (isOver && (job.special?.keyUntil ?? 0) <= at) portion.jobs.push(job);
    else portion.keeps = true;
    hadTime ||= isOver;
    portion.young ||= !isOver && job.endedAt <= at;
  }
  return { ...portion, young: portion.young && !hadTime };
}

/** Throws usageError E_PRUNE. */
export function checkPrune({ ids, endedBefore, keep, states }: PruneRequest): void {
  if ([ids, endedBefore, keep].filter((given) => given !== undefined).length !== 1) {
    throw usageError('E_PRUNE', 'prune needs exactly one of: ids, an age, a number to keep');
  }
  if (ids !== undefined && states !== undefined) {
    throw usageError('E_PRUNE', 'states go with an age or a number to keep: ids say already which jobs');
  }
  if (keep !== undefined && !(Number.isSafeInteger(keep) && keep >= 0)) {
    throw usageError('E_PRUNE', `keep must be a whole number from 0, not ${keep}`);
  }
}

/** All that a request would forget. Throws E_JOB_UNKNOWN, E_JOB_STATE (1) for ids given, usageError E_PRUNE. */
export function prunable(machine: QueueMachine, request: PruneRequest, at: number): EndedJob[] {
  checkPrune(request);
  if (request.ids !== undefined) return endedJobs(machine, request.ids);
  const which = outlived(machine, request, request.states ?? ['completed']);
  const jobs: EndedJob[] = [];
  for (let seq = -1, last = false; !last; ) {
    const portion = portionAfter(machine, which, seq, at);
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

/**
 * What forgets these jobs, given in the order in which they ended: one cutoff as far as that says it, which takes all
 * of these states up to a seq, and ids for the rest. None of these states is left that ended by `clearTo`.
 */
export function pruneEvents(
  machine: QueueMachine,
  jobs: readonly EndedJob[],
  states: ReadonlySet<EndedState>,
  clearTo: number,
  at: number,
): PruneEvent[] {
  let prefix = 0;
  for (const job of machine.ended.after(clearTo)) {
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
  for (let from = 0; from < jobs.length; from += jobsPerPrune) {
    events.push({ type: 'PRUNE', id: '', at, ids: jobs.slice(from, from + jobsPerPrune).map((job) => job.id) });
  }
  return events;
}
