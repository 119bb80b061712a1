import type { Clock, Random } from '../base/clock.ts';
import type { Finding } from '../base/finding.ts';
import type { FileSystem } from '../fs/types.ts';
import type { BlockWork } from './snapshot/block-types.ts';

/** Everything storage takes from the outside world. */
export interface StorageEnv {
  fs: FileSystem;
  clock: Clock;
  random: Random;
  /**
   * The thread for the blocks of large snapshots, the same one each time, when it is ready. Given where somebody else
   * waits for this thread while a snapshot is written; without one it does the blocks itself, which is a bit quicker.
   */
  blockThread?: () => Promise<BlockWork>;
}

/**
 * What the log drives. Storage stores records, each with a seq, and knows nothing of their meaning.
 * `apply` must depend on nothing but the state, the record and the seq: no clock, no randomness.
 */
export interface StateMachine {
  /**
   * Applies one record. Throws `WalqError` E_APPLY when it does not fit the state; the state is then unchanged.
   */
  apply(record: Uint8Array, seq: number): void;
  /** The same of what a record says, from whoever has just written it, where reading it is to be saved. */
  applyKnown?(known: unknown, seq: number): void;
  /**
   * An immutable cut of the whole state, taken now, cheap (references only); its entries are encoded lazily, in
   * canonical order: equal states give equal entries. No entry is empty.
   */
  cut(): Iterable<Uint8Array>;
  /** Takes one entry of a snapshot, in the order written, into a machine that was empty. Throws `WalqError` E_APPLY. */
  load(entry: Uint8Array): void;
  /** The same of bytes[from, to), where a million views of a million entries are to be saved. */
  loadStretch?(bytes: Buffer, from: number, to: number): void;
}

/**
 * Called when an operation is over, before its promise settles and in the order of the log; what `applied` answers is
 * what the promise resolves with. A hook that throws makes the promise reject, and changes nothing else.
 */
export interface CommitHooks<T> {
  /** Durable and applied. */
  applied(seqFirst: number): T;
  /** Answers what the promise follows in place of being rejected, if whoever asked does not take the failure for an answer. */
  failed(error: unknown): Promise<T> | undefined;
}

/** Told what the log does, as it does it. Must not throw. */
export interface StoreObserver {
  /** A commit is on disk. */
  committed(commit: CommitFacts & { records: number }): void;
  snapshotWritten(snapshot: SnapshotSummary, ms: number): void;
}

export interface CommitFacts {
  /** Of its frames. */
  bytes: number;
  /** That the sync alone took. */
  syncMs: number;
}

/**
 * Where in the log a state belongs: the end of the frame that holds `seq`. Lets a snapshot prove that it fits its
 * log.
 */
export interface ChainPoint {
  seq: number;
  /** Ordinal of the segment. */
  ordinal: number;
  /** Byte after the frame, in that segment. */
  offset: number;
  /** Header CRC of that frame; of the segment header when `offset` is the start of the frames. */
  link: number;
  /** Salt of that segment. */
  salt: number;
}

/** `clean` and `padded` exit 0, `torn` 4, `newer` 5, the rest 3. */
export type Verdict = 'clean' | 'padded' | 'torn' | 'ambiguous' | 'corrupt' | 'degraded' | 'no base' | 'newer';

/** A run of seqs that cannot be read, inclusive. */
export interface LostRange {
  seqFirst: number;
  seqLast: number;
}

export interface SegmentSummary {
  file: string;
  ordinal: number;
  /** Bytes in the file. */
  size: number;
  /** End of the last good frame. */
  end: number;
  frames: number;
  records: number;
  /** First and last seq of the records read; absent in an empty one. */
  seqFirst?: number;
  seqLast?: number;
  sealed: boolean;
}

export interface SnapshotSummary {
  /** Path relative to the store. */
  file: string;
  /** Last seq covered. */
  seq: number;
  /**
   * 'checkpoint' belongs to the log beside it, 'base' began the store, 'detached' was saved by replay and fits no log
   * by itself.
   */
  kind: 'checkpoint' | 'base' | 'detached';
  bytes: number;
  /** Bytes of state before compression. */
  rawBytes: number;
  entries: number;
  createdMs: number;
  /** Hex SHA-256 of the file's bytes before the footer. */
  sha256: string;
  /** Hex SHA-256 of the state's entries, independent of compression and blocks. */
  stateHash: string;
  storeId: string;
  point: ChainPoint;
}

/** A snapshot file as found: readable or not, with every fault it has. */
export interface SnapshotCheck {
  file: string;
  bytes: number;
  summary?: SnapshotSummary;
  findings: Finding[];
}

/** The outcome of reading a whole log: what `wal verify` shows. */
export interface LogReport {
  verdict: Verdict;
  findings: Finding[];
  storeId?: string;
  segments: SegmentSummary[];
  frames: number;
  records: number;
  bytes: number;
  /** Seqs of the records present. */
  seqFirst?: number;
  seqLast?: number;
  /** Seqs provably written and not readable. Exact unless `lostUnknown`. */
  lost: LostRange[];
  /** True when the loss reaches past the last readable frame and nothing says how far. */
  lostUnknown: boolean;
  /** Good records that lie after the first hole; 0 where the reading was stopped before the end. */
  recordsAfterHole: number;
  /** Bytes after the last good frame that a writer would trim (torn), or that were found odd (ambiguous). */
  tail?: { file: string; offset: number; bytes: number };
  /** Files behind the proven end of the log that are no part of it. Each has a finding. */
  strays: string[];
  /** False when a single file or stream ends openly: nothing beside it says where the log ends. */
  endProven: boolean;
}

/** One good frame handed to a visitor. `payload` is valid during the call only. */
export interface FrameView {
  file: string;
  ordinal: number;
  offset: number;
  /** Bytes of the whole frame. */
  bytes: number;
  type: 'data' | 'open' | 'close' | 'seal' | 'snapshot' | 'lost' | 'other';
  typeByte: number;
  seqFirst: number;
  count: number;
  payload: Uint8Array;
  /** True for a frame that follows a fault: readable, but recovery would not reach it. */
  afterHole: boolean;
}

export interface RecordView {
  seq: number;
  /** Valid during the call only; copy to keep. */
  bytes: Uint8Array;
  file: string;
  /** Offset of the frame. */
  offset: number;
  afterHole: boolean;
}

export interface RecoveryReport {
  /** Snapshot the state came from, if any. */
  snapshot?: SnapshotSummary;
  /** Records replayed after it. */
  replayed: number;
  seqLast: number;
  /** What was set right or noticed: trimmed tails, bad snapshots, left-over files. */
  findings: Finding[];
  /** Bytes moved to quarantine, and where. */
  trimmed?: { file: string; offset: number; bytes: number; quarantine: string };
  ms: number;
}

export interface CheckpointResult {
  snapshot: SnapshotSummary;
  /** Nothing had happened since the newest snapshot: no new file. */
  unchanged: boolean;
  removedSegments: string[];
  removedSnapshots: string[];
  /** Why the rest of the log stays. */
  reasons: string[];
  ms: number;
}
