import type { StorageEnv } from '../../storage/types.ts';

export interface SyncTimes {
  samples: number;
  p50Ms: number;
  p99Ms: number;
}

export interface BenchRow {
  /** 'enqueue-1', 'enqueue-64', 'enqueue-batch', 'drain-64', 'verify', 'replay'. */
  name: string;
  unit: 'jobs/s' | 'bytes/s' | 'events/s';
  /** What walq reached, the median of the rounds. */
  value: number;
  /** The same bytes through the same calls with nothing of walq in between. */
  ceiling?: number;
  /** Median of the rounds: each ran side by side with its ceiling. */
  share?: number;
  /** Of one round: jobs, bytes or events. */
  size: number;
}

export interface BenchRequest {
  /** An empty folder for the stores, on the disk that is meant. */
  folder: string;
  /** For one side of one round, milliseconds. Whatever the disk, a part takes little longer. */
  budgetMs: number;
  rounds: number;
  onSync(times: SyncTimes): Promise<void>;
  /** Called as soon as a row is measured. */
  onRow(row: BenchRow): Promise<void>;
}

/** What all parts share. */
export interface BenchPlace extends BenchRequest {
  env: StorageEnv;
}
