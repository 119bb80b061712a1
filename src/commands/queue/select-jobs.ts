import { changedAt, type Job, type JobState } from '../../queue/state/job.ts';
import { type PhaseContext, type PhaseKind, phaseOf } from '../../queue/state/phase.ts';
import type { Where } from '../where/compile.ts';
import type { JobView } from '../where/job-fields.ts';
import type { JobSort } from './job-sorts.ts';

/** Which jobs, and in which order. What is absent does not matter. */
export interface JobSelection {
  states?: readonly JobState[];
  phases?: readonly PhaseKind[];
  names?: readonly string[];
  groups?: readonly string[];
  keys?: readonly string[];
  idPrefix?: string;
  where?: Where<JobView>;
  sort: JobSort;
  reverse: boolean;
  limit?: number;
}

/**
 * The jobs that pass, in order. In the order of ENQUEUE they are handed out as they are met; another order needs a list
 * of references to those that pass.
 */
export function* selectJobs(
  jobs: Iterable<Job>,
  selection: JobSelection,
  context: PhaseContext,
): Generator<Job, void, void> {
  const passing = filtered(jobs, selection, context);
  const limit = selection.limit ?? Number.POSITIVE_INFINITY;
  let given = 0;
  for (const job of ordered(passing, selection)) {
    if (given++ >= limit) return;
    yield job;
  }
}

export function hasFilter({ states, phases, names, groups, keys, idPrefix, where }: JobSelection): boolean {
  return [states, phases, names, groups, keys, idPrefix, where].some((filter) => filter !== undefined);
}

function* filtered(jobs: Iterable<Job>, selection: JobSelection, context: PhaseContext): Generator<Job> {
  const { states, phases, names, groups, keys, idPrefix, where } = selection;
  for (const job of jobs) {
    const { name, group } = job.options;
    const key = job.special?.key;
    if (states !== undefined && !states.includes(job.state)) continue;
    if (names !== undefined && !names.includes(name)) continue;
    if (groups !== undefined && !groups.includes(group)) continue;
    if (keys !== undefined && (key === undefined || !keys.includes(key))) continue;
    if (idPrefix !== undefined && !job.id.startsWith(idPrefix)) continue;
    if (phases !== undefined && !phases.includes(phaseOf(job, context).kind)) continue;
    if (where !== undefined && !where.holds({ job, phases: context })) continue;
    yield job;
  }
}

function ordered(jobs: Iterable<Job>, { sort, reverse }: JobSelection): Iterable<Job> {
  if (sort === 'created') return reverse ? [...jobs].reverse() : jobs;
  const compare = comparisons[sort];
  const direction = reverse ? -1 : 1;
  return [...jobs].sort((a, b) => direction * (compare(a, b) || a.seq - b.seq));
}

const comparisons: Readonly<Record<Exclude<JobSort, 'created'>, (a: Job, b: Job) => number>> = {
  /** The order in which workers take them. */
  priority: (a, b) => b.options.priority - a.options.priority,
  due: (a, b) => compareTimes(dueAt(a), dueAt(b)),
  changed: (a, b) => changedAt(a) - changedAt(b),
};

/** Jobs that wait for no time come last. */
function dueAt(job: Job): number {
  return job.state === 'pending' ? job.runAt : Number.POSITIVE_INFINITY;
}

function compareTimes(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
