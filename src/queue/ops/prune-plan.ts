import { usageError } from '../../base/errors.ts';
import type { PruneRequest } from '../engine-types.ts';
import type { PruneEvent } from '../events/event-types.ts';
import type { CompletedJob, DeadJob } from '../state/job.ts';
import type { QueueMachine } from '../state/machine.ts';
import { unknownJob, wrongState } from './engine-checks.ts';

type EndedJob = CompletedJob | DeadJob;

/** Ids in one PRUNE. */
const idsPerEvent = 1000;

export interface PrunePlan {
  jobs: EndedJob[];
  /** One cutoff where that says it all, lists of ids for the rest; empty when there is nothing to forget. */
  events: PruneEvent[];
}

/** `among` limits the plan to these ids. Throws E_JOB_UNKNOWN, E_JOB_STATE (1) for ids given, usageError E_PRUNE. */
export function planPrune(
  machine: QueueMachine,
  request: PruneRequest,
  at: number,
  among?: ReadonlySet<string>,
): PrunePlan {
  const { ids, endedBefore, keep } = request;
  if ([ids, endedBefore, keep].filter((given) => given !== undefined).length !== 1) {
    throw usageError('E_PRUNE', 'prune needs exactly one of: ids, an age (--older-than), a number to keep (--keep)');
  }
  if (keep !== undefined && !(Number.isSafeInteger(keep) && keep >= 0)) {
    throw usageError('E_PRUNE', `keep must be a whole number from 0, not ${keep}`);
  }
  if (ids !== undefined) {
    const jobs = [...new Set(ids)].map((id) => endedJob(machine, id));
    return { jobs, events: listEvents(jobs, at) };
  }
  const states = new Set<string>(request.states ?? ['completed']);
  const ended: EndedJob[] = [];
  for (const job of machine.jobs()) {
    if ((job.state === 'completed' || job.state === 'dead') && states.has(job.state)) ended.push(job);
  }
  ended.sort((a, b) => a.endSeq - b.endSeq);
  const newest = keep === undefined ? undefined : ended.length - keep;
  // A unique key may outlive its job: forgotten, it would be free again.
  const goes = (job: EndedJob, place: number): boolean =>
    (among === undefined || among.has(job.id)) &&
    (job.special?.keyUntil ?? 0) <= at &&
    (newest === undefined ? job.endedAt < (endedBefore ?? 0) : place < newest);
  // Clocks step back, so the jobs that go need not be the first ones by seq: as far as they are, a cutoff names them
  // all.
  let prefix = 0;
  for (const [place, job] of ended.entries()) {
    if (!goes(job, place)) break;
    prefix++;
  }
  const last = ended[prefix - 1];
  const rest = ended.filter((job, place) => place >= prefix && goes(job, place));
  const events: PruneEvent[] = [];
  if (last !== undefined) {
    const cutoff = { seq: last.endSeq, completed: states.has('completed'), dead: states.has('dead') };
    events.push({ type: 'PRUNE', id: '', at, cutoff });
  }
  return { jobs: [...ended.slice(0, prefix), ...rest], events: [...events, ...listEvents(rest, at)] };
}

function endedJob(machine: QueueMachine, id: string): EndedJob {
  const job = machine.get(id);
  if (job === undefined) throw unknownJob(id);
  if (job.state === 'completed' || job.state === 'dead') return job;
  throw wrongState(job, 'only finished jobs can be pruned');
}

function listEvents(jobs: readonly EndedJob[], at: number): PruneEvent[] {
  const events: PruneEvent[] = [];
  for (let from = 0; from < jobs.length; from += idsPerEvent) {
    events.push({ type: 'PRUNE', id: '', at, ids: jobs.slice(from, from + idsPerEvent).map((job) => job.id) });
  }
  return events;
}
