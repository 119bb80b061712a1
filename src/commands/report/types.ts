import type { Diagnosis } from '../doctor/diagnose.ts';
import type { Bucket, SpreadSummary } from '../stats/spread.ts';
import type { Columns } from './columns.ts';

/** What a report may hold at most: whatever the size of the log, the page stays one that a browser opens at once. */
export interface ReportLimits {
  /** Events with all that is told of them. Beyond it jobs are sampled. */
  rows: number;
  /** The last events of the log are there even where jobs are sampled. */
  tail: number;
  /** Of ids, names and details as UTF-8, about. */
  textBytes: number;
  /** Characters of one detail, such as an error. */
  textMost: number;
  /** Pieces of the map of frames. Beyond it frames beside each other become one. */
  cells: number;
  /** Points of the state over time. */
  points: number;
}

export const reportLimits: ReportLimits = {
  rows: 200_000,
  tail: 20_000,
  textBytes: 8 * 1024 * 1024,
  textMost: 400,
  cells: 40_000,
  points: 4096,
};

/** How a job stands, as a number. 0: not yet enqueued, or nothing is known of it yet. */
export const jobCodes = { absent: 0, pending: 1, in_flight: 2, completed: 3, dead: 4, gone: 5 } as const;

const countFields = ['pending', 'in_flight', 'completed', 'dead'] as const;

/** One event. */
export const rowFields = [
  'seq',
  'atMs',
  /** The type byte. */
  'type',
  /** Its job, from 0; -1 without one. */
  'job',
  /** Where its frame lies: number of the segment in the list, offset in it. */
  'segment',
  'offset',
  /** 1: readable, but behind a fault. */
  'afterHole',
  /** What the job is afterwards, in `jobCodes`. */
  'state',
  /** Attempts of the job that count, afterwards; -1: not known. */
  'attempt',
  /** DISPATCH: how long the job waited since it was ready; end of an attempt: how long that took. -1: not known. */
  'ms',
  /** ENQUEUE and RETRY: so much later it may begin. */
  'laterMs',
  /** Number of its details among the texts. */
  'text',
  /** 1: the state after this event is known, and the counts are it. */
  'known',
  ...countFields,
] as const;

/** Events so far, by kind: the six of a job's life, and all others. */
export const laneFields = ['enqueued', 'dispatched', 'acked', 'retried', 'timedOut', 'died', 'others'] as const;

/** The state over time: every event, or every so many. */
export const pointFields = [
  'seq',
  'atMs',
  'segment',
  'offset',
  'afterHole',
  'known',
  ...laneFields,
  ...countFields,
] as const;

/** A frame, or some frames of one type beside each other. */
export const cellFields = ['segment', 'offset', 'bytes', 'type', 'seqFirst', 'seqs', 'frames', 'afterHole'] as const;

/** What changed jobs without an event of their own: a snapshot took the place of lost events, or a PRUNE. */
export const patchFields = ['position', 'job', 'state', 'attempt'] as const;

export const jobFields = ['name', 'group', 'createdMs', 'maxAttempts', 'whole'] as const;

export const cellTypes = ['data', 'open', 'close', 'seal', 'snapshot', 'lost', 'other'] as const;

export type RowField = (typeof rowFields)[number];
export type LaneField = (typeof laneFields)[number];
export type PointField = (typeof pointFields)[number];
export type CellField = (typeof cellFields)[number];
export type PatchField = (typeof patchFields)[number];
export type JobField = (typeof jobFields)[number];

/** Milliseconds, and the buckets from the shortest to the longest. */
export interface LatencyShape extends SpreadSummary {
  buckets: Bucket[];
}

/** How much of the log is in the report in detail. */
export interface Sample {
  events: number;
  eventsOf: number;
  jobs: number;
  jobsOf: number;
  /** One in so many jobs, chosen by a hash of the id; 1: all of them. */
  oneIn: number;
  /** The last so many events are there, whatever their jobs. */
  tail: number;
  /** Frames in one piece of the map, where they were put together; else 1. */
  framesMerged: number;
  /** Details and payloads that were cut. */
  textsCut: number;
}

export interface ReportData {
  diagnosis: Diagnosis;
  madeMs: number;
  rows: Columns<RowField>;
  points: Columns<PointField>;
  cells: Columns<CellField>;
  patches: Columns<PatchField>;
  jobIds: string[];
  jobs: Columns<JobField>;
  texts: string[];
  /** Names of the type bytes that occur. */
  typeNames: Record<number, string>;
  /** Counts before the first event, where the state is known there. */
  base?: { seq: number; counts: Readonly<Record<(typeof countFields)[number], number>> };
  wait: LatencyShape;
  took: LatencyShape;
  sample: Sample;
  withPayloads: boolean;
}
