import type { Finding } from '../base/finding.ts';
import type { Verdict } from '../storage/types.ts';

/** What `wal import` asks and answers, whatever is imported. */

export interface ImportRequest {
  /** Log files, oldest first. */
  from: readonly string[];
  /** Foreign snapshot that becomes the base. */
  snapshot?: string;
  /** New store; must be missing or empty. */
  store: string;
}

export interface ImportedFile {
  file: string;
  format: string;
  /** Events that are now in the store. */
  events: number;
  /** Sound, but covered by the snapshot and left out. */
  covered: number;
  /** Sound, but of a type that our log has no name for; left out. */
  unknown: number;
  /** Records that could not be read. */
  damaged: number;
}

export interface ImportResult {
  store: string;
  storeId: string;
  files: ImportedFile[];
  base?: { file: string; jobs: number; lastSeq?: string };
  /**
   * Seqs 1..baseSeq stand for the jobs of a foreign snapshot, and events are numbered after them. Of an export, where
   * the state stands that came with it; 0 without one.
   */
  baseSeq: number;
  seqLast: number;
  /** What an export names and the new store has. */
  export?: { seqFirst: number; lost: number; stateHash?: string };
  /** Events in the store that did not fit the state and changed nothing (doubled, out of order). */
  skipped: number;
  /** Jobs that are in the new store without a payload: their log never had one. */
  withoutPayload: string[];
  /** Jobs under a new id, because their own cannot be held: empty, longer than 256 bytes, or with a NUL. */
  renamed: { id: string; was: string }[];
  verdict: Verdict;
  findings: Finding[];
}
