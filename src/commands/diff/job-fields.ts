import type { Job } from '../../queue/state/job.ts';
import { jobDocument, rowOfJob } from '../job-row.ts';
import { stringify } from '../json-text.ts';

/** One member of a job that is not the same on both sides. Absent on a side: the job has none there. */
export interface FieldChange {
  name: string;
  before?: unknown;
  after?: unknown;
  /** Follows from what happened to the job and says nothing more: its times, its places in the log. */
  trace: boolean;
}

/** Numbers of a log, and who works on it: another log has others for the same jobs. */
const ofOneLog: ReadonlySet<string> = new Set(['seq', 'dispatchSeq', 'endSeq', 'from', 'owner', 'slot']);

const traces: ReadonlySet<string> = new Set([
  'seq',
  'from',
  'changedMs',
  'createdMs',
  'runAtMs',
  'dispatchSeq',
  'startedMs',
  'deadlineMs',
  'endSeq',
  'setback.at',
  'owner.kind',
  'owner.runner',
  'owner.token',
  'owner.deadlineMs',
]);

/** The members of a job by their names in documents, those of a member with members flattened: `setback.reason`. */
export function fieldsOf(job: Job): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(jobDocument(rowOfJob(job)))) {
    if (name !== 'setback' && name !== 'owner') {
      if (name !== 'id' && value !== undefined) fields.set(name, value);
      continue;
    }
    for (const [inner, of] of Object.entries(value ?? {})) if (of !== undefined) fields.set(`${name}.${inner}`, of);
  }
  return fields;
}

/** What tells states apart, and which members count. */
export interface Comparison {
  /** The states are of two logs: numbers of a log are not compared. */
  acrossLogs: boolean;
  /** Members that both sides can have at all; undefined: all. */
  known: ReadonlySet<string> | undefined;
}

/** Members that differ, in the order of the document. `status` is among them when it does. */
export function fieldChanges(before: Job, after: Job, comparison: Comparison): FieldChange[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const changes: FieldChange[] = [];
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    if (!isCompared(name, comparison)) continue;
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is || stringify(was) === stringify(is)) continue;
    changes.push({
      name,
      ...(was !== undefined && { before: was }),
      ...(is !== undefined && { after: is }),
      trace: traces.has(name),
    });
  }
  return changes;
}

function isCompared(name: string, { acrossLogs, known }: Comparison): boolean {
  if (known !== undefined && !known.has(name)) return false;
  return !acrossLogs || !ofOneLog.has(name.split('.')[0] ?? name);
}

/** Quick: are these the same job in all that counts? */
export function isSameJob(a: Job, b: Job, { acrossLogs, known }: Comparison): boolean {
  if (a === b) return true;
  if (known !== undefined) return false;
  return sameValue(a, b, acrossLogs);
}

/** Of immutable plain data. A false answer may be wrong, where a member is absent on one side and undefined on the other. */
function sameValue(a: unknown, b: unknown, acrossLogs: boolean): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array)
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  const right = new Map(Object.entries(b));
  let same = 0;
  for (const [key, value] of Object.entries(a)) {
    if (!(acrossLogs && ofOneLog.has(key)) && !sameValue(value, right.get(key), acrossLogs)) return false;
    same++;
  }
  return same === right.size;
}
