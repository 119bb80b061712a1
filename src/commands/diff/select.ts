import type { Job, JobState } from '../../queue/state/job.ts';
import type { Where } from '../where/compile.ts';
import type { ChangeKind, JobChange, StateDiff } from './compare.ts';

/** Which changes are shown. What is absent does not matter. */
export interface ChangeSelection {
  /** These jobs, changed or not, in this order. */
  ids?: readonly string[];
  kinds?: readonly ChangeKind[];
  /** The status before or after. */
  states?: readonly JobState[];
  names?: readonly string[];
  groups?: readonly string[];
  idPrefix?: string;
  /** It holds of the job on one of the sides. */
  where?: Where<Job>;
  limit?: number;
}

/** The changes that pass, at most `limit` of them. A job that neither side knows is left out. */
export function* selectChanges(diff: StateDiff, selection: ChangeSelection): Generator<JobChange, void, void> {
  const { ids, limit = Number.POSITIVE_INFINITY } = selection;
  let given = 0;
  for (const change of ids === undefined ? diff.changes() : named(diff, ids)) {
    if (!passes(change, selection)) continue;
    if (given++ >= limit) return;
    yield change;
  }
}

/** Whether anything but a limit narrows them. */
export function narrows({ limit, ...filters }: ChangeSelection): boolean {
  return Object.values(filters).some((filter) => filter !== undefined);
}

function* named(diff: StateDiff, ids: readonly string[]): Generator<JobChange, void, void> {
  for (const id of new Set(ids)) {
    const change = diff.one(id);
    if (change.before !== undefined || change.after !== undefined) yield change;
  }
}

function passes({ id, before, after, kinds }: JobChange, wanted: ChangeSelection): boolean {
  const sides = [before, after].flatMap((job) => job ?? []);
  if (wanted.kinds !== undefined && !kinds.some((kind) => wanted.kinds?.includes(kind))) return false;
  if (wanted.states !== undefined && !sides.some(({ state }) => wanted.states?.includes(state))) return false;
  if (wanted.names !== undefined && !sides.some(({ options }) => wanted.names?.includes(options.name))) return false;
  if (wanted.groups !== undefined && !sides.some(({ options }) => wanted.groups?.includes(options.group))) return false;
  if (wanted.where !== undefined && !sides.some((job) => wanted.where?.holds(job))) return false;
  return wanted.idPrefix === undefined || id.startsWith(wanted.idPrefix);
}
