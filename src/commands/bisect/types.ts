import type { Finding } from '../../base/finding.ts';
import type { JobState } from '../../queue/state/job.ts';
import type { Verdict } from '../../storage/types.ts';
import type { EventRow } from '../event-row.ts';
import type { SelectorRange } from '../selector.ts';
import type { TargetName } from '../target.ts';
import type { Seen } from '../where/compile.ts';

/** Which event of these turned a state bad. */
export interface BisectRequest {
  path: string;
  /** Events among which it is sought, both ends included. */
  range?: SelectorRange;
}

/** What was asked: an expression, about a job or about all of them, or a command. */
export interface Asked {
  where?: string;
  job?: string;
  run?: string;
}

/** 'bad': what is sought holds; 'skip': this state cannot tell. */
export type Answer = 'good' | 'bad' | 'skip';

/** One look at the state after an event; 0 is before the first one. */
export interface Probe {
  seq: number;
  answer: Answer;
  /** Exit code of a command that was asked. */
  exit?: number;
  /** Events applied to come to this state, and the last seq of the snapshot that they were applied to. */
  replayed: number;
  snapshot?: number | string;
}

/** A job that an event changed; without a state where it was not there. */
export interface Touched {
  id: string;
  before?: JobState;
  after?: JobState;
}

/** An event that turned a state, and what it did. */
export interface Turn {
  /** Of a foreign log its own number, as text. */
  seq: number | string;
  event?: EventRow;
  /** The first `touchedMax` of them; `touchedCount` counts all. */
  touched: Touched[];
  touchedCount: number;
  /** What the expression saw before it and after. */
  before: Seen[];
  after: Seen[];
}

/** Seqs, both ends included. */
export interface EventRange {
  from: number;
  to: number;
}

export interface BisectResult {
  target: TargetName;
  /**
   * 'found'; 'never': good at the end of the range; 'before': bad already before it; 'unsure': what lies between the
   * candidates was skipped or cannot be read.
   */
  outcome: 'found' | 'never' | 'before' | 'unsure';
  /** Each event was looked at, so that it is the very first. Else one change is assumed. */
  first: boolean;
  /** Events among which it was sought, by their number; by their place in a foreign log. */
  from: number;
  to: number;
  turn?: Turn;
  /** Of 'unsure': events among which it is. */
  candidates?: EventRange;
  /** What the expression sees where the answer was given: of 'never' at the end, of 'before' before the range. */
  seen: Seen[];
  probes: Probe[];
  /** Events that were applied in all. */
  replayed: number;
  verdict: Verdict;
  findings: Finding[];
}

export const touchedMax = 1000;
