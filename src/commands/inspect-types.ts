import type { Finding } from '../base/finding.ts';
import type { ForeignLogSummary } from '../formats/types.ts';
import type { LogReport, Verdict } from '../storage/types.ts';
import type { EventRow } from './event-row.ts';
import type { FilterRequest } from './row-filter.ts';
import type { SelectorRange } from './selector.ts';
import type { TargetName } from './target.ts';

/** What `wal inspect` asks and answers, whichever way the log is read: forward, in reverse, following, foreign. */

export interface InspectRequest extends FilterRequest {
  path: string;
  range?: SelectorRange;
  /** Stop after so many events. */
  limit?: number;
  reverse?: boolean;
  follow?: boolean;
  /** Follow so long at most. */
  timeoutMs?: number | undefined;
}

/** Takes one event; a promise makes the reading wait for it. */
export type ShowRow = (row: EventRow) => Promise<void> | undefined;

export interface InspectResult {
  target: TargetName;
  shown: number;
  /** The range or the limit ended the reading before the end of the log: sound so far, nothing is said about the rest. */
  partial: boolean;
  verdict?: Verdict;
  findings: Finding[];
  log?: LogReport;
  foreign?: ForeignLogSummary;
}

/** Inclusive seqs. */
export interface SeqBounds {
  from?: number;
  to?: number;
}

/** As they were asked for; `unchecked`: nobody has held them against the beginning of the log. */
export interface AskedBounds extends SeqBounds {
  unchecked?: true;
}
