import type { Finding, Severity } from '../base/finding.ts';
import type { ByteSource } from '../base/source.ts';

/**
 * Readers for logs and snapshots of other systems. They only read. A reader takes a source front to back in flat
 * memory, hands out what is sound, and reports every fault as a finding; it throws only what the source throws (I/O
 * errors) and what the visitor throws.
 *
 * Integers are text, as written: other systems count beyond 2^53.
 */
export interface ForeignEvent {
  seq: string;
  /** As written; `known` tells whether it is one of the six. */
  type: string;
  known: boolean;
  jobId: string;
  /** Milliseconds since the epoch; absent where the format has none. */
  timeMs?: string;
  /** What stands behind the id in a text line. */
  details?: string;
  file: string;
  /** Counts records from 1, damaged ones included. */
  record: number;
  /** First byte, and the byte after the last, line end not included. */
  offset: number;
  end: number;
  /** Which session of the writer it belongs to, from 1: every restart of the numbers begins another. */
  run: number;
  /** True for a record behind a damaged one: readable, but a reader that stops at the first fault never comes to it. */
  afterDamage: boolean;
  /** 'bad' only where the caller asked for damaged records; 'none' where the format has no checksum. */
  checksum: 'ok' | 'bad' | 'none';
}

/** Return false, or a promise of it, to stop. Anything else goes on; a promise is awaited. */
export type Visit<T> = (item: T) => unknown;

export interface ReadOptions<T> {
  /** Left out: only the summary is wanted, which is faster. */
  visit?: Visit<T>;
  /** Also visit records that parse but fail their checksum (`checksum: 'bad'`). Logs only. */
  damaged?: boolean;
  /** Called after each chunk with the bytes read so far. */
  progress?: (bytes: number) => void;
}

/** Inclusive, as text. */
export interface SeqRange {
  seqFirst: string;
  seqLast: string;
}

export interface ForeignLogSummary {
  format: string;
  file: string;
  /** Bytes read. */
  bytes: number;
  /** Sound records. */
  records: number;
  /** Of these: up to the first damaged line, on later lines, and glued to a damaged line. They add up to `records`. */
  recordsBeforeDamage: number;
  recordsAfterDamage: number;
  recordsGlued: number;
  /** Records that are there but cannot be trusted or read: bad checksum, garbage, torn or glued fragments. */
  damaged: number;
  /** Lowest and highest number among the sound records; absent when there is none. */
  seqFirst?: string;
  seqLast?: string;
  /**
   * Numbers that should be there and are not, after sorting within each run. At most 1000 ranges;
   * `missingCount` is complete.
   */
  missing: SeqRange[];
  missingCount: string;
  restarts: number;
  outOfOrder: number;
  /** Records that are there twice, word for word. */
  duplicates: number;
  /** Records that share their number with a different one of the same run. */
  conflicts: number;
  /** ENQUEUE records without a payload. These systems never log one, so it is all of them. */
  withoutPayload: number;
  /** By offset. One code is listed at most 1000 times; a last E_LOG_MORE counts the rest. */
  findings: Finding[];
  /** Worst severity of all findings, those not listed included. */
  severity?: Severity;
  /** The visitor stopped the reading: counts and findings cover what was read. */
  stopped: boolean;
}

export interface LogFormat {
  kind: 'log';
  name: string;
  title: string;
  /** By content. `head` is the beginning of the file, up to `detectBytes`. */
  detect(head: Uint8Array): boolean;
  read(source: ByteSource, file: string, options?: ReadOptions<ForeignEvent>): Promise<ForeignLogSummary>;
}

export const foreignStatuses = ['pending', 'in_flight', 'completed', 'dead'] as const;
export type ForeignStatus = (typeof foreignStatuses)[number];

export interface ForeignJob {
  id: string;
  status: ForeignStatus;
  /** JSON text as written, without space between tokens. Absent where the snapshot has none. */
  payload?: string;
  attempt: number;
  /** Whole milliseconds, rounded up. */
  timeoutMs?: number;
  createdMs?: string;
  updatedMs?: string;
  deadlineMs?: string;
  workerId?: string;
  file: string;
  offset: number;
}

export interface ForeignSnapshotSummary {
  format: string;
  file: string;
  bytes: number;
  jobs: number;
  byStatus: Record<ForeignStatus, number>;
  lastSeq?: string;
  schemaVersion?: string;
  findings: Finding[];
  severity?: Severity;
  stopped: boolean;
}

/**
 * Jobs are visited before the members behind them (version, last seq) and before the end of the file are known:
 * whoever builds something of them throws it away when `severity` says so.
 */
export interface SnapshotFormat {
  kind: 'snapshot';
  name: string;
  title: string;
  detect(head: Uint8Array): boolean;
  read(source: ByteSource, file: string, options?: ReadOptions<ForeignJob>): Promise<ForeignSnapshotSummary>;
}

export type ForeignFormat = LogFormat | SnapshotFormat;

/** How much of a file's beginning `detect` wants to see. */
export const detectBytes = 64 * 1024;

export const eventTypes: readonly string[] = ['ENQUEUE', 'DISPATCH', 'ACK', 'RETRY', 'TIMEOUT', 'DEAD'];
