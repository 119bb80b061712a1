import type { Sample } from '../../commands/report/types.ts';
import type { TableShape } from './codec.ts';

/** What the page gets beside the numbers. Texts are escaped as for a terminal; they still are text, never markup. */
export interface PageFacts {
  segments: PageSegment[];
  faults: PageFault[];
  checkpoints: PageCheckpoint[];
  /** Seq and counts before the first event; absent where no state is known there. */
  base?: { seq: number; pending: number; in_flight: number; completed: number; dead: number };
  wait: PageLatency;
  took: PageLatency;
  sample: Sample;
  /** Names of the type bytes of events. */
  typeNames: Record<string, string>;
  cellTypes: readonly string[];
  ids: string[];
  texts: string[];
  tables: Record<'rows' | 'points' | 'cells' | 'patches' | 'jobs', TableShape>;
}

export interface PageSegment {
  ordinal: number;
  size: number;
  /** End of the last good frame. */
  end: number;
  seqFirst?: number;
  seqLast?: number;
  sealed: boolean;
}

export interface PageFault {
  severity: string;
  code: string;
  text: string;
  /** Number of the segment it lies in, where it lies in one. */
  segment?: number;
  offset?: number;
  end?: number;
  seqFirst?: number;
  seqLast?: number;
}

export interface PageCheckpoint {
  seq: number;
  segment?: number;
  offset?: number;
}

export interface PageLatency {
  count: number;
  p50?: number;
  p90?: number;
  p99?: number;
  max?: number;
  buckets: { bottom: number; top: number; count: number }[];
}
