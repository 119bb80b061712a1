import { decodeColumn } from '../codec.ts';
import type { PageFacts } from '../page-data.ts';

export type Table<Field extends string> = Readonly<Record<Field, Float64Array>> & { readonly length: number };

export const states = ['pending', 'in_flight', 'completed', 'dead'] as const;
export type StateName = (typeof states)[number];
/** Numbers of states, as the data has them; 0 is a job that is not there yet. */
export const absent = 0;
export const gone = 5;
export const stateWords: readonly string[] = ['not yet', 'pending', 'in flight', 'completed', 'dead', 'gone'];

export type RowField =
  | 'seq'
  | 'atMs'
  | 'type'
  | 'job'
  | 'segment'
  | 'offset'
  | 'afterHole'
  | 'state'
  | 'attempt'
  | 'ms'
  | 'laterMs'
  | 'text'
  | 'known'
  | StateName;
export const laneFields = ['enqueued', 'dispatched', 'acked', 'retried', 'timedOut', 'died', 'others'] as const;
export type LaneField = (typeof laneFields)[number];
export type PointField = 'seq' | 'atMs' | 'known' | StateName | LaneField;
export type CellField = 'segment' | 'offset' | 'bytes' | 'type' | 'seqFirst' | 'seqs' | 'frames' | 'afterHole';
export type PatchField = 'position' | 'job' | 'state' | 'attempt';
export type JobField = 'name' | 'group' | 'createdMs' | 'maxAttempts' | 'whole';

/** All that the page knows. */
export interface Model {
  facts: PageFacts;
  rows: Table<RowField>;
  points: Table<PointField>;
  cells: Table<CellField>;
  patches: Table<PatchField>;
  jobs: Table<JobField>;
  /** Rows of job n: `rowsByJob` from `jobStart[n]` to `jobStart[n + 1]`. */
  jobStart: Int32Array;
  rowsByJob: Int32Array;
}

/** Reads what `packPage` wrote. Rejects where the browser cannot unpack. */
export async function readModel(base64: string): Promise<Model> {
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return unpack(new Uint8Array(await new Response(stream).arrayBuffer()));
}

export function unpack(bytes: Uint8Array): Model {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const facts: PageFacts = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  const table = <Field extends string>(name: keyof PageFacts['tables']): Table<Field> => {
    const { rows, fields, lengths } = facts.tables[name];
    const columns = fields.map((field, index) => {
      const end = at + (lengths[index] ?? 0);
      const column = decodeColumn(bytes.subarray(at, end), rows);
      at = end;
      return [field, column] as const;
    });
    return { ...Object.fromEntries(columns), length: rows } as Table<Field>;
  };
  // In the order in which they were written.
  const rows = table<RowField>('rows');
  const points = table<PointField>('points');
  const cells = table<CellField>('cells');
  const patches = table<PatchField>('patches');
  const jobs = table<JobField>('jobs');
  return { facts, rows, points, cells, patches, jobs, ...byJob(rows, jobs.length) };
}

function byJob(rows: Table<RowField>, jobs: number): Pick<Model, 'jobStart' | 'rowsByJob'> {
  const jobStart = new Int32Array(jobs + 1);
  for (const job of rows.job) if (job >= 0) jobStart[job + 1] = (jobStart[job + 1] ?? 0) + 1;
  for (let job = 0; job < jobs; job++) jobStart[job + 1] = (jobStart[job + 1] ?? 0) + (jobStart[job] ?? 0);
  const rowsByJob = new Int32Array(jobStart[jobs] ?? 0);
  const next = jobStart.slice();
  for (let row = 0; row < rows.length; row++) {
    const job = rows.job[row] ?? -1;
    if (job < 0) continue;
    const place = next[job] ?? 0;
    rowsByJob[place] = row;
    next[job] = place + 1;
  }
  return { jobStart, rowsByJob };
}

/** Number of the first entry above `value` in a column that never falls. */
export function firstAbove(column: ArrayLike<number>, value: number): number {
  let [low, high] = [0, column.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((column[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The same column where it never falls: clocks step back, and a damaged log repeats itself. */
export function rising(column: Float64Array): Float64Array {
  const risen = column.slice();
  for (let at = 1; at < risen.length; at++) risen[at] = Math.max(risen[at] ?? 0, risen[at - 1] ?? 0);
  return risen;
}
